"""What every benchmark prints first: machine, date and command."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from daebon.machine import machine


def header(command: str) -> str:
    """Return one line with the date, the processor with the cores that this process may use, and the command."""
    return f"{datetime.now(UTC).strftime('%Y-%m-%d %H:%M UTC')} · {machine()} · {command}"


def python() -> list[str]:
    """Return the start of a command line that runs daebon with this interpreter."""
    return [sys.executable, "-m", "daebon"]

"""What every benchmark prints first: machine, date and command."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path


def header(command: str) -> str:
    """Return one line with the date, the processor, the cores and the command."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [row.split(":", 1)[1].strip() for row in info.read_text().splitlines() if row.startswith("model name")]
        cpu = names[0] if names else cpu
    date = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{date} · {cpu}, {os.cpu_count()} cores · Python {platform.python_version()} · {command}"


def python() -> list[str]:
    """Return the start of a command line that runs daebon with this interpreter."""
    return [sys.executable, "-m", "daebon"]

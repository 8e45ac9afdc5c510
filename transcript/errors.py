"""The one error of daebon and its few kinds; every message names the bad value, where it stands and the remedy."""

from __future__ import annotations

import unicodedata
from pathlib import Path

_LONGEST = 2_000  # characters of a message


class DaebonError(Exception):
    """The work failed for a reason that the person can act on; the message is one line, shown without a traceback."""

    def __init__(self, message: str = "") -> None:
        """Say what failed; what a foreign file puts into a message can neither break the line nor command a terminal."""
        super().__init__(one_line(message))


class UsageError(DaebonError):
    """The command or the scenario asks for something that cannot be done; exit code 2."""


class FileError(DaebonError):
    """A file that a person wrote is wrong; the message starts with `file:line: key:`."""

    def __init__(self, path: Path | str, problem: str, *, line: int | None = None, key: str = "") -> None:
        """Describe `problem` (one sentence with its remedy) at `line` (from 1) and `key` (`scenes[1].beats[0]`)."""
        self.path, self.problem, self.line, self.key = one_line(str(path)), problem, line, key
        place = self.path if line is None else f"{self.path}:{line}"
        super().__init__(": ".join(part for part in (place, key, problem) if part))


class StoreError(DaebonError):
    """The run store cannot be read or written; what was committed before stays."""


class StoreLost(StoreError):
    """The connection to the run store is gone; it is opened again once every run that was held on it is let go of."""


class ModelError(DaebonError):
    """A model cannot be loaded or does not answer."""


class Interrupted(DaebonError):
    """The person or the system asked to stop; everything committed so far is safe."""


def one_line(text: str) -> str:
    """Return `text` without line breaks, control characters and lone surrogates, and cut where it is very long."""
    shown = "".join(" " if char in "\t\n\r" else char if _is_shown(char) else f"\\x{ord(char):02x}" for char in text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST // 2]} … {shown[-_LONGEST // 2 :]}"


def _is_shown(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) in ("Zs", "Co", "Cn")

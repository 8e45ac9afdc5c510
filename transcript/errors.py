"""The one error of daebon and its few kinds; every message names the bad value, where it stands and the remedy."""

from __future__ import annotations

from pathlib import Path


class DaebonError(Exception):
    """The work failed for a reason that the person can act on; the message is one line, shown without a traceback."""


class UsageError(DaebonError):
    """The command or the scenario asks for something that cannot be done; exit code 2."""


class FileError(DaebonError):
    """A file that a person wrote is wrong; the message starts with `file:line: key:`."""

    def __init__(self, path: Path | str, problem: str, *, line: int | None = None, key: str = "") -> None:
        """Describe `problem` (one sentence with its remedy) at `line` (from 1) and `key` (`scenes[1].beats[0]`)."""
        self.path, self.problem, self.line, self.key = str(path), problem, line, key
        place = self.path if line is None else f"{self.path}:{line}"
        super().__init__(": ".join(part for part in (place, key, problem) if part))


class StoreError(DaebonError):
    """The run store cannot be read or written; what was committed before stays."""


class ModelError(DaebonError):
    """A model cannot be loaded or does not answer."""


class Interrupted(DaebonError):
    """The person or the system asked to stop; everything committed so far is safe."""

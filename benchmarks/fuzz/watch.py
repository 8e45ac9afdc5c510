"""Run a reader on one input under watch: what it may raise, how long it may take, how much memory."""

from __future__ import annotations

import hashlib
import resource
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fuzz.targets import Target, allowed

SECONDS = 5.0  # of processor time for one input
MEMORY = 1 << 30  # bytes above what the process has when it begins


class Slow(BaseException):
    """More processor time than one input may take; no library catches it."""


@dataclass(frozen=True)
class Outcome:
    """How a reader took an input: `read` or refused, or what went `wrong` and where ("": nothing)."""

    read: bool
    wrong: str = ""


def tried(target: Target, path: Path, data: bytes, seconds: float = SECONDS) -> Outcome:
    """Read `data` as a file at `path`."""
    path.write_bytes(data)
    try:
        with _within(seconds):
            target.read(path)
    except Slow as error:
        return Outcome(False, f"slow: more than {seconds:g} s in {_place(error)}")
    except Exception as error:
        if allowed(error):
            return Outcome(False)
        return Outcome(False, f"{type(error).__name__} in {_place(error)}: {' '.join(str(error).split())[:120]}")
    return Outcome(True)


def keep(out: Path, name: str, data: bytes, suffix: str) -> Path:
    """Write an input that went wrong; return its path."""
    path = out / name / f"{hashlib.sha256(data).hexdigest()[:12]}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def bounded() -> None:
    """Give this process a limit of memory, some above what it has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    def stop(_number: int, _frame: object) -> None:
        raise Slow

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _place(error: BaseException) -> str:
    """Return the innermost line of this project, and of a library where it happened there."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/benchmarks/fuzz/" not in frame.filename]
    ours = [frame for frame in frames if "site-packages" not in frame.filename and "/lib/python" not in frame.filename]
    shown = dict.fromkeys(f"{Path(frame.filename).name}:{frame.lineno}" for frame in (*ours[-1:], *frames[-1:]))
    return " < ".join(reversed(list(shown))) or "?"

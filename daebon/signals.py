"""Ctrl-C and SIGTERM: stop after the current token, with everything committed so far safe."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from transcript.errors import Interrupted


class StopFlag:
    """Set by a signal; `check` raises Interrupted at the next safe place."""

    def __init__(self) -> None:
        """Start unset."""
        self.signal = 0

    def check(self) -> None:
        """Raise Interrupted when a signal came."""
        if self.signal:
            raise Interrupted("stopped")

    @property
    def exit_code(self) -> int:
        """Return 128 plus the signal's number: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + (self.signal or signal.SIGINT)


@contextmanager
def stoppable() -> Iterator[StopFlag]:
    """Turn SIGINT, SIGTERM and SIGHUP into a flag; a second Ctrl-C ends the process the hard way."""
    flag = StopFlag()

    def stop(number: int, _frame: FrameType | None) -> None:
        if flag.signal:
            raise KeyboardInterrupt
        flag.signal = number

    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP"):
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Ctrl-C, SIGTERM, a closed terminal: stop after the current token, with everything committed so far safe."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from transcript.errors import Interrupted


class StopFlag:
    """Set by a signal; `check` raises Interrupted at the next safe place.

    `wake` is called when a signal came, so that who waits for a person's input waits no longer.
    """

    def __init__(self) -> None:
        """Start unset."""
        self.signal = 0
        self._terminals = [number for number in (1, 2) if os.isatty(number)]
        self.wake: Callable[[], None] | None = None

    def check(self) -> None:
        """Raise Interrupted when a signal came."""
        if self.signal:
            raise Interrupted("stopped")

    def clear(self) -> None:
        """Forget a signal that was answered."""
        self.signal = 0

    def hang_up(self) -> None:
        """Take note that the terminal is gone: what is told from now on goes to /dev/null, and the files are still written."""
        self.signal = signal.SIGHUP
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for number in self._terminals:
            os.dup2(nowhere, number)
        os.close(nowhere)

    @property
    def exit_code(self) -> int:
        """Return 128 plus the signal's number: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + (self.signal or signal.SIGINT)


@contextmanager
def stoppable() -> Iterator[StopFlag]:
    """Turn SIGINT, SIGTERM and SIGHUP into a flag; a second Ctrl-C ends the process the hard way."""
    flag = StopFlag()

    def stop(number: int, _frame: FrameType | None) -> None:
        if flag.signal and number == signal.SIGINT:
            raise KeyboardInterrupt
        flag.signal = number  # SIGHUP comes twice, from the kernel and from the shell
        if number == getattr(signal, "SIGHUP", None):
            flag.hang_up()
        if flag.wake:
            flag.wake()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP"):
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""How long a person waits in the studio after Enter: `python -m benchmarks.studio_latency`.

The studio runs in this process on 바다 and the embedded model; Enter comes through a pipe, the screen goes to a terminal of
100 columns that nobody looks at. Warm: the first lines, which fill the cache, don't count. Medians over spoken lines, on the
clock and in seconds of the processor: where other processes share the core, the clock tells of them too.
Enter comes at once, before anything was read ahead, or when the model has read ahead what Enter will ask (graph/foresight.py).
"""

from __future__ import annotations

import io
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from benchmarks.machine import header
from daebon.runner import Order, new_run, open_store, staged
from daebon.signals import StopFlag
from daebon.studio.screen import Screen
from daebon.studio.session import Studio
from scenarios.values import Scenario
from transcript.turn import Turn

LINES, COLD = 24, 4


@dataclass(frozen=True)
class Wait:
    """Seconds from Enter to the first piece of a line and to the line, on the clock and of the processor."""

    first: float
    line: float
    first_busy: float
    line_busy: float


class Watched(Screen):
    """A screen that notes when the first piece of a line and when the line stood on it."""

    def __init__(self, scenario: Scenario, *, streams: bool) -> None:
        """Draw to nowhere, as fast as to a terminal."""
        super().__init__(scenario, streams=streams)
        self.out = self.err = Console(file=io.StringIO(), width=100, force_terminal=True)
        self.waits: list[Wait] = []
        self._entered = self._first = (0.0, 0.0)

    def entered(self) -> None:
        """Note that Enter was pressed."""
        self._entered = _clocks()

    def on_token(self, piece: str) -> None:
        """Note the first piece, once it is drawn."""
        super().on_token(piece)
        if self._first == (0.0, 0.0):
            self._first = _clocks()

    def turn(self, turn: Turn, path: Sequence[int]) -> None:
        """Note a line of the model; actions and what the scenario wrote don't count."""
        super().turn(turn, path)
        (first, first_busy), (line, line_busy), (since, busy) = self._first, _clocks(), self._entered
        if first and turn.kind == "dialogue" and turn.by == "model":
            self.waits.append(Wait(first - since, line - since, first_busy - busy, line_busy - busy))
        self._first = (0.0, 0.0)


def waits(candidates: int, *, ahead: bool) -> tuple[list[Wait], list[tuple[float, float]]]:
    """Play 바다 line by line with so many candidates; return the waits of the warm spoken lines.

    With `ahead` Enter comes when the model has read ahead; how long it took for that, on both clocks, comes second.
    """
    took: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as name, create_pipe_input() as pipe:
        os.environ["XDG_STATE_HOME"] = name
        store = open_store(Path(name), create=True)
        run = new_run(store, Path(name), Order("바다", Path(name), "embedded", 7, None, candidates))
        with staged(store, run, LINES) as take:
            take.start(7, [], person=True)
            screen = Watched(take.company.scenario, streams=candidates == 1)
            take.company.on_work, take.company.on_token = screen.on_work, screen.on_token
            studio = Studio(take, screen, StopFlag(), input=pipe, output=DummyOutput())
            read = studio.desk.read

            def typed(prompt: str) -> str:
                if ahead:
                    (since, busy), _, (now, done) = _clocks(), take.wait(), _clocks()
                    took.append((now - since, done - busy))
                pipe.send_text("\r" if not take.over else "/quit\r")
                text = read(prompt)
                screen.entered()
                return text

            studio.desk.read = typed  # type: ignore[method-assign]
            studio.sit()
        store.close()
    return screen.waits[COLD:], took[COLD:]


def main() -> None:
    """Measure and print."""
    print(header("python -m benchmarks.studio_latency"))
    print(f"load average {os.getloadavg()[0]:.1f}, {len(os.sched_getaffinity(0))} cores for this process")
    for candidates, ahead in ((1, False), (1, True), (4, False), (4, True)):
        found, took = waits(candidates, ahead=ahead)
        said = f"{candidates} candidate{'s' * (candidates > 1)}, Enter {'when read ahead' if ahead else 'at once'}"
        _row(f"{said}: to first token", [(w.first, w.first_busy) for w in found], "<= 0.7" if candidates == 1 else "")
        if ahead:
            _row(f"{said}: reading ahead took", took, "")
        _row(f"{said}: to line", [(w.line, w.line_busy) for w in found], "<= 2.5" if candidates == 4 else "")


def _row(label: str, found: Sequence[tuple[float, float]], bound: str) -> None:
    clock, busy = ([pair[i] for pair in found] for i in (0, 1))
    spread = f"{min(clock):.2f}–{max(clock):.2f}, {len(clock)} lines"
    of_processor = f"processor {statistics.median(busy):.2f}"
    print(
        f"{label:56} median {statistics.median(clock):.2f} s  ({spread})  {of_processor}  {bound}".rstrip(), flush=True
    )


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


if __name__ == "__main__":
    main()

"""How long a person waits in the studio after Enter: `python -m benchmarks.studio_latency`.

The studio runs in this process on 바다 and the embedded model; Enter comes through a pipe, the screen goes to a terminal of
100 columns that nobody looks at. Warm: the first lines, which fill the cache, don't count. Medians over spoken lines.
"""

from __future__ import annotations

import io
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
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


class Watched(Screen):
    """A screen that notes when the first piece of a line and when the line stood on it."""

    def __init__(self, scenario: Scenario, *, streams: bool) -> None:
        """Draw to nowhere, as fast as to a terminal."""
        super().__init__(scenario, streams=streams)
        self.out = self.err = Console(file=io.StringIO(), width=100, force_terminal=True)
        self.entered = self.first = 0.0
        self.waits: list[tuple[float, float]] = []  # seconds from Enter to the first piece, and to the line

    def on_token(self, piece: str) -> None:
        """Note the first piece, once it is drawn."""
        super().on_token(piece)
        self.first = self.first or time.perf_counter()

    def turn(self, turn: Turn, path: Sequence[int]) -> None:
        """Note a line of the model; actions and what the scenario wrote don't count."""
        super().turn(turn, path)
        if self.first and turn.kind == "dialogue" and turn.by == "model":
            self.waits.append((self.first - self.entered, time.perf_counter() - self.entered))
        self.first = 0.0


def waits(candidates: int) -> list[tuple[float, float]]:
    """Play 바다 line by line with so many candidates; return the waits of the warm spoken lines."""
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

            def reading(prompt: str) -> str:
                pipe.send_text("\r" if not take.over else "/quit\r")
                text = read(prompt)
                screen.entered = time.perf_counter()
                return text

            studio.desk.read = reading  # type: ignore[method-assign]
            studio.sit()
        store.close()
    return screen.waits[COLD:]


def main() -> None:
    """Measure and print."""
    print(header("python -m benchmarks.studio_latency"))
    print(f"load average {os.getloadavg()[0]:.1f}, {len(os.sched_getaffinity(0))} cores for this process")
    streamed, chosen = waits(1), waits(4)
    rows = [
        ("one candidate: Enter to first token (s)", [first for first, _ in streamed], "<= 0.7"),
        ("one candidate: Enter to line (s)", [line for _, line in streamed], ""),
        ("four candidates: Enter to chosen line (s)", [line for _, line in chosen], "<= 2.5"),
    ]
    for label, seconds, bound in rows:
        spread = f"{min(seconds):.2f}–{max(seconds):.2f}, {len(seconds)} lines"
        print(f"{label:44} median {statistics.median(seconds):.2f}  ({spread})  {bound}")


if __name__ == "__main__":
    main()

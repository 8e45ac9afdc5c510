"""Moves of the studio at turn 200, in milliseconds: `python -m benchmarks.studio [--turns 200] [--rounds 9]`.

The take is played on the scripted model with the emotion model of play; every move is made through `graph.take.Take`, on the
store and the checkpoints of a real folder, and taken back before the next round.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.durability import write_long
from benchmarks.machine import header
from emotion.measure import ClassifierEmotion
from graph.checkpoints import checkpointer
from graph.context import Company
from graph.take import Take
from model.scripted import ScriptedModel
from scenarios import load_scenario
from transcript.store import RunStore


def timed(move: Callable[[], object], back: Callable[[], object], rounds: int) -> str:
    """Return the median and the worst time of a move, and the median of its processor's; `back` takes it back unmeasured."""
    times, work = [], []
    for _ in range(rounds):
        started, busy = time.perf_counter(), time.process_time()
        move()
        times.append(1000 * (time.perf_counter() - started))
        work.append(1000 * (time.process_time() - busy))
        back()
    middle, worst = statistics.median(times), max(times)
    return f"median {middle:6.1f} ms   worst {worst:6.1f} ms   processor {statistics.median(work):6.1f} ms"


def main(turns: Annotated[int, typer.Option()] = 200, rounds: Annotated[int, typer.Option()] = 9) -> None:
    """Play, measure every move, and print."""
    print(header("python -m benchmarks.studio"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scenario, script = write_long(folder, turns + 50)
        loaded, store = load_scenario(scenario), RunStore(folder / "daebon.sqlite")
        store.create("take", loaded.title, folder, loaded.to_dict(), {"seed": 1, "model": "scripted"})
        with checkpointer(store.place) as saver:
            company = Company(loaded, ScriptedModel.load(script), store, ClassifierEmotion(), 4)
            take = Take(company, saver, "take", turns)
            take.start(1, [], person=False)
            sizes = len(list(take.play()))
            take = Take(company, saver, "take", turns + 50)
            take.resume(1, [], person=True)
            _moves(take, sizes, rounds)
            _print("next turn, scripted", lambda: list(take.play(pause=True)), lambda: None, rounds)
        with store.session() as db:
            (bytes_,) = db.execute("SELECT sum(length(checkpoint) + length(metadata)) FROM checkpoints").fetchone()
        print(json.dumps({"turns": sizes, "checkpoint_mb": round(bytes_ / 1e6, 1)}))
        store.close()


def _moves(take: Take, turns: int, rounds: int) -> None:
    numbers = iter(range(10_000))

    def home() -> None:
        take.goto("main")

    def again() -> None:
        list(take.play(pause=True))
        take.undo()

    _print("undo()", take.undo, take.redo, rounds)
    _print("undo(50)", lambda: take.undo(50), take.redo, rounds)
    _print("redo()", take.redo, take.undo, rounds) if take.undo() else None
    take.redo()
    _print("branch(name)", lambda: take.branch(f"가지 {next(numbers)}"), home, rounds)
    _print("goto(branch)", lambda: take.goto("가지 0"), home, rounds)
    _print("goto(5)", lambda: take.goto(5), take.redo, rounds)
    _print("retry(), before the model", take.retry, again, rounds)
    _print("pick(1)", lambda: take.pick(1), take.undo, rounds)
    _print("edit(last)", lambda: take.edit(turns, "그 얘기는 하지 마."), take.undo, rounds)
    _print("edit(3), 197 lines kept", lambda: take.edit(3, "그 얘기는 하지 마."), take.undo, rounds)
    _print("branches()", take.branches, lambda: None, rounds)
    _print("event(text)", lambda: take.event("전화벨이 울린다."), home, rounds)
    _print("who(name)", lambda: take.who("소라"), lambda: None, rounds)
    _print("preferences()", take.preferences, lambda: None, rounds)


def _print(label: str, move: Callable[[], object], back: Callable[[], object], rounds: int) -> None:
    print(f"{label:28} {timed(move, back, rounds)}", flush=True)


if __name__ == "__main__":
    typer.run(main)

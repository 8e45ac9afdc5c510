"""kill -9 a thousand times, at any moment of a process's life: `python -m benchmarks.kills [--kills 1000] [--out FOLDER]`.

Each life is a process forked from this one, which has the libraries loaded: it opens the store, goes on with the take, plays, and in
every second take rewrites it as well (retry, undo, edit, branch, goto, redo). It says each turn once it is committed. Killed at a random
moment, from its first instruction on, it may have lost nothing that it said and nothing that stood before, and doubled nothing.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.durability import write_long
from benchmarks.machine import header

_MOST_SAID = 5  # turns that a process says before it is killed, some moment after
_TURNS = 400  # of a take, then another one begins
_MOVES = ("retry", "undo", "edit", "branch", "goto", "redo")

Row = tuple[str, str, int | None, int, str]  # run, branch, parent, n, turn


def live(folder: Path, run: str, seed: int, *, moves: bool, said: int) -> None:
    """Go on with `run` for as long as the process lives, and write the id of every committed turn to the pipe `said`."""
    from daebon.runner import on_stage
    from emotion.measure import LexiconEmotion
    from model.scripted import ScriptedModel
    from scenarios import load_scenario
    from transcript.errors import UsageError
    from transcript.store import RunStore

    store = RunStore(folder / "daebon.sqlite")
    if not any(known.id == run for known in store.runs()):
        scenario = load_scenario(folder / "long.yaml")
        take = {"seed": 7, "model": f"scripted:{folder / 'script.json'}", "candidates": 2, "steer": True}
        store.create(run, scenario.title, folder / run, scenario.to_dict(), take)
    rng = random.Random(seed)
    with on_stage(store, store.run(run), 2_000, ScriptedModel.load(folder / "script.json"), LexiconEmotion()) as take_:
        take_.resume(7, [], person=False)
        while True:
            for _ in range(rng.randint(1, 4)):
                list(take_.play(pause=True))
                os.write(said, f"{take_.state()['head']}\n".encode())
            if moves:
                try:
                    _move(take_, rng)
                except UsageError:  # nothing to undo, or a line that cannot be said anew
                    continue


def _move(take: Any, rng: random.Random) -> None:
    n = take.state()["n"]
    match rng.choice(_MOVES):
        case "undo":
            take.undo(rng.randint(1, 3))
        case "edit":
            take.edit(rng.randint(1, n), f"고친 말 {n} {rng.random()}.", keep=rng.random() < 0.5)
        case "branch":
            take.branch(f"가지 {n} {rng.random()}")
        case "goto":
            take.goto(rng.randint(1, n))
        case move:
            getattr(take, move)()


def rows(path: Path) -> dict[int, Row]:
    """Return all turns of a store by id, read straight from SQLite."""
    if not path.is_file():
        return {}
    with sqlite3.connect(path, timeout=60) as db:
        try:
            found = db.execute("SELECT id, run, branch, parent, n, turn FROM turns").fetchall()
        except sqlite3.OperationalError:  # killed before the tables were made
            return {}
    return {number: tuple(rest) for number, *rest in found}


def problem(before: Mapping[int, Row], after: Mapping[int, Row], said: list[int]) -> str:
    """Return what was lost or changed, "" for nothing; that no place is taken twice the store's own key sees to."""
    if lost := [number for number, row in before.items() if after.get(number) != row]:
        return f"turn {lost[0]} was lost or changed"
    if lost := [number for number in said if number not in after]:
        return f"turn {lost[0]} was shown and is not there"
    for number, (run, _, parent, n, _) in after.items():
        if (parent is None and n != 1) or (parent is not None and (after[parent][0], after[parent][3]) != (run, n - 1)):
            return f"turn {number} (n {n}) does not follow its parent"
    return ""


def doubled_lines(after: Mapping[int, Row], run: str) -> int:
    """Return how many lines of the main line of a run repeat the one before: the scripted model never does."""
    lines = [json.loads(row[4])["text"] for _, row in sorted(after.items()) if row[0] == run and row[1] == "main"]
    return sum(a == b for a, b in itertools.pairwise(lines))


@dataclass
class Clock:
    """How long it takes here, now, until a process says its first turn, and from one turn to the next; seconds."""

    first: float = 1.0
    step: float = 0.1

    def learn(self, first: float, steps: list[float]) -> None:
        """Follow what was seen, slowly."""
        self.first += 0.1 * (first - self.first)
        for step in steps:
            self.step += 0.1 * (step - self.step)


def one_life(folder: Path, run: str, rng: random.Random, clock: Clock, *, moves: bool) -> list[int]:
    """Fork a process, kill -9 it at any moment between two turns that it says, and return those it said."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            live(folder, run, rng.randrange(1 << 30), moves=moves, said=writing)
        except BaseException as error:
            (folder / "stderr.txt").write_text(f"{run}: {type(error).__name__}: {error}", encoding="utf-8")
        finally:
            os._exit(1)
    os.close(writing)
    wanted, times = rng.randint(0, _MOST_SAID), [time.monotonic()]
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        said = b""
        while said.count(b"\n") < wanted and (piece := pipe.read(64)):
            said += piece
            times.append(time.monotonic())
        time.sleep(rng.uniform(0, clock.step if wanted else clock.first))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        while piece := pipe.read(4096):
            said += piece
    if not os.WIFSIGNALED(status):
        raise SystemExit(f"a life ended by itself: {(folder / 'stderr.txt').read_text(encoding='utf-8')}")
    if wanted:
        clock.learn(times[1] - times[0], [b - a for a, b in itertools.pairwise(times[1:])])
    return [int(number) for number in said.split(b"\n")[:-1]]


def main(
    kills: Annotated[int, typer.Option()] = 1_000,
    seed: Annotated[int, typer.Option()] = 11,
    out: Annotated[Path | None, typer.Option(help="Where the store is made; default: a folder that goes away.")] = None,
) -> None:
    """Kill, check, go on; print the figures. The exit code is 1 when anything was lost or doubled."""
    import daebon.runner
    import emotion.measure
    import graph.take

    assert daebon.runner and emotion.measure and graph.take  # loaded once, here, and not in every life
    print(header(f"python -m benchmarks.kills --kills {kills} --seed {seed}"), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = out or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        write_long(folder, 2_000)
        emotion.measure.LexiconEmotion().read("왔네.")
        rng, clock, before, take = random.Random(seed), Clock(), rows(folder / "daebon.sqlite"), 1
        found = Counter[str]()
        for kill in range(1, kills + 1):
            run, moves = f"take-{take}", take % 2 == 0
            said = one_life(folder, run, rng, clock, moves=moves)
            after = rows(folder / "daebon.sqlite")
            if wrong := problem(before, after, said):
                raise SystemExit(f"kill {kill}: {wrong}")
            found["said"] += len(said)
            found["committed, not said yet"] += len(after) - len(before) - len(said)
            found["lives without a turn"] += len(after) == len(before)
            before = after
            if sum(row[0] == run for row in after.values()) >= _TURNS:
                if not moves and (again := doubled_lines(after, run)):
                    raise SystemExit(f"{run}: {again} lines stand there twice")
                take += 1
            if kill % 100 == 0:
                print(f"  {kill:5} kills, {len(after):6,} turns, {take} takes: nothing lost or doubled", flush=True)
        print(
            f"{kills:,} kills: {len(before):,} turns committed, 0 lost; {dict(found)}\n"
            f"0 doubled, line by line, in the {(take + 1) // 2} takes without moves of the writer (a retry may repeat a line)"
        )


if __name__ == "__main__":
    typer.run(main)

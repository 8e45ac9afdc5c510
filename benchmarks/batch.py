"""What a batch gains: `python -m benchmarks.batch [--turns N] [--takes 8] [--only single,ways,scripted,cluster]`.

`single`: takes of one scenario on the embedded model by one `daebon batch` against as many `daebon play --auto`, whole
processes, warm cache, and how many scripts are the same. `ways`: the same takes in one context one after another, side by
side in slots of one context, in several contexts, in processes. `scripted`: 200 takes, and memory against 50. `cluster`: a
scheduler and three workers, one killed while it plays and one started late; nothing may be lost or doubled.
Seconds of the processor are printed beside those of the wall: they hold on a busy machine too, where wall times say little.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.machine import header, python
from daebon.batch.ledger import Ledger
from daebon.batch.plan import Batch, Job, Matrix, jobs_of
from daebon.batch.work import Lane
from daebon.runner import open_store
from model import ModelConfig, StageModel, load_chat_model

SCENARIO = "바다"
HOUSE = Path(__file__).parent.parent / "tests" / "files" / "둘.yaml"


def main(
    turns: Annotated[int, typer.Option(help="Turns of each take on the embedded model; 0: whole takes.")] = 0,
    takes: Annotated[int, typer.Option()] = 8,
    only: Annotated[str, typer.Option()] = "single,ways,scripted,cluster",
) -> None:
    """Measure and print."""
    print(header(f"python -m benchmarks.batch --turns {turns} --takes {takes} --only {only}"))
    print(f"cores given to this process: {len(os.sched_getaffinity(0))}, load {os.getloadavg()[0]:.1f}\n", flush=True)
    parts = {"single": lambda: single(takes, turns), "ways": lambda: ways(takes, turns)}
    parts |= {"scripted": scripted, "cluster": cluster}
    for name in only.split(","):
        parts[name]()


def run(*args: object) -> tuple[float, float, float]:
    """Run daebon to its end and return seconds of the wall, of the processor with its children, and peak memory in MB."""
    started = time.perf_counter()
    process = subprocess.Popen([*python(), *map(str, args)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    problems = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{args}: {problems.decode()}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def single(takes: int, turns: int) -> None:
    """Print the throughput of a batch against single runs; half of the singles before it, half after."""
    limit = ("--turns", turns) if turns else ()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run("play", SCENARIO, "--auto", "--quiet", "--turns", 1, "--out", folder / "warm")
        alone = []
        for seed in range(1, takes + 1):
            if seed == takes // 2 + 1:
                batch = run("batch", SCENARIO, "--takes", takes, "--seed", 1, *limit, "--quiet", "--out", folder / "b")
            alone.append(run("play", SCENARIO, "--auto", "--quiet", "--seed", seed, *limit, "--out", folder / "p"))
        names = [f"{SCENARIO}-{seed}/{SCENARIO}.txt" for seed in range(1, takes + 1)]
        same = sum((folder / "b" / text).read_bytes() == (folder / "p" / text).read_bytes() for text in names)
    wall, cpu = (sum(one[i] for one in alone) for i in (0, 1))
    print(f"{takes} takes one by one, `daebon play --auto`: {wall:.1f} s, processor {cpu:.1f} s")
    print(f"{takes} takes, `daebon batch`: {batch[0]:.1f} s, processor {batch[1]:.1f} s, peak {batch[2]:.0f} MB")
    print(f"throughput, wall: x {wall / batch[0]:.2f} (>= 2); by the processor: x {cpu / batch[1]:.2f}")
    print(f"scripts that are those of `play` to the byte: {same} of {takes}\n", flush=True)


class Shared(Lane):
    """A lane on a model that others use at the same time."""

    def __init__(self, model: StageModel) -> None:
        """Use `model`."""
        super().__init__(1)
        self._shared = model

    @contextmanager
    def lend(self, name: str, *, fresh: bool = False) -> Iterator[StageModel]:
        """Yield the shared model."""
        yield self._shared


def ways(takes: int, turns: int) -> None:
    """Print what the same takes cost in each way of playing them side by side; models are loaded before the clock starts."""
    cores = len(os.sched_getaffinity(0))
    config = ModelConfig.parse("embedded")
    rows = [
        (f"one context, one take at a time, {cores} threads", 1, 1, cores),
        (f"one context, 4 takes in its slots, {cores} threads", 1, 4, cores),
        (f"one context, 8 takes in its slots, {cores} threads", 1, 8, cores),
        (f"{max(2, cores)} contexts, one take each, 1 thread each", max(2, cores), 1, 1),
    ]
    for label, contexts, beside, threads in rows:
        size = replace(
            config, threads=threads, slots=config.slots * beside, context=config.context * max(1, beside // 2)
        )
        models = [load_chat_model(size) for _ in range(contexts)]
        wall, cpu, decoded = _timed([Shared(model) for model in models for _ in range(beside)], takes, turns)
        for model in models:
            model.close()
        rate = f"{60 * takes / wall:.1f} takes/min; {1000 * cpu / decoded:.2f} ms of the processor per decoded token"
        print(f"{label}: {wall:.1f} s, processor {cpu:.1f} s, {rate}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        limit = ("--turns", turns) if turns else ()
        workers = max(2, cores)
        plan = ["batch", SCENARIO, "--takes", takes, "--seed", 1, *limit, "--quiet", "--out", name]
        wall, cpu, _ = run(*plan, "--workers", workers)
    print(
        f"{workers} processes (--workers {workers}), with their start: {wall:.1f} s, processor {cpu:.1f} s\n",
        flush=True,
    )


def _timed(lanes: Sequence[Lane], takes: int, turns: int) -> tuple[float, float, int]:
    """Play the takes in the lanes; return seconds of the wall and the processor, and tokens decoded."""
    batch = Batch(scenarios=(SCENARIO,), takes=takes, seed=1, matrix=Matrix(turns=(turns,) if turns else ()))
    decoded = []
    with tempfile.TemporaryDirectory() as name:
        store = open_store(Path(name), create=True)
        ledger = Ledger(store, Path(name))
        waiting = list(jobs_of(batch))

        def work(lane: Lane) -> None:
            while waiting:
                try:
                    job: Job = waiting.pop(0)
                except IndexError:
                    return
                with ledger.claim(job) as run:
                    transcript = lane.play(store, run, lambda: None)
                decoded.append(sum(turn.cost.decoded for turn in transcript.turns))

        started, cpu = time.perf_counter(), time.process_time()
        threads = [threading.Thread(target=work, args=(lane,)) for lane in lanes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - started, time.process_time() - cpu
        store.close()
    if len(decoded) != takes:
        raise SystemExit(f"{takes - len(decoded)} takes failed")
    return *seconds, sum(decoded)


def scripted() -> None:
    """Print the time of 200 takes on the scripted model, and their peak memory against that of 50."""
    with tempfile.TemporaryDirectory() as name:
        model = script(Path(name))
        few, many = (
            run("batch", HOUSE, "--model", model, "--takes", n, "--seed", 1, "--quiet", "--out", Path(name) / str(n))
            for n in (50, 200)
        )
    print(f"200 takes, scripted model: {many[0]:.1f} s (<= 60), processor {many[1]:.1f} s")
    print(f"peak memory, 200 takes / 50: {many[2]:.0f} / {few[2]:.0f} MB = {many[2] / few[2]:.2f}\n", flush=True)


def script(folder: Path) -> str:
    """Write a scripted model that never repeats itself and return its name."""
    path = folder / "script.json"
    path.write_text(json.dumps({"lines": {"*": [""]}, "invent": True}), encoding="utf-8")
    return f"scripted:{path}"


def cluster(takes: int = 24) -> None:
    """Play on a scheduler with two workers; kill one while it plays, start a third; compare with one process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = script(folder)
        plan = ["batch", str(HOUSE), "--model", model, "--takes", str(takes), "--seed", "1", "--quiet", "--out"]
        wall, _, _ = run(*plan, folder / "one")
        at = folder / "scheduler.json"
        scheduler = _start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", at)
        worker = ("worker", "--scheduler-file", at, "--nthreads", "1", "--no-nanny", "--local-directory", folder)
        workers = [_start(*worker) for _ in range(2)]
        try:
            while not at.is_file() or not at.stat().st_size:
                time.sleep(0.1)
            address = json.loads(at.read_text(encoding="utf-8"))["address"]
            started = time.perf_counter()
            there = [*python(), *plan, str(folder / "many"), "--scheduler", address]
            batch = subprocess.Popen(there, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            _wait_for(folder / "many", 3, batch)
            workers[0].kill()
            killed = _takes(folder / "many")
            _wait_for(folder / "many", killed + 3, batch)
            workers.append(_start(*worker))
            late = _takes(folder / "many")
            _, problems = batch.communicate()
            seconds = time.perf_counter() - started
            if batch.returncode:
                raise SystemExit(f"the cluster's batch failed: {problems.decode()}")
        finally:
            for process in (*workers, scheduler):
                process.kill()
        stories = [_stories(folder / out) for out in ("one", "many")]
    if stories[0] != stories[1]:
        raise SystemExit("a take was lost, doubled or changed")
    print(
        f"{takes} takes, a worker killed after {killed} of them, one started after {late}: none lost, doubled or changed"
    )
    print(f"one process {wall:.1f} s, scheduler and workers {seconds:.1f} s: x {wall / seconds:.2f}\n", flush=True)


def _start(*args: object) -> subprocess.Popen[bytes]:
    """Start a part of a dask cluster, which finds daebon because it runs in the repository."""
    words = [sys.executable, "-m", "dask", *map(str, args), "--no-dashboard"]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(words, stdout=nowhere, stderr=nowhere, cwd=Path(__file__).parent.parent)


def _takes(out: Path) -> int:
    """Return how many takes are done, read straight from SQLite."""
    return sum("scores" in json.loads(take) for (take,) in _rows(out, "SELECT take FROM runs"))


def _rows(out: Path, query: str) -> list[tuple[str, ...]]:
    if not (out / "daebon.sqlite").is_file():
        return []
    with sqlite3.connect(out / "daebon.sqlite", timeout=30) as db:
        try:
            return db.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []


def _wait_for(out: Path, takes: int, batch: subprocess.Popen[bytes]) -> None:
    while _takes(out) < takes and batch.poll() is None:
        time.sleep(0.1)


def _stories(out: Path) -> list[tuple[str, str, str]]:
    """Return run, kind and text of every turn in the store, in order."""
    rows = _rows(out, "SELECT run, turn FROM turns ORDER BY run, n")
    return [(run, json.loads(turn)["kind"], json.loads(turn)["text"]) for run, turn in rows]


if __name__ == "__main__":
    typer.run(main)

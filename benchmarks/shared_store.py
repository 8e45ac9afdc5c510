"""A run store on PostgreSQL against one in a file: `python -m benchmarks.shared_store [--takes 20]`.

A server of the system's binaries is started for it, with its usual settings (fsync on). `alone`: the same batch into a file
and into the server, seconds and bytes. `killed`: a batch that is killed with -9 in the middle and gone on with. `two`: two
callers of one store at once, each with its own folder, one of them killed and started again. Turns are read past our own
code and compared with those of the file: none may be lost, doubled or changed.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from benchmarks.batch import HOUSE, run, script
from benchmarks.machine import header, python
from tests.postgres import binaries, server

Story = list[tuple[str, int, str]]


def main(takes: Annotated[int, typer.Option()] = 20) -> None:
    """Measure and print."""
    print(header(f"python -m benchmarks.shared_store --takes {takes}"))
    print(f"cores given to this process: {len(os.sched_getaffinity(0))}, load {os.getloadavg()[0]:.1f}\n", flush=True)
    folder = binaries()
    if folder is None:
        raise SystemExit("no PostgreSQL server is installed here; Debian's is: apt install postgresql")
    with server(folder, settings="-c listen_addresses=''") as url, tempfile.TemporaryDirectory() as name:
        with psycopg.connect(f"{url}/postgres", autocommit=True) as db:
            for database in ("alone", "killed", "two"):
                db.execute(f"CREATE DATABASE {database}")
        out, plan = Path(name), ["batch", HOUSE, "--takes", takes, "--seed", 1, "--quiet"]
        plan += ["--model", script(out)]
        story = alone(plan, f"{url}/alone", out, takes)
        killed(plan, f"{url}/killed", out, takes, story)
        two(plan, f"{url}/two", out, takes, story)


def alone(plan: Sequence[object], url: str, out: Path, takes: int) -> Story:
    """Print seconds and bytes of one batch in both stores; return its turns."""
    in_file = run(*plan, "--out", out / "file")
    with psycopg.connect(url) as db:
        empty = db.execute("SELECT pg_database_size(current_database())").fetchone()
    on_server = run(*plan, "--store", url, "--out", out / "alone")
    with psycopg.connect(url) as db:
        full = db.execute("SELECT pg_database_size(current_database())").fetchone()
    assert empty and full
    file = out / "file" / "daebon.sqlite"
    with sqlite3.connect(file) as lite:
        story: Story = lite.execute("SELECT run, n, turn FROM turns ORDER BY run, n, id").fetchall()
    story = [(one, n, json.loads(turn)["text"]) for one, n, turn in story]
    _same(story, _story(url))
    print(f"{takes} takes of {len(story) / takes:.1f} turns, one caller, seconds of the wall and of its processor:")
    print(f"  in a file {in_file[0]:.1f} and {in_file[1]:.1f}; on the server {on_server[0]:.1f} and {on_server[1]:.1f}")
    sizes = file.stat().st_size / takes / 1000, (full[0] - empty[0]) / takes / 1000
    print(f"  bytes a take: in a file {sizes[0]:.0f} kB, on the server {sizes[1]:.0f} kB\n", flush=True)
    return story


def killed(plan: Sequence[object], url: str, out: Path, takes: int, story: Story) -> None:
    """Kill a batch when half of its takes are done, and go on with it."""
    command = [*plan, "--store", url, "--out", out / "killed"]
    batch = _start(command)
    _wait(batch, lambda: _done(url) >= takes // 2)
    batch.send_signal(signal.SIGKILL)
    batch.wait()
    done, before = _done(url), _story(url)
    run(*command)
    _same(story, _story(url), before)
    print(
        f"killed with {done} of {takes} takes done and {len(before)} turns committed, gone on with: none lost, doubled"
    )
    print("  or changed\n", flush=True)


def two(plan: Sequence[object], url: str, out: Path, takes: int, story: Story) -> None:
    """Let two callers play one plan into one store; kill one in the middle, and start it again."""
    started = time.perf_counter()
    one, other = (_start([*plan, "--store", url, "--out", out / name]) for name in ("one", "other"))
    _wait(one, lambda: _done(url) >= takes // 2)
    one.send_signal(signal.SIGKILL)
    one.wait()
    done = _done(url)
    _finished(other)
    seconds = time.perf_counter() - started
    by_other = sum(folder.startswith(str(out / "other")) for folder in _folders(url))
    again = run(*plan, "--store", url, "--out", out / "one")
    _same(story, _story(url))
    print(
        f"two callers at once, one killed with {done} of {takes} takes done: the other finished all in {seconds:.1f} s"
    )
    print(f"  ({by_other} of them played there to the end); none lost, doubled or changed")
    print(
        f"  the killed one again, {takes} takes to look up or copy: {again[0]:.1f} s; each folder has all takes:",
        end=" ",
    )
    print(*(len(list((out / name).glob("*/report.html"))) for name in ("one", "other")), flush=True)


def _start(command: Sequence[object]) -> subprocess.Popen[bytes]:
    words = [*python(), *map(str, command)]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _finished(batch: subprocess.Popen[bytes]) -> None:
    _, problems = batch.communicate()
    if batch.returncode:
        raise SystemExit(f"a batch failed: {problems.decode()}")


def _wait(batch: subprocess.Popen[bytes], there: Callable[[], bool]) -> None:
    while not there():
        if batch.poll() is not None:
            raise SystemExit("a batch ended before it could be killed; give more --takes")
        time.sleep(0.02)


def _rows(url: str, query: str) -> list[tuple[str, ...]]:
    with psycopg.connect(url) as db:
        made = db.execute("SELECT to_regclass('turns')").fetchone()
        return db.execute(query).fetchall() if made and made[0] else []


def _done(url: str) -> int:
    return sum("scores" in json.loads(take) for (take,) in _rows(url, "SELECT take FROM runs"))


def _folders(url: str) -> list[str]:
    return [folder for (folder,) in _rows(url, "SELECT folder FROM runs")]


def _story(url: str) -> Story:
    rows = _rows(url, 'SELECT run, n, turn FROM turns ORDER BY run COLLATE "C", n, id')
    return [(one, int(n), json.loads(turn)["text"]) for one, n, turn in rows]


def _same(story: Story, now: Story, before: Story | None = None) -> None:
    if now != story or not set(before or []) <= set(now):
        raise SystemExit(f"a turn was lost, doubled or changed: {len(story)} turns expected, {len(now)} are there")


if __name__ == "__main__":
    typer.run(main)

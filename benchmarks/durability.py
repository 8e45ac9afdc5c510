"""kill -9 at random moments, and the size of checkpoints: `python -m benchmarks.durability [--kills 20] [--embedded 3]`."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.machine import header, python

_SEED = 11
_SCENE = """title: 오래
cast:
  - {name: 소라, voice: {level: 해체}}
  - {name: 태오, voice: {level: 해체}}
scenes:
%s
director: {actions: 0.0}
"""


def write_long(folder: Path, turns: int) -> tuple[Path, Path]:
    """Write a scenario of at least `turns` turns and a scripted model that never repeats itself."""
    scenes = "".join(
        f"  - beats: [{{goal: 둘이 번호를 센다, turns: [200, 200]}}] # {i}\n" for i in range(-(-turns // 200))
    )
    scenario, script = folder / "long.yaml", folder / "script.json"
    scenario.write_text(_SCENE % scenes, encoding="utf-8")
    lines = {"lines": {"*": [""]}, "invent": True}
    script.write_text(json.dumps(lines, ensure_ascii=False), encoding="utf-8")
    return scenario, script


def committed(store: Path) -> list[str]:
    """Return the committed turns as JSON texts in order, read straight from SQLite."""
    if not store.is_file():
        return []
    with sqlite3.connect(store) as db:
        try:
            return [text for (text,) in db.execute("SELECT turn FROM turns ORDER BY n, id")]
        except sqlite3.OperationalError:
            return []


def kill_and_resume(kills: int, play: list[str], resume: list[str], store: Path, pause: tuple[float, float]) -> int:
    """Start, kill -9 after a random pause, check, resume, and so on; return how many turns stood at the end.

    Raises SystemExit when a committed turn is lost, changed or doubled.
    """
    rng = random.Random(_SEED)
    before: list[str] = []
    for i in range(kills + 1):
        command = play if not before else resume
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if i < kills:
            time.sleep(rng.uniform(*pause))
            process.send_signal(signal.SIGKILL)
        _, problems = process.communicate()
        if i == kills and process.returncode:
            raise SystemExit(f"the last resume failed: {problems.decode()}")
        after = committed(store)
        numbers = [json.loads(text)["n"] for text in after]
        if after[: len(before)] != before or numbers != list(range(1, len(numbers) + 1)):
            raise SystemExit(f"kill {i}: a committed turn was lost, changed or doubled ({len(before)} -> {len(after)})")
        print(f"  {'kill' if i < kills else 'end'} {i + 1:2}: {len(before):4} -> {len(after):4} turns")
        before = after
    return len(before)


def checkpoint_bytes(folder: Path) -> tuple[float, float]:
    """Return bytes of checkpoints per turn around turn 100 and around turn 1,000 of one take."""
    scenario, script = write_long(folder, 1010)
    out = folder / "bytes"
    command = [*python(), "play", str(scenario), "--auto", "--quiet", "--seed", "1", "--model", f"scripted:{script}"]
    subprocess.run([*command, "--turns", "1010", "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
    with sqlite3.connect(out / "daebon.sqlite") as db:
        sizes = [
            row[0]
            for row in db.execute(
                "SELECT length(checkpoint) + length(metadata) + (SELECT coalesce(sum(length(value)), 0) FROM writes w "
                "WHERE w.thread_id = c.thread_id AND w.checkpoint_id = c.checkpoint_id) FROM checkpoints c "
                "ORDER BY checkpoint_id"
            )
        ]
    per_turn = len(sizes) / 1010
    at = [int(n * per_turn) for n in (90, 110, 990, 1005)]
    return (sum(sizes[at[0] : at[1]]) / 20, sum(sizes[at[2] : at[3]]) / 15)


def main(kills: Annotated[int, typer.Option()] = 20, embedded: Annotated[int, typer.Option()] = 3) -> None:
    """Run all three and print."""
    print(header("python -m benchmarks.durability"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scenario, script = write_long(folder, 2000)
        for label, count, model, pause, limit in (
            ("scripted", kills, f"scripted:{script}", (0.9, 3.0), 2000),
            ("embedded", embedded, "embedded", (4.0, 9.0), 24),
        ):
            if not count:
                continue
            out = folder / label
            source = str(scenario) if label == "scripted" else "바다"
            end = ["--auto", "--quiet", "--out", str(out), "--turns", str(limit)]
            play = [*python(), "play", source, "--seed", "1", "--model", model, *end]
            print(f"kill -9, {label} model, {count} times:")
            total = kill_and_resume(count, play, [*python(), "resume", "latest", *end], out / "daebon.sqlite", pause)
            print(f"  no turn lost or doubled in {total} turns")
        early, late = checkpoint_bytes(folder)
        print(
            f"checkpoint bytes per turn, turn 1,000 / turn 100: {late:.0f} / {early:.0f} = {late / early:.2f}  (<= 1.5)"
        )


if __name__ == "__main__":
    typer.run(main)

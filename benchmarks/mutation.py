"""What the tests notice: a sample of mutants of our rooms by mutmut: `python -m benchmarks.mutation [--mutants 300] [--seed 1]`.

mutmut (extra `mutation`; its settings stand in pyproject.toml) makes every mutant of agents, graph, emotion and transcript in the
folder `mutants` of a clone, and runs for each the tests of these rooms that reach its function. All mutants would take
days, so a sample is drawn, evenly from all of them, and its share comes with an interval.

mutmut knows who reaches a function from one run of the tests, in which what is cached (a lexicon, a table of endings) is made
for the first of them alone; and it cannot run a test whose name holds Hangul. So what it leaves alive, untested or unjudged
runs all tests of its room once more. Killed is what fails a test or runs out of time. The survivors' changes are written to
`OUT/survivors.diff`, to be read.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from math import sqrt
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.machine import header

ROOMS = ("agents", "graph", "emotion", "transcript")
_MUTANTS = Path("mutants")
_FIRST = "agents.calling.*"  # a small module: its run makes all mutants and learns which test reaches what
_SPINNER = tuple("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
_LATE = frozenset({24, -24, 152, 36})  # exit codes of mutmut 3: out of time, perhaps only on a busy machine
_KILLED = _LATE | {1, 3, -9, -11}  # or a test failed, or the process died
_SURVIVED, _OUT_OF_TIME = 0, 36
_PATIENCE = 10  # times that the tests of a room take without a mutant


def verdicts() -> dict[str, int | None]:
    """Return the exit code of each mutant's tests by its name, None for one that was not run."""
    found: dict[str, int | None] = {}
    for room in ROOMS:
        for file in sorted((_MUTANTS / room).rglob("*.meta")):
            found |= json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the interval that holds a share with 95 % (Wilson 1927)."""
    if not of:
        return 0.0, 1.0
    z = 1.96
    share, square = hits / of, z * z / of
    middle, half = share + square / 2, z * sqrt(share * (1 - share) / of + square / of / 4)
    return (middle - half) / (1 + square), (middle + half) / (1 + square)


def _mutmut(*arguments: str, out: Path | None = None) -> None:
    """Run mutmut; what it prints is kept in `out`, and shown when it fails."""
    command = [str(Path(sys.executable).with_name("mutmut")), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if out:
        out.write_text(ran.stdout, encoding="utf-8")
    if ran.returncode:
        told = [row for row in ran.stdout.splitlines() if row.strip() and not row.startswith(_SPINNER)]
        sys.exit("\n".join([f"mutmut {arguments[0]} failed:", *told[-60:], ran.stderr[-3000:]]))


def _tests(room: str, mutant: str, limit: float | None) -> int:
    """Run all tests of a room with a mutant in the place of its function ("none": with no mutant); return how they ended."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"tests/{room}"]
    told = {"MUTANT_UNDER_TEST": mutant, "PYTHONPATH": str(_MUTANTS.resolve())}
    try:
        ran = subprocess.run(
            command, cwd=_MUTANTS, env=os.environ | told, capture_output=True, text=True, check=False, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return _OUT_OF_TIME
    if mutant == "none" and ran.returncode:
        sys.exit(f"the tests of {room} fail without a mutant:\n{ran.stdout[-3000:]}{ran.stderr[-3000:]}")
    return ran.returncode


def _again(names: Iterable[str], children: int, kept: Path) -> dict[str, int]:
    """Run each mutant against all tests of its room; `kept` holds what was judged, so that a stopped run goes on."""
    judged: dict[str, int] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    for room in ROOMS:
        left = [name for name in names if name.startswith(f"{room}.") and name not in judged]
        if not left:
            continue
        began = time.monotonic()
        _tests(room, "none", None)
        limit = _PATIENCE * (time.monotonic() - began)
        with ThreadPoolExecutor(children) as pool:
            for name, code in zip(left, pool.map(lambda name: _tests(room, name, limit), left), strict=True):  # noqa: B023
                judged[name] = code
                kept.write_text(json.dumps(judged, indent=1), encoding="utf-8")
                print(
                    f"{len(judged)} run again: {name} {'survived' if code == _SURVIVED else 'killed'}", file=sys.stderr
                )
    return judged


def main(
    mutants: Annotated[int, typer.Option(help="How many are drawn.", min=1)] = 300,
    seed: Annotated[int, typer.Option(help="Draws them.")] = 1,
    children: Annotated[int, typer.Option(help="Processes side by side.", min=1)] = 2,
    out: Annotated[Path, typer.Option(help="Folder of survivors.diff and mutmut's own output.")] = Path("mutation"),
) -> None:
    """Draw mutants, run the tests on each, print the table."""
    if find_spec("mutmut") is None:
        sys.exit("mutmut is not installed; run: pip install 'daebon[mutation]'")
    out.mkdir(parents=True, exist_ok=True)
    if not any(_MUTANTS.rglob("*.meta")):
        _mutmut("run", "--max-children", str(children), _FIRST, out=out / "first.txt")
    codes = verdicts()
    drawn = random.Random(seed).sample(sorted(codes), min(mutants, len(codes)))
    if left := [name for name in drawn if codes[name] is None or codes[name] in _LATE]:
        _mutmut("run", "--max-children", str(children), *left, out=out / "run.txt")
        codes = verdicts()
    again = _again([name for name in drawn if codes[name] not in _KILLED], children, out / "again.json")
    survivors = [name for name in drawn if codes[name] not in _KILLED and again[name] == _SURVIVED]
    with (out / "survivors.diff").open("w", encoding="utf-8") as file:
        for name in sorted(survivors):
            command = [str(Path(sys.executable).with_name("mutmut")), "show", name]
            file.write(subprocess.run(command, capture_output=True, text=True, check=True).stdout + "\n")
    print(f"{header(f'python -m benchmarks.mutation --mutants {mutants} --seed {seed}')}\n")
    print(
        "| room | mutants | drawn | killed | of these by all tests of the room alone | survived | share killed | 95 % |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    made = Counter(name.partition(".")[0] for name in codes)
    for room in (*ROOMS, ""):
        mine = [name for name in drawn if name.startswith(room)]
        alive = sum(name in survivors for name in mine)
        second = sum(name in again and name not in survivors and codes[name] not in _KILLED for name in mine)
        low, high = wilson(len(mine) - alive, len(mine))
        print(
            f"| {room or 'all'} | {made[room] if room else made.total()} | {len(mine)} | {len(mine) - alive} | {second} | {alive} "
            f"| {1 - alive / max(1, len(mine)):.1%} | {low:.1%} to {high:.1%} |"
        )
    print(f"\nThe survivors: {out / 'survivors.diff'}")


if __name__ == "__main__":
    typer.run(main)

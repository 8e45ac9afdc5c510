"""What the tests notice: a sample of mutants of our rooms by mutmut: `python -m benchmarks.mutation [--mutants 300] [--seed 1]`.

mutmut (extra `mutation`; its settings stand in pyproject.toml) makes every mutant of agents, graph, emotion and transcript in the
folder `mutants` of a clone, and runs for each the tests of these rooms that reach its function. All mutants would take
days, so a sample is drawn, evenly from all of them, and its share comes with an interval. What is killed fails a test or runs
out of time; what no test reaches counts as survived. The survivors' changes are written to `OUT/survivors.diff`, to be read.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
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
_LATE = frozenset({24, -24, 152, 36, 255})  # exit codes of mutmut 3: out of time, perhaps only on a busy machine
_BARE = frozenset({5, 33})  # no test reaches it
_KILLED = _LATE | {1, 3, -9, -11}  # or a test failed, or the process died


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
    survivors = [name for name in drawn if codes[name] not in _KILLED]
    with (out / "survivors.diff").open("w", encoding="utf-8") as file:
        for name in sorted(survivors):
            command = [str(Path(sys.executable).with_name("mutmut")), "show", name]
            file.write(subprocess.run(command, capture_output=True, text=True, check=True).stdout + "\n")
    print(f"{header(f'python -m benchmarks.mutation --mutants {mutants} --seed {seed}')}\n")
    print("| room | mutants | drawn | killed | of these out of time | no test | share killed | 95 % |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    made = Counter(name.partition(".")[0] for name in codes)
    for room in (*ROOMS, ""):
        mine = [codes[name] for name in drawn if name.startswith(room)]
        dead, late, bare = (sum(code in kind for code in mine) for kind in (_KILLED, _LATE, _BARE))
        low, high = wilson(dead, len(mine))
        print(
            f"| {room or 'all'} | {made[room] if room else made.total()} | {len(mine)} | {dead} | {late} | {bare} "
            f"| {dead / max(1, len(mine)):.1%} | {low:.1%} to {high:.1%} |"
        )
    print(f"\nThe survivors: {out / 'survivors.diff'}")


if __name__ == "__main__":
    typer.run(main)

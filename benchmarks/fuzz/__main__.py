"""Throw mutated files at every reader: `python -m benchmarks.fuzz [--seconds 10] [--only NAME] [--data FOLDER] [--guided]`.

Each reader runs in a process of its own with a limit of memory; what goes wrong is written below `--out` and named in the table. With
`--guided` the inputs are chosen by coverage (atheris, `pip install 'daebon[fuzz]'`), else at random from a seed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.fuzz import targets
from benchmarks.fuzz.watch import keep
from benchmarks.machine import header

app = typer.Typer(add_completion=False)
_MOST_SHOWN = 3


@app.command()
def main(
    seconds: Annotated[float, typer.Option(help="For each reader.")] = 10.0,
    only: Annotated[list[str] | None, typer.Option(help="A reader; may be given again.")] = None,
    data: Annotated[Path | None, typer.Option(help="A folder of real documents that join the seeds.")] = None,
    seed: Annotated[int, typer.Option()] = 0,
    guided: Annotated[bool, typer.Option("--guided", help="By coverage, with atheris.")] = False,
    out: Annotated[Path, typer.Option(help="Where inputs that go wrong are written.")] = Path("build/fuzz"),
) -> None:
    """Fuzz the readers one after another and print a table."""
    unknown = [name for name in only or () if name not in targets.names()]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]}: the readers are {', '.join(targets.names())}")
    print(header(f"python -m benchmarks.fuzz --seconds {seconds:g} --seed {seed}{' --guided' if guided else ''}"))
    print(f"{'reader':22} {'inputs':>9} {'read':>9} {'refused':>9} {'wrong':>6}")
    total = wrong = 0
    for name in only or targets.names():
        row = _child(name, seconds, data, seed, guided, out)
        total, wrong = total + row["inputs"], wrong + row["wrong"]
        print(f"{name:22} {row['inputs']:9,} {row['read']:9,} {row['refused']:9,} {row['wrong']:6,}", flush=True)
        for place, file in list(row["places"].items())[:_MOST_SHOWN]:
            print(f"    {place}\n      {file}", flush=True)
    print(f"{'in all':22} {total:9,} {wrong:26,} wrong")
    raise typer.Exit(bool(wrong))


def _child(name: str, seconds: float, data: Path | None, seed: int, guided: bool, out: Path) -> dict[str, Any]:
    """Fuzz one reader in its own process; one that dies counts as wrong, its last input is kept."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="daebon-fuzz-", dir=memory if memory.is_dir() else None) as folder:
        module = "benchmarks.fuzz.guided" if guided else "benchmarks.fuzz.loop"
        words = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            module,
            name,
            folder,
            str(seconds),
            str(seed),
            str(out),
            str(data or ""),
        ]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        report = Path(folder) / "report.json"
        row: dict[str, Any] = (
            json.loads(report.read_text())
            if report.is_file()
            else {"inputs": 0, "read": 0, "refused": 0, "wrong": 0, "places": {}}
        )
        if done.returncode:
            left = [path for path in Path(folder).glob("input.*") if path.is_file()]
            kept = keep(out, name, left[0].read_bytes(), left[0].suffix) if left else "no input was left"
            row["wrong"] += 1
            row["places"][f"died ({done.returncode}): {done.stderr.strip()[-300:]}"] = str(kept)
    return row


if __name__ == "__main__":
    app()

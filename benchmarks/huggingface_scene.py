"""Whole scenarios through `hf:` in four bits with an adapter: `python -m benchmarks.huggingface_scene --scenarios 바다`.

The embedded weights as safetensors, read in NF4 by the loader of `hf:`, with the shipped drama adapter beside them as a folder of
PEFT; and, with the same seeds, the same weights through llama.cpp (`embedded`). `daebon play` is started as a command,
and what is wrong in the lines is counted as `benchmarks.scene_quality` does. DRY is left out by transformers, so the two differ by
more than the weights. Takes in `--work` that the same code made are kept.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import header, python
from benchmarks.scene_quality.play import code_version, play
from benchmarks.scene_quality.table import table
from daebon.scores.count import Tally, count, figures
from daebon.scores.rows import Fault, read
from model.weights import drama_adapter, embedded_weights
from training.adapter import write_peft
from training.base import converted

EMBEDDED, FOUR_BITS = "embedded, llama.cpp", "hf:, NF4 and adapter"


def models(work: Path) -> dict[str, str]:
    """Return what `--model` is given, by the column of the table; the folders of `hf:` are written into `work`."""
    base = converted(embedded_weights(), work / "base")
    return {EMBEDDED: "embedded", FOUR_BITS: f"hf:{write_peft(drama_adapter(), base, work / 'drama')}"}


def counted(paths: Sequence[Path]) -> tuple[Tally, list[Fault]]:
    """Return what is counted in all takes together, and each fault."""
    tally = Tally()
    faults: list[Fault] = []
    for path in paths:
        more, found = count(read(path))
        tally, faults = tally + more, faults + found
    return tally, faults


def main() -> None:
    """Play what is missing and print the table and every fault."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.huggingface_scene", description=__doc__)
    parser.add_argument("--scenarios", nargs="+", default=["바다"], metavar="NAME")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--turns", type=int, help="stop each take after so many turns (default: play it whole)")
    parser.add_argument("--work", type=Path, default=Path("build/huggingface_scene"), help="where the takes are kept")
    parser.add_argument("--hf-only", action="store_true", help="leave llama.cpp out")
    options = parser.parse_args()
    work = options.work.resolve()
    limit = ["--turns", str(options.turns)] if options.turns else []
    columns: dict[str, dict[str, float | None]] = {}
    faults: list[Fault] = []
    for column, name in models(work).items():
        if options.hf_only and column == EMBEDDED:
            continue
        folder = work / code_version() / f"{column.partition(',')[0].strip(':')}-{options.turns or 'whole'}"
        paths = []
        for scenario in options.scenarios:
            for seed in options.seeds:
                sys.stderr.write(f"{column}: {scenario} {seed}\n")
                paths.append(play(scenario, seed, folder, python(), ("--model", name, *limit)))
        tally, found = counted(paths)
        columns[column] = figures(tally)
        faults += found
    command = " ".join(["python -m benchmarks.huggingface_scene", *sys.argv[1:]])
    sys.stdout.write(f"{header(command)}\n\n{table(columns)}")
    sys.stdout.write("".join(f"{one.take} turn {one.n} {one.kind}: {one.why} | {one.text!r}\n" for one in faults))


if __name__ == "__main__":
    main()

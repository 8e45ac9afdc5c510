"""Play the shipped scenarios, count what is wrong in the lines, and print a table; the engine's guards are not used."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.scene_quality.play import code_version, play_all
from benchmarks.scene_quality.table import MEASURES, table
from daebon.scores.count import Tally, count, figures
from daebon.scores.rows import Fault, read


def machine() -> str:
    """Name the processor, its cores, the memory and the Python of this machine."""
    info = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else 0.0
    processor = model[1] if model else platform.processor() or platform.machine()
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{processor}, {os.cpu_count()} cores, {memory:.0f} GiB, {system}"


def main(argv: Sequence[str] | None = None) -> int:
    """Count, print the report; return 1 when a bound is broken over all takes or a take failed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scene_quality", description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=Path("build/scene_quality"), help="where the takes are kept")
    parser.add_argument("--transcripts", type=Path, nargs="+", metavar="DIR", help="only count in the takes below DIR")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure and fault here, too")
    options = parser.parse_args(argv)
    failed: list[str] = []
    if options.transcripts:
        paths = sorted({path for folder in options.transcripts for path in folder.rglob("transcript.json")})
    else:
        paths, failed = play_all(options.work)
    if not paths and not failed:
        parser.error("no transcript.json below the folders given")
    tallies: dict[str, Tally] = {}
    faults: list[Fault] = []
    seeds: set[int] = set()
    models: set[str] = set()
    for path in paths:
        try:
            transcript = read(path)
        except ValueError as error:
            parser.error(str(error))
        tally, found = count(transcript)
        tallies[transcript["title"]] = tallies.get(transcript["title"], Tally()) + tally
        faults += found
        seeds.add(transcript["take"].get("seed"))
        models.add(str(transcript["take"].get("model")))
    columns = {title: figures(tally) for title, tally in tallies.items()}
    columns["all"] = figures(sum(tallies.values(), Tally()))
    broken = [measure.label for measure in MEASURES if measure.broken(columns["all"][measure.key])]
    about = {
        "machine": machine(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "code": code_version(),
        "model": ", ".join(sorted(models)),
        "seeds": ", ".join(str(seed) for seed in sorted(seeds, key=str)),
        "command": " ".join([parser.prog, *(sys.argv[1:] if argv is None else argv)]),
    }
    out = sys.stdout.write
    out("".join(f"{key}: {value}\n" for key, value in about.items()) + "\n" + table(columns))
    out("".join(f"{fault.take} turn {fault.n} {fault.kind}: {fault.why} | {fault.text!r}\n" for fault in faults))
    out("".join(f"failed: {words}\n" for words in failed) + f"broken: {', '.join(broken) or 'none'}\n")
    if options.json:
        row = {
            **about,
            "figures": columns,
            "faults": [asdict(fault) for fault in faults],
            "failed": failed,
            "broken": broken,
        }
        options.json.write_text(json.dumps(row, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 1 if broken or failed else 0


if __name__ == "__main__":
    raise SystemExit(main())

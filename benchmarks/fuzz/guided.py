"""The process of one reader with inputs chosen by coverage (atheris): `python -m benchmarks.fuzz --guided` starts it.

Needs `pip install 'daebon[fuzz]'` (Linux). Mutations are those of `mutations`, so that what is behind a checksum is reached too.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["agents", "model", "scenarios", "training", "transcript", "pypdf", "hwpx", "dochan", "docx"]
):
    from benchmarks.fuzz import targets
    from benchmarks.fuzz.watch import bounded, keep, tried


def fuzz(name: str, folder: Path, seconds: float, seed: int, out: Path, data: Path | None) -> None:
    """Let libFuzzer choose for `seconds`; leave the counts in `folder`/report.json before it ends the process."""
    target = targets.target(name, data)
    path, corpus = folder / f"input{target.suffix}", folder / "corpus"
    corpus.mkdir()
    for n, good in enumerate(target.seeds()):
        (corpus / str(n)).write_bytes(good)
        tried(target, path, good, 60.0)
    bounded()
    counts, places = {"inputs": 0, "read": 0, "refused": 0, "wrong": 0}, dict[str, str]()
    end = time.monotonic() + seconds

    def one(made: bytes) -> None:
        outcome = tried(target, path, made)
        counts["inputs"] += 1
        counts["wrong" if outcome.wrong else "read" if outcome.read else "refused"] += 1
        if (place := outcome.wrong.partition(": ")[0]) and place not in places:
            places[place] = str(keep(out, name, made, target.suffix))
        if time.monotonic() > end or counts["inputs"] % 100 == 0:
            (folder / "report.json").write_text(json.dumps({**counts, "places": places}))

    def changed(made: bytes, most: int, seed: int) -> bytes:
        return target.change(made, random.Random(seed))[:most]

    words = [sys.argv[0], f"-max_total_time={seconds:.0f}", f"-seed={seed + 1}", "-max_len=200000", "-verbosity=0"]
    atheris.Setup([*words, "-rss_limit_mb=0", "-timeout=0", str(corpus)], one, custom_mutator=changed)
    atheris.Fuzz()


if __name__ == "__main__":
    name, folder, seconds, seed, out, data = sys.argv[1:]
    fuzz(name, Path(folder), float(seconds), int(seed), Path(out), Path(data) if data else None)

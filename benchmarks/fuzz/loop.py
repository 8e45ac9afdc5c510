"""The process of one reader: mutated inputs from a seed until the time is over; `benchmarks.fuzz` starts it."""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

from benchmarks.fuzz import targets
from benchmarks.fuzz.watch import bounded, keep, tried

_POOL = 200  # inputs that were read, which further ones are made of


def fuzz(name: str, folder: Path, seconds: float, seed: int, out: Path, data: Path | None) -> None:
    """Read inputs for `seconds` and leave the counts in `folder`/report.json."""
    target = targets.target(name, data)
    rng, pool = random.Random(f"{name} {seed}"), list(target.seeds())
    first = len(pool)
    path = folder / f"input{target.suffix}"
    outcomes = [tried(target, path, good, 60.0) for good in pool]  # imports the libraries as well
    if problems := [one.wrong for one in outcomes if one.wrong]:
        raise SystemExit(f"a seed of {name} goes wrong: {problems[0]}")
    if not any(one.read for one in outcomes):
        raise SystemExit(f"no seed of {name} is read")
    bounded()
    counts = {"inputs": 0, "read": 0, "refused": 0, "wrong": 0}
    places: dict[str, str] = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        made = target.change(rng.choice(pool), rng)
        outcome = tried(target, path, made)
        counts["inputs"] += 1
        counts["wrong" if outcome.wrong else "read" if outcome.read else "refused"] += 1
        if (place := outcome.wrong.partition(": ")[0]) and place not in places:
            places[place] = str(keep(out, name, made, target.suffix))
        if outcome.read and len(pool) < _POOL:
            pool.append(made)
        elif outcome.read and rng.random() < 0.1:
            pool[rng.randrange(first, len(pool))] = made
    (folder / "report.json").write_text(json.dumps({**counts, "places": places}))


if __name__ == "__main__":
    name, folder, seconds, seed, out, data = sys.argv[1:]
    fuzz(name, Path(folder), float(seconds), int(seed), Path(out), Path(data) if data else None)

"""Who is found in scripts, and how they speak to each other: `python -m benchmarks.extract [--corpus N] [--show SET]`.

The marked scripts of tests/files/marked are printed in every layout that scripts come in, and read back; so are scenes of the
training corpus. `--layouts` counts the speakers of the scripts of tests/files/layouts, which were marked by hand as they stand.
"""

from __future__ import annotations

import argparse
import re

from benchmarks.extract.counting import HEADINGS, hand_marked, measure
from benchmarks.extract.marked import MARKED, ROOT, of_corpus, read_marked
from benchmarks.machine import header
from training.corpus import read_corpus


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=int, default=60, help="scenes of the held-out corpus that are printed")
    parser.add_argument("--show", choices=("tuned", "held"), help="print what is wrong in one half")
    parser.add_argument("--by-layout", action="store_true")
    options = parser.parse_args()
    print(header("python -m benchmarks.extract"))
    scripts = [read_marked(file) for file in sorted(MARKED.glob("*.txt"))]
    odd, even = scripts[::2], scripts[1::2]
    held = (ROOT / "training" / "corpus" / "held_out.txt").read_text(encoding="utf-8").split()
    corpus = [scene for scene in read_corpus(ROOT / "training" / "corpus") if scene.name in held]
    print(HEADINGS, re.sub(r"[^|]+", "---", HEADINGS), sep="\n")
    sets = {"tuned": odd, "held": even, "corpus": [of_corpus(scene) for scene in corpus[: options.corpus]]}
    for name, chosen in sets.items():
        for layout, counts in measure(chosen, show=options.show == name):
            if options.by_layout or layout == "together":
                print(counts.row(f"{name}: {layout}"), flush=True)
    for part, name in (("1", "hand-marked, seen"), ("2", "hand-marked, looked at once")):
        print(hand_marked(part).row(name))


if __name__ == "__main__":
    main()

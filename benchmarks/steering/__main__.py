"""Play the shipped scenarios steered and not, and print the figures side by side."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.machine import header
from benchmarks.scene_quality.play import ROOT, SEEDS, code_version, play
from benchmarks.steering.figures import Valences, figures
from benchmarks.steering.judge import corpus, trained
from benchmarks.steering.levels import counter
from benchmarks.steering.tradeoff import draw, tradeoff

if TYPE_CHECKING:
    from benchmarks.steering.net import NetJudge

CORPUS = ROOT / "training" / "corpus"
TUNED = (101,)  # a seed on which weights were chosen; those of SEEDS are only reported
VARIANTS = {
    "off": ("--no-steer", "--candidates", "8"),
    "on": ("--steer", "--candidates", "8"),
    "on, 1": ("--steer", "--candidates", "1"),
    "on, 2": ("--steer", "--candidates", "2"),
    "on, 4": ("--steer", "--candidates", "4"),
}
ROWS = (
    ("takes", "takes", "d", ""),
    ("lines", "lines with a target", "d", ""),
    ("arcs", "arcs (character and scene, four lines or more)", "d", ""),
    ("r", "planned and measured valence, line by line, median r", ".3f", ">= 0.75 and 0.35 over off"),
    ("r_smooth", "the same, measured lines smoothed as in transcript.json", ".3f", ""),
    ("r_ngrams", "the same, line by line, by the judge of n-grams", ".3f", ">= 0.55"),
    ("r_net", "the same, line by line, by the judge that is a fine-tuned net", ".3f", ">= 0.55"),
    ("distance", "mean distance to the target valence", ".3f", "<= 0.75 x off"),
    ("distance_band", "the same, target in the band the classifier reads", ".3f", ""),
    ("levels", "lines at the wanted speech level, by Kiwi", ".1%", ">= 95%"),
    ("levels_shared", "the same, -네 and -구먼 counted as 해체 too, as the dictionary does", ".1%", ""),
    ("mended", "lines whose ending was conjugated", ".1%", ""),
    ("levels_read", "lines that carry an ending", ".1%", ""),
    ("condition", "beats reached without force", ".1%", ">= 70%"),
    ("early", "beats called early", ".1%", ""),
    ("secrets", "secrets out too early", ".0f", "0"),
    ("silence", "turns without a line that could stand", ".1%", ""),
    ("events", "events, of all turns", ".1%", ""),
    ("fit", "mean log-probability per token of the lines", ".2f", ""),
    ("calls", "model calls a turn", ".2f", ""),
    ("seconds", "wall time a turn (s)", ".2f", "<= 1.6 x off"),
)


def main() -> None:
    """Play what is missing and print the table."""
    arguments = _arguments()
    if arguments.scale:
        _scale()
        return
    folder = arguments.work.resolve() / code_version()
    net = _net(arguments.net) if arguments.net else None
    if arguments.tradeoff:
        _tradeoff(folder, net, arguments.picture)
        return
    if arguments.data is None:
        raise SystemExit(
            "give --data DIR, the folder that holds kote/ and goemotions-korean/: the second judge learns there"
        )
    ngrams, known = trained(arguments.data, CORPUS)
    judges: dict[str, Valences] = {"ngrams": lambda texts: ngrams.valences(texts).tolist()}
    words = f"n-grams r = {known:.3f}"
    if net:
        judges["net"] = lambda texts: net.valences(texts).tolist()
        words += f", the net r = {net.known:.3f}"
    variants = {name: VARIANTS[name] for name in VARIANTS if name in arguments.variants.split("/")}
    played = _played(folder, variants, arguments.seeds)
    counters = {"levels": counter(), "levels_shared": counter(shared=True)}
    columns = {name: figures(paths, judges, counters) for name, paths in played.items()}
    print(f"{header('python -m benchmarks.steering')} seeds {arguments.seeds}\n")
    print(
        f"How far the judges agree with what writers meant, over corpus lines of scenes they were not fitted on: {words}.\n"
    )
    print("| figure | " + " | ".join(columns) + " | bound |\n" + "| --- " * (len(columns) + 2) + "|")
    for key, label, form, bound in ROWS:
        cells = [
            "–" if value.get(key) is None else format(_number(value[key], form), form) for value in columns.values()
        ]
        print("| " + " | ".join([label, *cells, bound]) + " |")


def _played(folder: Path, variants: Mapping[str, Sequence[str]], seeds: Sequence[int]) -> dict[str, list[Path]]:
    """Play every scenario with every seed, all variants of one before the next, so that they share the machine's mood."""
    names = sorted(path.stem for path in (ROOT / "scenarios" / "shipped").glob("*.yaml"))
    paths: dict[str, list[Path]] = {name: [] for name in variants}
    for seed in seeds:
        for name in names:
            for variant, options in variants.items():
                sys.stderr.write(f"{variant}: {name} {seed}\n")
                inner = folder / variant.replace(", ", "-")
                paths[variant].append(play(name, seed, inner, (sys.executable, "-m", "daebon"), options))
    return paths


def _net(folder: Path) -> NetJudge:
    """Load the judge that needs torch."""
    from benchmarks.steering.net import NetJudge

    return NetJudge(folder)


def _tradeoff(folder: Path, net: NetJudge | None, picture: Path | None) -> None:
    """Print, and draw to `picture`, what other weights of emotion would have chosen."""
    from emotion.measure import ClassifierEmotion

    paths = _played(folder, {"tuned": VARIANTS["on"]}, TUNED)["tuned"]
    rows = tradeoff(paths, ClassifierEmotion(), (lambda texts: net.valences(texts).tolist()) if net else None)
    columns = {
        "weight of emotion": "weight",
        "median r": "r",
        "by the net": "r_judge",
        "distance in the band": "distance",
    }
    columns["log-probability per token"] = "fit"
    print(f"{header('python -m benchmarks.steering --tradeoff')} seeds {TUNED}\n")
    print(f"| {' | '.join(columns)} |\n{'| --- ' * len(columns)}|")
    for row in rows:
        print(f"| {' | '.join('–' if row[key] is None else format(row[key], '.3f') for key in columns.values())} |")
    if picture:
        draw(rows, picture)


def _scale() -> None:
    """Print mean and deviation of what corpus lines mean and of what the classifier reads in them."""
    import numpy as np

    from emotion.measure import ClassifierEmotion

    lines, meant, _ = corpus(CORPUS)
    read = [reading.valence for reading in ClassifierEmotion().readings(lines)]
    print(f"{len(lines)} lines, r {np.corrcoef(meant, read)[0, 1]:.3f}")
    for name, values in (("meant", meant), ("read", read)):
        print(f"{name}: mean {np.mean(values):+.2f}, deviation {np.std(values):.2f}")


def _number(value: float | None, form: str) -> float | int:
    return int(value or 0) if form == "d" else float(value or 0.0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steering", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the shared data")
    parser.add_argument("--net", type=Path, help="folder of the judge that `python -m benchmarks.steering.net` trained")
    parser.add_argument("--work", type=Path, default=Path("build/steering"), help="where takes are kept")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="seeds of the takes")
    parser.add_argument("--variants", default="/".join(VARIANTS), help="some of: " + "/".join(VARIANTS))
    parser.add_argument("--tradeoff", action="store_true", help="rank the candidates of other seeds with other weights")
    parser.add_argument("--picture", type=Path, help="with --tradeoff: draw the curve to this .svg or .png")
    parser.add_argument("--scale", action="store_true", help="print the band in which the classifier reads dialogue")
    return parser.parse_args()


if __name__ == "__main__":
    main()

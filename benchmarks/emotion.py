"""Quality and speed of the emotion classifier: `python -m benchmarks.emotion [--data DIR]`.

The shipped weights against KOTE's official test split, which nothing in training or tuning reads, and against the 300
drama lines of tests/files/emotion_lines.tsv. Prints Markdown tables; `--labels` adds one row per label.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.machine import header, python
from emotion.classifier import Classifier
from emotion.labels import LABELS, valence_arousal
from emotion.measure import ClassifierEmotion, LexiconEmotion
from training.emotion.data import Rows, drama, kote
from training.emotion.metrics import Floats, auroc, calibration_error, f1

LINES = Path(__file__).parent.parent / "tests" / "files" / "emotion_lines.tsv"
SHARED = Path(__file__).parent.parent.parent / "shared" / "data"
_PAGE = 30  # lines on a page of a script
_ONE_CORE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_SINGLE = """
import statistics, sys, time
started = time.perf_counter()
from emotion.classifier import Classifier
net = Classifier.load()
loaded = time.perf_counter() - started
lines = sys.stdin.read().split("\\n")
net.probabilities(lines[:5])
times = []
for line in lines:
    began = time.perf_counter()
    net.probabilities([line])
    times.append(1000 * (time.perf_counter() - began))
times.sort()
print(loaded, statistics.median(times), times[int(0.95 * len(times))])
"""


def quality(name: str, rows: Rows, scores: Floats, thresholds: Floats) -> list[tuple[str, str, str, str]]:
    """Return the rows of the table of one test set."""
    chosen = scores >= thresholds
    common = scores >= 0.3
    said = [
        ("macro AUROC", f"{np.nanmean(auroc(scores, rows.labels)):.4f}", ">= 0.84"),
        ("macro F1, tuned thresholds", f"{f1(chosen, rows.labels).mean():.4f}", ">= 0.50"),
        ("macro F1, threshold 0.3", f"{f1(common, rows.labels).mean():.4f}", ""),
        ("expected calibration error", f"{calibration_error(scores, rows.labels):.4f}", ""),
        ("labels a row, true / found", f"{rows.labels.sum(1).mean():.2f} / {chosen.sum(1).mean():.2f}", ""),
    ]
    return [(name, figure, value, bound if name.startswith("KOTE") else "") for figure, value, bound in said]


def affect(name: str, rows: Rows) -> list[tuple[str, str, str, str]]:
    """Return how valence and arousal of both measures go with the mean of the true labels' own (Pearson r)."""
    own = np.array([valence_arousal(label) for label in LABELS])
    truth = rows.labels @ own / np.maximum(1, rows.labels.sum(1, keepdims=True))
    result = []
    net, words = ClassifierEmotion(), LexiconEmotion()
    read = {"classifier": [r.emotion for r in net.readings(rows.texts)], "lexicon": [words.read(t) for t in rows.texts]}
    for side, what in ((0, "valence"), (1, "arousal")):
        r = {
            measure: np.corrcoef(truth[:, side], [(e.valence, e.arousal)[side] for e in emotions])[0, 1]
            for measure, emotions in read.items()
        }
        result.append((name, f"{what}, r of classifier / lexicon", f"{r['classifier']:.3f} / {r['lexicon']:.3f}", ""))
    return result


def with_line_before(rows: Rows) -> list[tuple[str, str, str, str]]:
    """Return what reading the line before along with a line does to the drama lines that answer one."""
    net = Classifier.load()
    pairs = [(text, before) for text, before in zip(rows.texts, rows.previous, strict=True) if before]
    truth = rows.labels[[bool(before) for before in rows.previous]]
    alone = np.nanmean(auroc(net.probabilities([text for text, _ in pairs]), truth))
    both = np.nanmean(auroc(net.probabilities([f"{before} {text}" for text, before in pairs]), truth))
    figure = f"{alone:.4f} / {both:.4f} ({len(pairs)} lines)"
    return [("drama", "macro AUROC of answers, alone / with the line before", figure, "")]


def speed(rows: Rows) -> list[tuple[str, str, str, str]]:
    """Return load time, time of one line on one core, and of a script of 200 pages through the command line."""
    result = []
    for name, texts in (("drama lines", drama(LINES).texts), ("KOTE comments", rows.texts[:1000])):
        feed = "\n".join(texts)
        command = [sys.executable, "-c", _SINGLE]
        run = subprocess.run(
            command, input=feed, check=True, capture_output=True, text=True, env={**os.environ, **_ONE_CORE}
        )
        loaded, median, slow = map(float, run.stdout.split())
        result.append((name, "one line on one core, median / 95 % (ms)", f"{median:.1f} / {slow:.1f}", "<= 5"))
    result.append(("", "imports and load (s)", f"{loaded:.2f}", "<= 0.5"))
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.txt"
        script.write_text("\n".join((drama(LINES).texts * 30)[: 200 * _PAGE]), encoding="utf-8")
        times = []
        for _ in range(3):
            started = time.perf_counter()
            subprocess.run([*python(), "emotion", "read", str(script), "--json"], check=True, capture_output=True)
            times.append(time.perf_counter() - started)
    result.append(
        (f"{200 * _PAGE} lines", "daebon emotion read of 200 pages (s)", f"{statistics.median(times):.1f}", "<= 10")
    )
    return result


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED, help="folder of the shared data")
    parser.add_argument("--labels", action="store_true", help="add AUROC and F1 of every label")
    arguments = parser.parse_args()
    net = Classifier.load()
    test, lines = kote(arguments.data, "test"), drama(LINES)
    scores, drama_scores = net.probabilities(test.texts), net.probabilities(lines.texts)
    print(header("python -m benchmarks.emotion"), end="\n\n")
    table = [("set", "figure", "seen", "bound"), ("---",) * 4]
    table += quality(f"KOTE test ({len(test)})", test, scores, net.thresholds)
    table += affect("KOTE test", test)
    table += quality(f"drama ({len(lines)})", lines, drama_scores, net.thresholds)
    table += affect("drama", lines) + with_line_before(lines)
    table += speed(test)
    for row in table:
        print(f"| {' | '.join(row)} |")
    if arguments.labels:
        print("\n| label | rows | AUROC | F1 | threshold |\n|---|---|---|---|---|")
        areas, fs = auroc(scores, test.labels), f1(scores >= net.thresholds, test.labels)
        for i, label in enumerate(LABELS):
            print(
                f"| {label} | {int(test.labels[:, i].sum())} | {areas[i]:.3f} | {fs[i]:.3f} | {net.thresholds[i]:.2f} |"
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""A third judge of valence: the embedded model's first twelve layers, fine-tuned on rows that the selector never saw.

`python -m benchmarks.steering.net --data DIR --out DIR` trains it (half an hour on two cores; needs the training extra) on KOTE's
test split and on what the writers of the corpus meant, each corpus line twice. A fifth of the scenes is kept apart; how well it
agrees with their writers is kept with the weights. It is the same kind of net as the teacher of the shipped classifier, which is a
net of two layers trained on KOTE's other split, so the two are kin, and share no labelled comment.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.labels import LABELS, valence_arousal
from model.weights import embedded_weights
from training.base import converted
from training.corpus import read_corpus
from training.emotion.data import Rows, joined, kote
from training.emotion.teacher import FORWARD, Teacher, TeacherRecipe, train_teacher
from transcript.errors import FileError

RECIPE, STAGE = TeacherRecipe(seed=11), replace(FORWARD, goemotions=0)
CORPUS = Path(__file__).resolve().parent.parent.parent / "training" / "corpus"
_FOLDS = 5  # every fifth scene is kept apart

Floats = NDArray[np.float64]


class NetJudge:
    """Valence of a line as the net reads it."""

    def __init__(self, folder: Path) -> None:
        """Load what training left in `folder`; raises FileError when it holds none."""
        try:
            record = json.loads((folder / "judge.json").read_text(encoding="utf-8"))
        except OSError as error:
            raise FileError(folder, "holds no judge; make one with python -m benchmarks.steering.net") from error
        self.known: float = record["agreement"]
        self._rates = np.array(record["rates"])
        self._net = Teacher(converted(embedded_weights(), folder / "base"), RECIPE)
        self._net.look(STAGE.both)
        self._net.restore(folder)

    def valences(self, texts: Sequence[str]) -> Floats:
        """Return the valence of each text."""
        return valences(self._net.scores(texts), self._rates)


def valences(logits: NDArray[np.float32], rates: Floats) -> Floats:
    """Return valences from (texts, 44) logits: the labels' own, weighted by p² / rate, as emotion.measure does."""
    weights = (1 / (1 + np.exp(-logits.astype(np.float64)))) ** 2 / rates
    return np.asarray(weights @ np.array([valence_arousal(label)[0] for label in LABELS]) / weights.sum(1))


def meant(corpus: Path, *, kept: bool) -> Rows:
    """Return the spoken lines of the scenes that are `kept` apart, or of the others, each with the one label it is meant to have."""
    lines = [
        (line.text, LABELS.index(line.emotion))
        for scene in read_corpus(corpus)
        if (zlib.crc32(scene.name.encode()) % _FOLDS == 0) == kept
        for line in scene.lines
        if line.speaker and line.emotion
    ]
    labels = np.zeros((len(lines), len(LABELS)), dtype=np.float32)
    labels[np.arange(len(lines)), [label for _, label in lines]] = 1
    return Rows(tuple(text for text, _ in lines), labels)


def main() -> None:
    """Train the judge and keep it, with its agreement with writers whose scenes it never saw."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steering.net", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the shared data (kote)")
    parser.add_argument("--out", type=Path, required=True, help="where weights and judge.json are kept")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    lines, unseen = meant(CORPUS, kept=False), meant(CORPUS, kept=True)
    rows = joined(joined(kote(arguments.data, "test"), lines), lines)
    net = Teacher(converted(embedded_weights(), arguments.out / "base"), RECIPE)
    tune = kote(arguments.data, "tune")
    figures = train_teacher(net, RECIPE, STAGE, rows, None, tune, arguments.out, _say)
    rates = rows.labels.mean(0).astype(np.float64)
    own = unseen.labels @ np.array([valence_arousal(label)[0] for label in LABELS])
    agreement = float(np.corrcoef(valences(net.scores(unseen.texts), rates), own)[0, 1])
    record = {"agreement": agreement, "unseen": len(unseen), "rows": len(rows), "rates": rates.tolist(), **figures}
    (arguments.out / "judge.json").write_text(json.dumps(record), encoding="utf-8")
    _say(f"r = {agreement:.3f} with what was meant, over {len(unseen)} lines of scenes it was not fitted on")


def _say(message: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {message}\n")


if __name__ == "__main__":
    main()

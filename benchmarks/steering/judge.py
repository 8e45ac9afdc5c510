"""A second judge of valence, of another kind than the selector and trained on other rows: a ridge regression over n-grams.

Its rows are KOTE's test split (the selector has the other one), GoEmotions in Korean by its own raters' labels, and the
intended emotions of this project's corpus. It sees words and no order beyond two of them, so it is weak, and blind where
the selector is not.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.labels import LABELS, valence_arousal
from training.corpus import read_corpus
from training.emotion.data import goemotions, kote

Floats = NDArray[np.float64]
_WIDTH = 1 << 18
_RIDGE, _STEPS = 5.0, 60
_CORPUS = 3  # times that each corpus line counts: they are few, and the only dialogue
_FOLDS = 5
# GoEmotions' labels in the order of its label.txt, by the KOTE label whose valence we take; our reading
_GOEMOTIONS = (
    "존경 즐거움/신남 화남/분노 짜증 환영/호의 아껴주는 당황/난처 신기함/관심 기대감 안타까움/실망 "
    "불평/불만 역겨움/징그러움 부끄러움 즐거움/신남 "
    "공포/무서움 고마움 슬픔 기쁨 아껴주는 불안/걱정 기대감 뿌듯함 깨달음 안심/신뢰 죄책감 슬픔 놀람 없음"
).split()

Encoded = tuple[NDArray[np.int64], NDArray[np.int64], Floats, int]


class Judge:
    """Valence of a line by the words in it."""

    def __init__(self, texts: Sequence[str], valences: Sequence[float]) -> None:
        """Fit to `texts` and their valences, -1..1, by conjugate gradients."""
        encoded, aims = _encoded(texts), np.asarray(valences, dtype=np.float64)
        self._mean = float(aims.mean())
        self._weights = np.zeros(_WIDTH)
        left = _back(encoded, aims - self._mean)
        way, size = left.copy(), float(left @ left)
        for _ in range(_STEPS):
            bent = _back(encoded, _forth(encoded, way)) + _RIDGE * way
            step = size / float(way @ bent)
            self._weights += step * way
            left -= step * bent
            size, before = float(left @ left), size
            way = left + size / before * way

    def valences(self, texts: Sequence[str]) -> Floats:
        """Return the valence of each text."""
        return self._mean + _forth(_encoded(texts), self._weights)


def rows(data: Path) -> tuple[list[str], list[float]]:
    """Return the texts and valences of KOTE's test split and of GoEmotions."""
    first, second = kote(data, "test"), goemotions(data)
    own = np.array([valence_arousal(label)[0] for label in LABELS])
    theirs = np.array([valence_arousal(label)[0] for label in _GOEMOTIONS])
    valences = [first.labels @ own / first.labels.sum(1), second.labels @ theirs / second.labels.sum(1)]
    return [*first.texts, *second.texts], [float(v) for part in valences for v in part - part.mean()]


def corpus(folder: Path) -> tuple[list[str], list[float], list[str]]:
    """Return the spoken lines of the corpus, the valence that each was meant at, and the scene it stands in."""
    lines = [
        (scene.name, line.text, line.emotion)
        for scene in read_corpus(folder)
        for line in scene.lines
        if line.speaker and line.emotion
    ]
    meant = [valence_arousal(emotion)[0] for _, _, emotion in lines]
    return [text for _, text, _ in lines], meant, [scene for scene, _, _ in lines]


def trained(data: Path, folder: Path) -> tuple[Judge, float]:
    """Return the judge, and its correlation with what the writer meant over corpus lines of scenes it was not fitted on."""
    texts, valences = rows(data)
    lines, meant, scenes = corpus(folder)
    middle = float(np.mean(meant))
    fold = np.array([zlib.crc32(scene.encode()) % _FOLDS for scene in scenes])
    said = np.zeros(len(lines))
    for number in range(_FOLDS):
        others = np.flatnonzero(fold != number)
        judge = Judge(*_with(texts, valences, [lines[i] for i in others], [meant[i] - middle for i in others]))
        mine = np.flatnonzero(fold == number)
        said[mine] = judge.valences([lines[i] for i in mine])
    judge = Judge(*_with(texts, valences, lines, [value - middle for value in meant]))
    return judge, float(np.corrcoef(said, meant)[0, 1])


def _with(
    texts: list[str], valences: list[float], lines: Sequence[str], meant: Sequence[float]
) -> tuple[list[str], list[float]]:
    return texts + list(lines) * _CORPUS, valences + list(meant) * _CORPUS


def _encoded(texts: Sequence[str]) -> Encoded:
    """Return row, column and weight of every feature; each text has length 1."""
    where: list[int] = []
    which: list[int] = []
    for place, text in enumerate(texts):
        columns = {zlib.crc32(gram.encode()) % _WIDTH for gram in _grams(text)}
        where += [place] * len(columns)
        which += columns
    at = np.array(where, dtype=np.int64)
    count = np.bincount(at, minlength=len(texts))
    return at, np.array(which, dtype=np.int64), 1 / np.sqrt(count[at]), len(texts)


def _grams(text: str) -> set[str]:
    words = re.sub(r"\s+", " ", text).split()
    marked = [f"^{word}$" for word in words]
    grams = {word[i : i + n] for word in marked for n in (2, 3, 4) for i in range(len(word) - n + 1)}
    return grams | {f"{a} {b}" for a, b in pairwise(words)}


def _forth(encoded: Encoded, weights: Floats) -> Floats:
    at, which, values, n = encoded
    return np.bincount(at, values * weights[which], minlength=n).astype(np.float64)


def _back(encoded: Encoded, residual: Floats) -> Floats:
    at, which, values, _ = encoded
    return np.bincount(which, values * residual[at], minlength=_WIDTH).astype(np.float64)

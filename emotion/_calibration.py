"""How our judgements of words become numbers on the raters' scale, and how well they do: a linear regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emotion.labels import BASIC_EMOTIONS
from emotion.lexicon import PARTS

SCALE = 3.0  # VA-KOR brings its four studies to -3..3; we divide, so that 0 stays 0 and the ends become -1 and 1
FOLDS = 10  # of the cross-validation; the i-th word in code point order is held out in fold i modulo 10

Array = npt.NDArray[np.float64]
Rated = Mapping[str, tuple[str, ...]]  # word -> valence, arousal, source


class Judgement(NamedTuple):
    """One row of `words.tsv`: valence and arousal in -3..3 as judged; `label` and `emotion` are "" for none."""

    word: str
    pos: str
    valence: float
    arousal: float
    label: str
    emotion: str
    reading: str


def features(row: Judgement) -> list[float]:
    """Return what the regression sees of a judgement.

    A constant, the judged valence v and arousal a, |v|, |a|, v times a, one 0 or 1 for each basic emotion and for each
    part of speech but the first, and v and a once more for nouns, which our reader and the raters of nouns, who also
    saw neutral ones, place on different scales.
    """
    v, a = row.valence / SCALE, row.arousal / SCALE
    noun = row.pos == "명사"
    kinds = [row.emotion == emotion for emotion in BASIC_EMOTIONS] + [row.pos == pos for pos in PARTS[1:]]
    return [1.0, v, a, abs(v), abs(a), v * a, *map(float, kinds), noun * v, noun * a]


class Calibration:
    """The regression of ratings on judgements, and how well it does on words that it did not see."""

    def __init__(self, rated: Rated, judgements: Mapping[str, Judgement]) -> None:
        """Fit on the rated words that were judged; words whose rating was taken over from another form don't count."""
        self.rows = [judgements[word] for word in sorted(rated) if rated[word][2] == "rated" and word in judgements]
        self._seen = np.array([features(row) for row in self.rows])
        self._ratings = np.array([[float(value) for value in rated[row.word][:2]] for row in self.rows])
        self._weights = self._fit(np.full(len(self.rows), True))

    def _fit(self, chosen: npt.NDArray[np.bool_]) -> Array:
        weights: Array = np.linalg.lstsq(self._seen[chosen], self._ratings[chosen], rcond=None)[0]
        return weights

    def value(self, row: Judgement) -> tuple[str, str]:
        """Return valence and arousal in -1..1 with three decimals."""
        valence, arousal = np.clip(np.array(features(row)) @ self._weights, -1, 1)
        return decimals(valence), decimals(arousal)

    def correlations(self) -> list[tuple[str, int, Array, Array]]:
        """Return rows (words, how many, r of valence and arousal held out, the same of the raw judgement).

        The first row is about all words, the others about each part of speech that has three words or more.
        """
        fold = np.arange(len(self.rows)) % FOLDS  # rows stand in code point order
        held_out = np.empty_like(self._ratings)
        for i in range(FOLDS):
            held_out[fold == i] = self._seen[fold == i] @ self._fit(fold != i)
        raw = np.array([[row.valence, row.arousal] for row in self.rows])
        found = []
        for name in ("all", *PARTS):
            chosen = np.array([name in ("all", row.pos) for row in self.rows])
            if (count := int(chosen.sum())) >= 3:
                ratings = self._ratings[chosen]
                found.append((name, count, _pearson(held_out[chosen], ratings), _pearson(raw[chosen], ratings)))
        return found


def _pearson(ours: Array, theirs: Array) -> Array:
    """Return r of each column."""
    a, b = ours - ours.mean(axis=0), theirs - theirs.mean(axis=0)
    r: Array = (a * b).sum(axis=0) / np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return r


def decimals(value: float) -> str:
    """Return a number as the table writes it: three decimals, no -0.000."""
    return f"{round(float(value), 3) + 0.0:.3f}"

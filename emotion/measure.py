"""Measure the emotion of a line: the protocol that every emotion model keeps, the classifier, and the rated words."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

from emotion.labels import LABELS, families, valence_arousal
from emotion.lexicon import Lexicon, Match
from transcript.turn import Emotion

if TYPE_CHECKING:
    from emotion.classifier import Classifier

NONE = "없음"  # KOTE's label for a line without emotion

# Our choices, not ratings; the signs follow Kiritchenko & Mohammad (2016), who find that negation pulls a word to the
# other side but not as far, and that adverbs of degree scale it.
NEGATION = -0.5  # times valence; arousal is halved
STRONGER, WEAKER = 1.3, 0.6  # times valence and arousal
WEIGHT = {"label": 1.0, "colour": 0.5, "mark": 0.3}  # a word that names a feeling; any other rated word; ㅋㅋ, ㅠㅠ
EXCLAMATION, QUESTION, TRAILING_OFF = 0.1, 0.05, -0.1  # added to arousal for each !, ? (three at most) and for …

_DEGREE = re.compile(
    r"(?:(너무나?도?|정말로?|진짜로?|참으?로?|아주|매우|무척|몹시|굉장히|대단히|엄청|되게|완전히?|가장|제일|훨씬|얼마나|미치도록|죽도록)"
    r"|(조금은?|좀|약간|살짝|다소|그냥|별로|그다지))\s*(?:[안못]\s*)?$"
)
_LOOK_BACK = 12  # characters before a word in which its adverb of degree may stand
_TRAILING_OFF = re.compile(r"…|\.{3,}|‥")
_MARKS = frozenset("ㅋㅎㅠㅜㄷ^")


class EmotionModel(Protocol):
    """What measures a line."""

    def read(self, text: str, previous: str = "") -> Emotion:
        """Return the emotion of `text`; `previous` is the line it answers, "" for none. Any text gets an answer."""


@dataclass(frozen=True)
class Reading:
    """What the classifier says of one line.

    `probabilities` are the 44 of KOTE, in its order. `labels` are those that reach their threshold, strongest first,
    without 없음. `basic` is the strength 0..1 of each of the eight basic emotions: that of its strongest label. Valence
    and arousal, -1..1, are the labels' own, weighted by probability squared over how often a label is true in KOTE
    (docs/emotion.md says why); 없음 pulls toward 0. `intensity`, 0..1, is the
    strongest basic emotion; a line in which no label reaches its threshold has none: 0.
    """

    probabilities: tuple[float, ...]
    labels: Mapping[str, float]
    basic: Mapping[str, float]
    valence: float
    arousal: float
    intensity: float

    @property
    def emotion(self) -> Emotion:
        """Return what a turn keeps of it."""
        return Emotion(self.valence, self.arousal, dict(self.labels))


class ClassifierEmotion:
    """Emotion from the classifier of 44 labels; a line is read by itself, which was measured to be best (docs/emotion.md)."""

    def __init__(self, classifier: Classifier | None = None) -> None:
        """Read with `classifier`, by default the shipped one."""
        from emotion.classifier import Classifier as Net

        self._classifier = classifier or Net.load()

    def read(self, text: str, previous: str = "") -> Emotion:
        """Return the emotion of `text`, as `Reading.emotion`; a text without a printed letter or mark has none."""
        return self.readings([text])[0].emotion

    def readings(self, texts: Sequence[str], report: Callable[[int], None] | None = None) -> list[Reading]:
        """Return a reading of each text; `report` is told how many are done."""
        probabilities = self._classifier.probabilities(texts, report)
        thresholds, rates = self._classifier.thresholds.tolist(), self._classifier.rates.tolist()
        return [
            _reading(
                row, thresholds, rates, silent=not any(letter.isprintable() and not letter.isspace() for letter in text)
            )
            for row, text in zip(probabilities.tolist(), texts, strict=True)
        ]


def _reading(probabilities: list[float], thresholds: list[float], rates: list[float], *, silent: bool) -> Reading:
    if silent:
        probabilities = [float(label == NONE) for label in LABELS]
    pairs = sorted(zip(probabilities, LABELS, thresholds, strict=True), reverse=True)
    labels = {label: round(p, 4) for p, label, least in pairs if p >= least and label != NONE}
    weights = [p * p / rate for p, rate in zip(probabilities, rates, strict=True)]  # surer and rarer labels say more
    valence, arousal = (
        sum(weight * pair[side] for weight, pair in zip(weights, _affect(), strict=True)) / sum(weights)
        for side in (0, 1)
    )
    basic = {name: round(value, 4) for name, value in families(dict(zip(LABELS, probabilities, strict=True))).items()}
    return Reading(
        tuple(round(p, 5) for p in probabilities),
        labels,
        basic,
        _clip(valence),
        _clip(arousal),
        max(basic.values()) if labels else 0.0,
    )


@cache
def _affect() -> tuple[tuple[float, float], ...]:
    """Return valence and arousal of every label, in KOTE's order."""
    return tuple(valence_arousal(label) for label in LABELS)


class LexiconEmotion:
    """Emotion from the rated words of a line alone; it does not look at the line before."""

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        """Read with `lexicon`, by default the shipped one."""
        self._lexicon = lexicon or Lexicon.load()

    def read(self, text: str, previous: str = "") -> Emotion:
        """Return the mean valence and arousal of the words in `text`, and the strength of each label that they name.

        Words weigh as in `WEIGHT`; a total below 1 counts as 1, so that a lone ㅋㅋ or 선물 says little. Negation and
        adverbs of degree scale a word, punctuation is added to arousal, and both results are clipped to -1..1. A label
        is as strong (0..1) as the strongest word that names it is far from neutral; negated words name none. A text
        without any of this gives `Emotion()`.
        """
        text = unicodedata.normalize("NFC", text)
        valence = arousal = total = 0.0
        labels: dict[str, float] = {}
        for match in self._lexicon.matches(text):
            word = self._lexicon.words[match.word]
            degree = _degree(text, match)
            weight = _weight(text, match, word.label)
            total += weight
            valence += weight * degree * word.valence * (NEGATION if match.negated else 1)
            arousal += weight * degree * word.arousal * (abs(NEGATION) if match.negated else 1)
            if word.label and not match.negated:
                strength = min(1.0, degree * math.hypot(word.valence, word.arousal))
                labels[word.label] = round(max(strength, labels.get(word.label, 0.0)), 3)
        total = max(1.0, total)
        return Emotion(_clip(valence / total), _clip(arousal / total + _punctuation(text)), labels)


def _weight(text: str, match: Match, label: str) -> float:
    if text[match.start] in _MARKS:
        return WEIGHT["mark"]
    return WEIGHT["label" if label else "colour"]


def _degree(text: str, match: Match) -> float:
    found = _DEGREE.search(text, max(0, match.start - _LOOK_BACK), match.start)
    if found is None:
        return 1.0
    return STRONGER if found[1] else WEAKER


def _punctuation(text: str) -> float:
    exclamations = min(3, text.count("!") + text.count("！"))
    questions = min(3, text.count("?") + text.count("？"))
    trailing = TRAILING_OFF if _TRAILING_OFF.search(text) else 0.0
    return exclamations * EXCLAMATION + questions * QUESTION + trailing


def _clip(value: float) -> float:
    return round(max(-1.0, min(1.0, value)), 4) + 0.0

"""Measure the emotion of a line: the protocol that every emotion model keeps, and the one that reads the lexicon."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Protocol

from emotion.lexicon import Lexicon, Match
from transcript.turn import Emotion

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

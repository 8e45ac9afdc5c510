"""Matching by the morphemes of Kiwi (https://github.com/bab2min/Kiwi), the optional extra `kiwi`; LGPL, half a gigabyte."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, Protocol

from emotion._endings import Role, jamo
from emotion._negation import ADVERBS, negated_behind, tokens
from emotion.lexicon import ELSEWHERE, MARKS, ONLY_AFTER, Lexicon, Match
from transcript.errors import DaebonError

_NOUNS = ("NNG", "XR", "NNB")
_PREDICATES = ("VV", "VA", "VX", "XSV", "XSA")
_STARTS = ("NNG", "XR", "VV", "VA", "MAG", "IC")
_WITHIN = (*_NOUNS, *_PREDICATES, "XSN", "EC")  # what may stand inside a word: 보/VV 고/EC 싶/VX 다
_MOST_PIECES = 4
_MOST_BETWEEN = 3  # between the two parts of a word written apart: 화 가 너무 안 나다
_FUTURE, _SO = ("ᆯ", "을"), ("어서", "아서", "여서")


class _Piece(Protocol):
    """A morpheme of Kiwi: its form in decomposed endings (ᆯ), its tag (Sejong set), its place in the text."""

    form: str
    tag: str
    start: int
    end: int


class KiwiMatcher:
    """Finds the words of a lexicon by lemma and part of speech; `matches` answers as `Lexicon.matches` does."""

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        """Load Kiwi (seconds, about 530 MB); raises DaebonError with the remedy when it is not installed."""
        try:
            kiwi: Any = import_module("kiwipiepy")
        except ImportError as error:
            raise DaebonError("kiwipiepy is not installed; run: pip install 'daebon[kiwi]'") from error
        self._lexicon = lexicon or Lexicon.load()
        self._kiwi = kiwi.Kiwi()
        self._word = lru_cache(maxsize=20_000)(self._looked_up)

    def matches(self, text: str) -> list[Match]:
        """Return the lexicon words in `text`, in order; positions refer to the NFC form of `text`."""
        text = unicodedata.normalize("NFC", text)
        found = [match for match in self._lexicon.matches(text) if match.word in MARKS.values()]
        ends = [token.end for token in tokens(text)]
        line: Sequence[_Piece] = self._kiwi.tokenize(text)
        following = 0
        for i, token in enumerate(line):
            if i < following or not token.tag.startswith(_STARTS) or ELSEWHERE.match(text, token.start):
                continue
            if hit := self._apart(line, i) or self._together(text, line, i):
                word, negated, following = hit
                role, end = _ending(line, following)
                if i and role != "noun" and line[i - 1].tag == "MAG":
                    negated ^= line[i - 1].form in ADVERBS
                negated ^= negated_behind(text, end, role)
                last = line[following - 1].end
                found.append(Match(word, token.start, min((e for e in ends if e >= last), default=last), negated))
        return sorted(found, key=lambda match: match.start)

    def _together(self, text: str, line: Sequence[_Piece], i: int) -> tuple[str, bool, int] | None:
        """Find the longest word that begins at `i` and the place behind it; 행복/NNG 하/XSA is 행복하다."""
        stop = i + 1
        while stop < min(len(line), i + _MOST_PIECES) and line[stop].tag.startswith(_WITHIN):
            if line[stop].tag == "EC" and line[stop].form != "고":
                break
            if line[stop].start > line[stop - 1].end and line[stop].tag != "VX":  # 보고 싶다, but not 후회 없다
                break
            stop += 1
        for end in range(stop, i, -1):
            will = end < len(line) and (line[end].form, line[end].tag) == ("겠", "EP")  # 좋아 죽겠다 is not dying
            form = "".join(piece.form for piece in line[i:end]) + "겠" * will
            if found := self._word(form, line[end - 1].tag):
                return *found, end
            needed, previous = ONLY_AFTER.get(form + "다"), text[: line[i].start].split()
            if needed and previous and needed.search(previous[-1]):
                return form + "다", False, end
        return None

    def _apart(self, line: Sequence[_Piece], i: int) -> tuple[str, bool, int] | None:
        """Find a word in two parts, 화/NNG 가/JKS 안/MAG 나/VV, and the place behind it."""
        negated = False
        for end in range(i + 1, min(len(line), i + 2 + _MOST_BETWEEN)):
            piece = line[end]
            if piece.tag.startswith(("VV", "VA")):
                found = self._lexicon.apart(line[i].form, piece.form + "다")
                return (found[0], found[1] ^ negated, end + 1) if found else None
            if not piece.tag.startswith(("J", "MAG")):
                return None
            negated ^= piece.form in ADVERBS
        return None

    def _looked_up(self, form: str, tag: str) -> tuple[str, bool] | None:
        """Return the word that a form with this tag of its last morpheme is, by the rules of the lexicon itself."""
        if tag.startswith(_PREDICATES):
            form += "다"
        elif tag.startswith((*_NOUNS, "XSN")):
            form += "을" if "ᆨ" <= jamo(form)[-1] <= "ᇂ" else "를"
        elif not tag.startswith(("MAG", "IC")):
            return None
        found = self._lexicon.matches(form)
        if len(found) == 1 and (found[0].start, found[0].end) == (0, len(form)):
            return found[0].word, found[0].negated
        return None


def _ending(line: Sequence[_Piece], i: int) -> tuple[Role, int]:
    """Return what stands behind a word that ends before `i` does for negation, and where that ends in the text."""
    end = line[i - 1].end
    if i == len(line):
        return "other", end
    form, tag = line[i].form, line[i].tag
    roles: dict[str, Role] = {"지": "ji", "어": "bare", "아": "bare", **dict.fromkeys(_SO, "so")}
    role: Role = "other"
    if line[i - 1].tag.startswith((*_NOUNS, "XSN")):
        role = "other" if tag == "VCP" else "noun"
    elif tag == "ETM":
        role = "fut" if form in _FUTURE else "mod"
    elif tag == "EC":
        role = roles.get(form, "other")
    while i < len(line) and line[i].tag.startswith(("J", "E")) and line[i].start <= end:
        end, i = line[i].end, i + 1
    return role, end

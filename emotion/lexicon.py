"""The rated words (`lexicon.tsv`) and where they stand in a text, whatever their inflection; no tagger is needed."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

from emotion._endings import Kind, Role, jamo, role_of
from emotion._negation import ADVERBS, Token, negated_behind, tokens
from emotion.conjugation import noun, predicate

COLUMNS = ("word", "pos", "valence", "arousal", "label", "emotion", "source", "reading")
PARTS = ("형용사", "동사", "명사", "부사", "감탄사")
READINGS = ("full", "strict", "predicate", "none")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Eojeols that are an inflected form by rule but nearly always say something else: luck, to ring, to lean, frankly …
_HOMOGRAPHS = _set("운 울 울려 기대 반해 반하여 딱히 솔직히 대단히 굉장히 평안도 성남 살인마")
# First parts of words that are also written apart, with a particle and an adverb between: 화가 안 났어, 보고 싶다.
_HEADS = _set("""
화 짜증 겁 신 골 성 샘 흥 싫증 신물 진저리 신명 신바람 살맛 힘 기 맘 마음 맥 소름 속 애 약 어이 어처구니
풀 한 치 주눅 재미 관심 보고 열 상처 충격 여유 빵 낯 토 멋
""")
_BETWEEN = ADVERBS | _set("너무 정말 진짜 참 많이 좀 더 다 막 하나도 또 잔뜩")
_HEAD_PARTICLES = ("", "이", "가", "을", "를", "도", "은", "는", "만", "에")
_LONGEST_EOJEOL = 24  # syllables; longer rows of Hangul are no word, and reading them costs time
_SISTERS = {"나다": "내다", "내다": "나다"}  # 짜증내다 is rated, 짜증나다 is said
_MARKS = {"ㅋ": "ㅋㅋ", "ㅎ": "ㅎㅎ", "ㅠ": "ㅠㅠ", "ㅜ": "ㅠㅠ", "ㄷ": "ㄷㄷ", "^": "^^"}


class Word(NamedTuple):
    """One row of the lexicon: valence and arousal in -1..1; `label` and `emotion` are "" when it names no feeling."""

    word: str
    pos: str
    valence: float
    arousal: float
    label: str
    emotion: str
    source: str
    reading: str


class Match(NamedTuple):
    """A lexicon word in a text, `start` and `end` of the eojeols that hold it in the NFC form of the text."""

    word: str
    start: int
    end: int
    negated: bool


class _Base(NamedTuple):
    word: str
    kind: Kind
    negated: bool = False  # 재미없- stands for 재미있다, negated


class Lexicon:
    """Words and the index of their inflected forms; `Lexicon.load()` gives the shipped one."""

    def __init__(self, words: Iterable[Word]) -> None:
        """Index `words`; those with the reading `none` are known but not looked for in text."""
        self.words: Mapping[str, Word] = MappingProxyType({word.word: word for word in words})
        self._bases: dict[str, list[_Base]] = defaultdict(list)
        self._heads: dict[str, dict[str, tuple[str, bool]]] = defaultdict(dict)  # 재미 -> 없다 -> 재미있다, negated
        self._seconds: dict[str, list[_Base]] = defaultdict(list)
        readable = [word for word in self.words.values() if word.reading != "none"]
        for word in readable:
            for base, kind in _own(word):
                self._bases[base].append(_Base(word.word, kind))
            self._add_parts(word.word, word.word, negated=False)
        for word in readable:
            for base, kind in _noun_within(word):
                self._bases[base].append(_Base(word.word, kind))
            for form, negated in _implied(word.word):
                if form not in self.words:
                    for base, kind in predicate(form):
                        self._bases[base].append(_Base(word.word, kind, negated))
                    self._add_parts(form, word.word, negated=negated)
        self._longest = max(map(len, self._bases), default=0)

    @staticmethod
    def load() -> Lexicon:
        """Return the shipped lexicon; read once, the same object ever after."""
        return _load()

    def matches(self, text: str) -> list[Match]:
        """Return the lexicon words in `text`, in order; positions refer to the NFC form of `text`.

        A word is looked for at the start of an eojeol (or behind 안, 못 written together with it) and counts only when
        the rest of the eojeol is an ending or a particle that can follow it, so 그리고 is not 그립다.
        """
        text = unicodedata.normalize("NFC", text)
        line = tokens(text)
        found: list[Match] = []
        following = 0
        for position, token in enumerate(line):
            if position < following:
                continue
            if mark := _MARKS.get(token.text[0]):
                found += [Match(mark, token.start, token.end, negated=False)] if mark in self.words else []
            elif apart := self._apart(line, position):
                match, role, following = apart
                found.append(match._replace(negated=match.negated != negated_behind(text, match.end, role)))
            elif within := self._within(token):
                match, role = within
                found.append(match._replace(negated=match.negated != negated_behind(text, match.end, role)))
        return found

    def _within(self, token: Token) -> tuple[Match, Role] | None:
        """Find the longest word whose form fills the eojeol, with what its ending does."""
        if token.text in _HOMOGRAPHS:
            return None
        hit = self._longest_base(token.text, self._bases)
        joined = not hit and len(token.text) > 2 and token.text[0] in ADVERBS
        if joined:
            hit = self._longest_base(token.text[1:], self._bases)
        if not hit or (joined and hit[1] == "noun"):
            return None
        base, role = hit
        negated = base.negated != (role == "not")
        if role != "noun":
            negated ^= joined or token.previous in ADVERBS
        return Match(base.word, token.start + joined, token.end, negated), role

    def _apart(self, line: list[Token], position: int) -> tuple[Match, Role, int] | None:
        """Find a word written in two parts from `position` on, and the position behind it."""
        first = line[position]
        for particle in _HEAD_PARTICLES:
            seconds = self._heads.get(first.text.removesuffix(particle)) if first.text.endswith(particle) else None
            if not seconds:
                continue
            negated, last = False, position + 1
            while last < len(line) and line[last].text in _BETWEEN and line[last].previous:
                negated ^= line[last].text in ADVERBS
                last += 1
            if last == len(line) or not line[last].previous:
                continue
            hit = self._longest_base(line[last].text, self._seconds)
            if hit and (found := seconds.get(hit[0].word)):
                word, opposite = found
                negated ^= opposite != (hit[1] == "not")
                return Match(word, first.start, line[last].end, negated), hit[1], last + 1
        return None

    def _longest_base(self, eojeol: str, bases: Mapping[str, list[_Base]]) -> tuple[_Base, Role] | None:
        if len(eojeol) > _LONGEST_EOJEOL:
            return None
        letters = jamo(eojeol)
        for length in range(min(len(letters), self._longest), 1, -1):
            for base in bases.get(letters[:length], ()):
                if role := role_of(base.kind, letters[length:]):
                    return base, role
        return None

    def _add_parts(self, form: str, word: str, *, negated: bool) -> None:
        """Index a form of a word by its two parts, 화나다 as 화 and 나다, where its first part is one of `_HEADS`."""
        for length in range(1, len(form) - 1 if form.endswith("다") else 1):
            head, second = form[:length], form[length:]
            if head in _HEADS:
                self._heads[head][second] = (word, negated)
                for letters, kind in predicate(second):
                    if _Base(second, kind) not in self._seconds[letters]:
                        self._seconds[letters].append(_Base(second, kind))


def _own(word: Word) -> Iterator[tuple[str, Kind]]:
    """Yield the bases of the word as it stands in the lexicon."""
    if word.pos in ("형용사", "동사"):
        yield from predicate(word.word)
    elif word.pos == "명사" and word.reading == "full":
        yield from noun(word.word)
    elif word.pos == "명사":
        yield jamo(word.word), "strict" if word.reading == "strict" else "predicate"
    else:
        yield jamo(word.word), "whole"


def _noun_within(word: Word) -> Iterator[tuple[str, Kind]]:
    """Yield the noun before 하다 (후회를 from 후회하다); one of one syllable (분하다) is nearly always another word."""
    root = word.word.removesuffix("하다")
    if word.pos in ("형용사", "동사") and root != word.word and len(root) > 1:
        if word.reading == "full":
            yield from noun(root)
        elif word.reading == "strict":
            yield jamo(root), "strict"


def _implied(word: str) -> Iterator[tuple[str, bool]]:
    """Yield predicates that are the word too (짜증나다 for 짜증내다), or, with True, its negation (재미없다)."""
    root, second = word[:-2], word[-2:]
    if second in _SISTERS and root in _HEADS:
        yield root + _SISTERS[second], False
    if second == "있다":
        yield root + "없다", True


@cache
def _load() -> Lexicon:
    """Read `lexicon.tsv` of this package."""
    text = files("emotion").joinpath("lexicon.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return Lexicon(
        Word(word, pos, float(valence), float(arousal), label, emotion, source, reading)
        for word, pos, valence, arousal, label, emotion, source, reading in rows[1:]
    )

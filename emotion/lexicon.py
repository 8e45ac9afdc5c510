"""The rated words (`lexicon.tsv`) and where they stand in a text, whatever their inflection; no tagger is needed."""

from __future__ import annotations

import re
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
_HOMOGRAPHS = _set("울 반해 반하여 딱히 솔직히 대단히 굉장히 평안도 성남 살인마 친히 벼를")
# Everyday words that would be read as a word of feeling: 떨어져 as 떨다, 바람을 as 바라다. They are looked for and dropped.
_EVERYDAY = _set(
    "기대다 느끼다 다스리다 떠나다 떨구다 떨어뜨리다 떨어지다 떨어치다 뛰어나가다 바라보다 바라보이다 어지르다 죽겠다"
)
_EVERYDAY_NOUNS = _set("바람 사나이 기차")
# Eojeols and words that count only behind such an eojeol: 밤새 운 is weeping, 나를 울리다 is making somebody weep.
ONLY_AFTER = {
    "운": re.compile(r"^(?:밤새|많이|실컷|엉엉|펑펑|꺼이꺼이|혼자|몰래|크게|슬피|서럽게)$"),
    "울리다": re.compile(r"(?<![종벨북징귀코땅])(?<!경적|나팔)(?<!사이렌)[을를]$|^(?:동생|애|아이|친구)$"),
}
# Words that say something else where they stand so: very; only the light; not a wink of sleep.
ELSEWHERE = re.compile(
    r"겁나게?(?![가-힣])|한\s*푼|죽을?\s*(?:먹|마시|마셔|퍼|쑤|끓)|불만\s*[끄꺼껐켜켰켤]|한숨(?:도|을)?\s*(?:[못안]\s*)?[자잔잘잤]"
)
# First parts of words that are also written apart, with a particle and an adverb between: 화가 안 났어, 보고 싶다.
_HEADS = _set("""
화 짜증 겁 신 골 성 샘 흥 싫증 신물 진저리 신명 신바람 살맛 힘 기 맘 마음 맥 소름 속 애 약 어이 어처구니
풀 한 치 주눅 재미 관심 보고 열 상처 충격 여유 빵 낯 토 멋 정 향수 수심 우수
가슴 기분 정신 신경 성질 재수 직성 염치 싸가지 정나미 복장 오금 배꼽 똥줄 진력 실감 살판 넋 얼 피 김 철 욕 흉 탐 혀 분 썸
""")
# What else is said of a feeling in two parts: word -> head and second parts.
_SAID = {
    "화나다": ("화", "치밀다 삭이다 풀다 풀리다 참다 돋우다"),
    "분하다": ("분", "풀리다 풀다 삭이다"),
    "애타다": ("애", "태우다"),
    "정": ("정", "가다 깊다 많다 붙다"),
    "한": ("한", "품다 풀다 풀리다 서리다"),
    "향수": ("향수", "젖다 달래다 잠기다"),
    "수심": ("수심", "차다 잠기다 어리다 깊다"),
    "우수": ("우수", "차다 젖다 어리다 잠기다"),
}
_BETWEEN = ADVERBS | _set("너무 정말 진짜 참 많이 좀 더 다 막 하나도 또 잔뜩 벌컥 왈칵 탁 단단히 머리끝까지")
_HEAD_PARTICLES = ("", "이", "가", "을", "를", "도", "은", "는", "만", "에")
_RUN_ON = re.compile(  # what is written together with the word behind it: 너무슬퍼, 난안슬퍼
    "(?:난|넌|나는|너는|내가|네가|니가|우리는)*"
    "(?:너무나?|정말로?|진짜로?|아주|매우|무척|되게|엄청|왜?그렇게|왜?이렇게)?([안못]?)"
)
_LONGEST_HEAD = 4
_LONGEST_EOJEOL = 24  # syllables; longer rows of Hangul are no word, and reading them costs time
_SISTERS = {"나다": "내다", "내다": "나다", "놓다": "놓이다"}  # 짜증내다 is rated, 짜증나다 is said
MARKS = {"ㅋ": "ㅋㅋ", "ㅎ": "ㅎㅎ", "ㅠ": "ㅠㅠ", "ㅜ": "ㅠㅠ", "ㄷ": "ㄷㄷ", "^": "^^"}


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
        readable = {
            word.word: word for word in self.words.values() if word.reading != "none" or word.word in ONLY_AFTER
        }
        for other in _EVERYDAY_NOUNS:
            for base, kind in noun(other):
                self._bases[base].append(_Base("", kind))
        for word in readable.values():
            for base, kind in _own(word):
                self._bases[base].append(_Base(word.word, kind))
            self._add_parts(word.word, word.word, negated=False)
        for word in readable.values():
            for base, kind in _noun_within(word):
                self._bases[base].append(_Base(word.word, kind))
            for form, negated in implied(word.word):
                if form not in readable:
                    for base, kind in predicate(form):
                        self._bases[base].append(_Base(word.word, kind, negated))
                    self._add_parts(form, word.word, negated=negated)
        for other in _EVERYDAY:
            for base, kind in predicate(other):
                self._bases[base].append(_Base("", kind))
        for name, (head, said) in _SAID.items():
            if name in self.words:
                for second in said.split():
                    self._add_parts(head + second, name, negated=False)
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
            if mark := MARKS.get(token.text[0]):
                found += [Match(mark, token.start, token.end, negated=False)] if mark in self.words else []
            elif ELSEWHERE.match(text, token.start):
                continue
            elif apart := self._apart(line, position):
                match, role, following = apart
                found.append(match._replace(negated=match.negated != negated_behind(text, match.end, role)))
            elif within := self._run_together(token) or self._within(token):
                match, role = within
                behind = negated_behind(text, match.end, role)
                if behind or role != "alone":
                    found.append(match._replace(negated=match.negated != behind))
        return found

    def apart(self, head: str, second: str) -> tuple[str, bool] | None:
        """Return the word that a noun and a predicate (화, 나다) make together, and whether negated; None for none."""
        return self._heads[head].get(second) if head in self._heads else None

    def _within(self, token: Token) -> tuple[Match, Role] | None:
        """Find the longest word whose form fills the eojeol, with what its ending does."""
        if token.text in _HOMOGRAPHS:
            return None
        skipped, negated = 0, False
        hit = self._longest_base(token.text, self._bases)
        if not hit and (run_on := _RUN_ON.match(token.text)) and (skipped := run_on.end()):
            negated = bool(run_on[1])
            hit = self._longest_base(token.text[skipped:], self._bases)
        if not hit or not hit[0].word or (skipped and hit[1] in ("noun", "alone")):
            return None
        base, role = hit
        needed = ONLY_AFTER.get(token.text) or ONLY_AFTER.get(base.word)
        if needed and not needed.search(token.previous):
            return None
        negated ^= base.negated != (role == "not")
        if role not in ("noun", "alone") and not skipped:
            negated ^= token.previous in ADVERBS
        return Match(base.word, token.start + skipped, token.end, negated), role

    def _run_together(self, token: Token) -> tuple[Match, Role] | None:
        """Find a word in two parts with a particle between, written as one: 화가나서, 어이가없네."""
        for length in range(1, min(len(token.text) - 2, _LONGEST_HEAD)):
            head, rest = token.text[:length], token.text[length:]
            if head not in self._heads:
                continue
            second = rest[rest[0] in _HEAD_PARTICLES :]
            negated = second[0] in ADVERBS
            hit = self._longest_base(second[negated:], self._seconds)
            if second[negated:] != rest and hit and (found := self._heads[head].get(hit[0].word)):
                word, opposite = found
                return Match(word, token.start, token.end, negated ^ opposite ^ (hit[1] == "not")), hit[1]
        return None

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
            if head in _HEADS and not (second == "하다" and self.words[word].pos == "형용사"):  # 약 한 병
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


def implied(word: str) -> Iterator[tuple[str, bool]]:
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

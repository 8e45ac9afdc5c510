"""How much of a fact a line says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from daebon.scores.forms import LIGHT, is_form, is_negative, is_noun, is_past
from daebon.scores.hangul import word_set
from daebon.scores.line import Line

SAID = 0.55  # share of a fact's weight from which a line says it
_SYNONYMS = tuple(
    word_set(group)
    for group in (
        "팔 넘기 처분하",
        "떠나 올라가 돌아가 가 타",
        "죽 돌아가시 숨지 승하하",
        "숨기 감추 빼돌리 넣",
        "뽑 빼 끊",
        "꺼뜨리 꺼트리 꺼지 끄",
        "졸 잠들 자",
        "외우 기억하 읊",
        "올리 바치 드리 들이",
        "주 건네 드리 쥐여주 치르 맡기",
        "들 들어가",
        "꺼지 어둡 어두우 어두운 어두워 캄캄하 컴컴하 깜깜하",
        "약사발 약 탕약 사약",
        "냉동고 냉장고",
        "코드 전기 플러그 전원",
        "월급 급여 봉급",
        "노인 어르신 노인분 그분",
        "딸 따님",
        "아들 아드님",
        "방 데 곳",
        "소매 옷소매 소맷자락",
        "쪽지 메모",
        "마을 동네 고을",
        "글 글씨 글자",
        "트럭 화물차",
    )
)


@dataclass(frozen=True)
class Part:
    """One content word of a fact, as a person, a noun, a verb stem, or noun and stem where the form leaves it open."""

    weight: float
    person: str = ""
    noun: str = ""
    stem: str = ""
    last: bool = False  # the predicate of the fact
    object: bool = False
    also: frozenset[str] = frozenset()  # other words for the same thing in this scenario


@dataclass(frozen=True)
class Fact:
    """Something that not everybody may say. `opens` holds the (scene index, beat index) pairs that reveal it."""

    text: str
    keepers: frozenset[str]
    knowers: frozenset[str]
    opens: frozenset[tuple[int, int]]
    subject: str | None
    parts: tuple[Part, ...]
    past: bool
    negated: bool


def said(
    fact: Fact, line: Line, speaker: str | None, to: Sequence[str], staged: frozenset[Part] = frozenset()
) -> float:
    """Return the share 0..1 of the fact's content that the line says.

    `staged` are the parts of the fact that are plain to see on the stage anyway; they count half. A line that names
    another subject ("제가", "누가") says something else. A dropped subject is the speaker of a statement and the
    addressee of a question.
    """
    persons = {part.person for part in fact.parts}
    if fact.subject and line.subjects - persons and fact.subject not in line.subjects:
        return 0.0
    total = got = 0.0
    matches = [match_part(part, line, fact) for part in fact.parts]
    objects = [match for part, match in zip(fact.parts, matches, strict=True) if part.object]
    if sum(match > 0 for match in matches) < min(2, len(matches)) or (objects and not any(objects)):
        return 0.0
    if fact.subject:
        total += 0.5
        implied = 0.6 if (fact.subject == speaker and line.tells) or (fact.subject in to and line.asks) else 0.0
        got += 0.5 * (1.0 if fact.subject in line.people else implied)
    if fact.negated:
        total += 0.5
        got += 0.5 * any(is_negative(line.words, at) for at in range(len(line.words)))
    for part, match in zip(fact.parts, matches, strict=True):
        weight = part.weight * (0.5 if part in staged else 1.0)
        total, got = total + weight, got + weight * match
    return got / total * (1.0 if matches[-1] else 0.8)  # without its verb a fact is only hinted at


def match_part(part: Part, line: Line, fact: Fact | None = None) -> float:
    """Return how well `line` holds `part`: 1 the word itself, 0.7 a synonym, 0 nothing.

    With `fact`, its predicate also needs the same polarity, and counts 0.4 in another tense.
    """
    if part.person:
        return float(part.person in line.people)
    best = 0.0
    for at, word in enumerate(line.words):
        for noun in _alike(part.noun) | part.also:
            if is_noun(line.words, at, noun):
                best = max(best, 1.0 if noun == part.noun else 0.7)
        for stem in _alike(part.stem):
            if not is_form(word, stem):
                continue
            quality = 1.0 if stem == part.stem else 0.5 if stem in LIGHT else 0.7
            if fact and part.last:
                quality *= float(is_negative(line.words, at) == fact.negated)
                quality *= 1.0 if fact.past == is_past(line.words, at, fact.past) else 0.4
            best = max(best, quality)
    if len(part.noun) > 2:
        squeezed = "".join(line.words)
        grams = [part.noun[i : i + 2] for i in range(len(part.noun) - 1)]
        share = sum(gram in squeezed for gram in grams) / len(grams)
        best = max(best, share if share >= 0.5 else 0.0)
    return best


def _alike(word: str) -> set[str]:
    return {word}.union(*(group for group in _SYNONYMS if word in group)) if word else set()

"""Psychology: what a persona's Big Five do on the stage, by a table with its sources, and the same in words for a writer.

The table is psychology.tsv; docs/psychology.md shows it with a worked example. Papers give the signs, the figures are ours.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import log, pow, prod
from typing import Literal

from agents.casting import cast_next
from emotion.dynamics import Temper, after, opening
from scenarios.values import Persona, Traits
from transcript.turn import Emotion, Turn

LINE = 15  # letters and digits in a usual line: the mean over the example lines of the shipped personas
STANDS_OUT = 0.125  # share by which a figure has to be off the usual one to be worth a sentence; ours

_BLOW = Emotion(valence=-1.0)  # the strongest that can be measured
_LINES = 3000  # lines cast to count how many are one's own
_SEEN = 8  # turns that casting looks back on, and more
_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_COUNTERS = {
    "sway": "걸음",
    "catch": "걸음",
    "lasts": "줄",
    "rest": "칸",
    "lines": "줄",
    "letters": "자",
    "directness": "",
}
_MARGINS = {"rest": 0.75, "directness": 1.0}  # steps of ten, where there is no usual amount to take a share of; ours
_SENTENCES = {  # language -> what is counted -> the sentence for more and for less than usual
    "ko": {
        "sway": (
            "쉽게 흔들린다. 눈앞에서 일이 터지면 마음이 열 걸음 가운데 {figure}을 단숨에 간다. 보통은 {usual}이다.",
            "좀처럼 흔들리지 않는다. 눈앞에서 일이 터져도 마음은 열 걸음 가운데 {figure}만 간다. 보통은 {usual}이다.",
        ),
        "catch": (
            "남의 마음이 쉽게 옮는다. 사랑하는 사람의 울먹이는 한마디에 열 걸음 가운데 {figure}을 따라간다. 보통은 {usual}이다.",
            "남의 마음이 잘 옮지 않는다. 사랑하는 사람이 울먹여도 한마디에 열 걸음 가운데 {figure}만 따라간다. 보통은 {usual}이다.",
        ),
        "lasts": (
            "마음을 오래 품는다. 기쁨이든 화든 반으로 잦아들기까지 대사 {figure}이 걸린다. 보통은 {usual}이다.",
            "금세 잦아든다. 기쁨이든 화든 대사 {figure}이면 반으로 준다. 보통은 {usual}이다.",
        ),
        "rest": (
            "바탕이 밝다. 적어 둔 평소 감정보다 {figure} 밝은 데서 시작한다. 무덤덤에서 환희까지가 열 칸이다.",
            "바탕에 그늘이 있다. 적어 둔 평소 감정보다 {figure} 어두운 데서 시작한다. 무덤덤에서 절망까지가 열 칸이다.",
        ),
        "lines": (
            "말이 많다. 셋이 있으면 서른 줄 가운데 {figure}을 차지한다. 보통은 {usual}이다. 둘뿐이면 번갈아 말한다.",
            "말수가 적다. 셋이 있으면 서른 줄 가운데 {figure}에서만 입을 연다. 보통은 {usual}이다. 둘뿐이면 번갈아 말한다.",
        ),
        "letters": (
            "말이 길다. 대사 한 줄이 {figure}쯤 된다. 보통은 {usual}다.",
            "말이 짧다. 대사 한 줄이 {figure}쯤이다. 보통은 {usual}다.",
        ),
        "directness": (
            "싫은 소리를 돌려 하지 않는다. 아니다 싶으면 그 자리에서 아니라고 한다.",
            "맞서기를 꺼린다. 아니다 싶어도 맞장구부터 치고 돌려 말한다.",
        ),
    },
    "en": {
        "sway": (
            "Easily shaken: when something happens, the heart goes {figure} of ten steps its way; usually {usual}.",
            "Hard to shake: when something happens, the heart goes only {figure} of ten steps its way; usually {usual}.",
        ),
        "catch": (
            "Catches feelings: a tearful line from somebody loved takes them {figure} of ten steps along; usually {usual}.",
            "Catches little: a tearful line from somebody loved takes them only {figure} of ten steps along; usually {usual}.",
        ),
        "lasts": (
            "Slow to let go: counted in lines, joy or anger halves in {figure}; usually in {usual}.",
            "Soon over it: counted in lines, joy or anger halves in {figure}; usually in {usual}.",
        ),
        "rest": (
            "Bright at rest: {figure} of the ten steps from calm to delight above the feelings that were written.",
            "Dark at rest: {figure} of the ten steps from calm to despair below the feelings that were written.",
        ),
        "lines": (
            "Talkative: among three, {figure} of thirty lines are theirs; usually {usual}. Two alone take turns.",
            "Quiet: among three, only {figure} of thirty lines are theirs; usually {usual}. Two alone take turns.",
        ),
        "letters": (
            "Long lines: about {figure} letters each; usually {usual}.",
            "Short lines: about {figure} letters each; usually {usual}.",
        ),
        "directness": (
            "Disagrees in the open: says no on the spot.",
            "Avoids a clash: agrees first and comes round to the no.",
        ),
    },
}
_NOTHING = {
    "ko": "두드러진 데가 없다. 남들만큼 흔들리고 남들만큼 말한다.",
    "en": "Nothing stands out: moved as much as anybody, and talks as much.",
}


@dataclass(frozen=True)
class Disposition:
    """What the stage makes of a persona.

    `volatility` and `talkativeness` in 0..1, the written values as the traits shift them. `contagion`, `length` and
    `half_life` are factors, 1.0 neutral: on the share by which another's line moves one, on the letters of a line, and on
    the turns until half of the way back to rest is gone. `rest` is added to the valence at rest (-0.3..0.3). `directness`
    0..1 is how openly one disagrees; no rule reads it, it is for words only.
    """

    volatility: float
    talkativeness: float
    contagion: float
    length: float
    rest: float
    half_life: float = 1.0
    directness: float = 0.5


@dataclass(frozen=True)
class Row:
    """One row of the table: what `trait` does to `consequence`, a field of Disposition.

    `coefficient` is the effect of the trait at 1: of unit slider (of 0..1) or valence (of -1..1) it is added, and taken
    away at 0; a factor multiplies, and divides at 0. `checked` says what was read of the `source`: its abstract, or an
    account by others.
    """

    consequence: str
    trait: str
    coefficient: float
    unit: str
    finding: str
    source: str
    checked: str


@cache
def table() -> tuple[Row, ...]:
    """Return the rows of psychology.tsv in their order."""
    lines = (files("agents") / "psychology.tsv").read_text(encoding="utf-8").splitlines()
    cells = [line.split("\t") for line in lines if not line.startswith("#")]
    return tuple(
        Row(consequence, trait, float(coefficient), unit, finding, source, checked)
        for consequence, trait, coefficient, unit, finding, source, checked in cells
    )


def disposition(persona: Persona) -> Disposition:
    """Return what the traits make of the persona; at 0.5 a trait changes nothing."""
    traits = persona.traits
    return Disposition(
        volatility=_clamped(persona.emotion.volatility + _shift(traits, "volatility")),
        talkativeness=_clamped(persona.talkativeness + _shift(traits, "talkativeness")),
        contagion=_factor(traits, "contagion"),
        length=_factor(traits, "length"),
        rest=_shift(traits, "rest"),
        half_life=_factor(traits, "half_life"),
        directness=_clamped(0.5 + _shift(traits, "directness")),
    )


def in_words(persona: Persona, language: Literal["ko", "en"]) -> tuple[str, ...]:
    """Return a sentence for each figure in which this persona differs from a neutral one, or one that says none does.

    Steps, turns and lines come from the rules that play the scene, `emotion.dynamics` and `agents.casting`, at the values
    of `disposition`; letters from LINE.
    """
    own, usual = (_counted(disposition(someone)) for someone in (persona, Persona(name=persona.name)))
    sentences = []
    for key, (more, less) in _SENTENCES[language].items():
        off = own[key] - usual[key]
        figure, other = (_said(abs(counts[key]), _COUNTERS[key], language) for counts in (own, usual))
        if abs(off) >= _MARGINS.get(key, STANDS_OUT * usual[key]) and figure != other:
            sentences.append((more if off > 0 else less).format(figure=figure, usual=other))
    return tuple(sentences) or (_NOTHING[language],)


def _shift(traits: Traits, consequence: str) -> float:
    return sum(row.coefficient * _lean(traits, row) for row in table() if row.consequence == consequence)


def _factor(traits: Traits, consequence: str) -> float:
    return prod(pow(row.coefficient, _lean(traits, row)) for row in table() if row.consequence == consequence)


def _lean(traits: Traits, row: Row) -> float:
    """Return the trait of `row` as -1..1."""
    return 2.0 * float(getattr(traits, row.trait)) - 1.0


def _clamped(value: float) -> float:
    return min(1.0, max(0.0, value))


def _counted(found: Disposition) -> dict[str, float]:
    """Return what the sentences count: steps of ten, turns, lines of thirty, letters."""
    return {
        "sway": 10 * _sway(found.volatility),
        "catch": 10 * min(1.0, _catch(found.volatility) * found.contagion),
        "lasts": _half_life(found.volatility) * found.half_life,
        "rest": 10 * found.rest,
        "lines": 30 * _share(found.talkativeness),
        "letters": LINE * found.length,
        "directness": 10 * found.directness,
    }


def _sway(volatility: float) -> float:
    """Return the share of the way (0..1) that an event moves one."""
    tempers = {"갑": Temper(volatility=volatility)}
    return -after(opening(tempers), None, ["갑"], _BLOW, {}, tempers, {})["갑"]["valence"]


def _catch(volatility: float) -> float:
    """Return the share of the way (0..1) that the line of a loved speaker moves one."""
    tempers = {"갑": Temper(volatility=volatility), "을": Temper()}
    return -after(opening(tempers), "을", ["갑"], _BLOW, {}, tempers, {("갑", "을"): 1.0})["갑"]["valence"]


def _half_life(volatility: float) -> float:
    """Return the turns until half of the way back to rest is gone."""
    tempers = {"갑": Temper(volatility=volatility)}
    moved = {"갑": {**opening(tempers)["갑"], "valence": 1.0}}
    return log(0.5) / log(after(moved, None, [], Emotion(), {}, tempers, {})["갑"]["valence"])


@cache
def _share(talkativeness: float) -> float:
    """Return the share of the lines (0..1) that one takes beside two neutral people.

    Nobody is named, asked or required, and near-ties, which the model decides in a take, fall to chance.
    """
    rng, names, turns, mine = random.Random(0), ("갑", "을", "병"), list[Turn](), 0
    talk = dict.fromkeys(names, 0.5) | {"갑": talkativeness}

    def ask(near: Sequence[str]) -> tuple[Sequence[float], int, int, float]:
        return [rng.random() for _ in near], 0, 0, 0.0

    for _ in range(_LINES):
        choice = cast_next(names, turns, dict.fromkeys(names, ()), talk, ask=ask)
        turns = [*turns[-_SEEN:], Turn(1, 1, 1, "dialogue", "…", speaker=choice.name, present=names)]
        mine += choice.name == "갑"
    return mine / _LINES


def _said(value: float, counter: str, language: str) -> str:
    """Return a number under 100 in Korean words with its counter (네 걸음 반, 스무 줄), or in English digits."""
    value = round(2 * value) / 2 if counter in ("걸음", "칸") else round(value)
    if language == "en":
        return f"{value:g}"
    tens, ones = divmod(int(value), 10)
    number = "스무" if (tens, ones) == (2, 0) else _TENS[tens] + _ONES[ones]
    return f"{number} {counter}{' 반' if value % 1 else ''}"

"""What one line of a writer says by itself, by the words in it: age, level, names, themes; and the lists it is read by.

Every proposal says how it came about.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from agents import prompts
from agents.names import titles, with_particle

FIELDS = {  # key of a persona: its label in the prompt, how a good one ends
    "persona": ("속사정", r"다\.?$"),
    "want": ("바라는 것", r"(?:것|기)$"),
    "fear": ("두려운 것", r"(?:것|기)$"),
    "secret": ("비밀", r"다\.?$"),
}
_ONES = {
    "한": 1,
    "하나": 1,
    "두": 2,
    "둘": 2,
    "세": 3,
    "셋": 3,
    "네": 4,
    "넷": 4,
    "다섯": 5,
    "여섯": 6,
    "일곱": 7,
    "여덟": 8,
    "아홉": 9,
}
_TENS = {
    "열": 10,
    "스물": 20,
    "스무": 20,
    "서른": 30,
    "마흔": 40,
    "쉰": 50,
    "예순": 60,
    "일흔": 70,
    "여든": 80,
    "아흔": 90,
}
_OLD = re.compile("조선|사극|선비|내시|상궁|노비|대감|임금|고려|궁궐")
_AGE = re.compile(r"(\d{1,3})\s?(?:세|살)|(\d0)대")
_AGE_WORD = re.compile(rf"(?<![가-힣])({'|'.join(_TENS)})\s?({'|'.join(_ONES)})?\s?(?:살|세)?(?:의|인|이|,|\s|$)")


@dataclass(frozen=True)
class Proposal:
    """A value for one field, and in words how it came about: by a word of the idea, by score, or written by the model."""

    value: str
    how: str


@dataclass(frozen=True)
class Beat:
    """One beat of a structure: its scene (from 1), time of day, least and most turns, and the goal with places for names."""

    scene: int
    time: str
    turns: tuple[int, int]
    goal: str


@cache
def table(kind: str) -> tuple[tuple[str, str], ...]:
    """Return (key, value) of every row of a kind in authoring.tsv."""
    rows = files("agents").joinpath("authoring.tsv").read_text(encoding="utf-8").splitlines()
    cells = [row.split("\t") for row in rows if row and not row.startswith("#")]
    return tuple((row[1], "\t".join(row[2:])) for row in cells if row[0] == kind)


def values(kind: str) -> tuple[str, ...]:
    """Return the values of a kind, in order."""
    return tuple(value for _, value in table(kind))


def structures() -> tuple[str, ...]:
    """Return the names of the structures that a scenario may take."""
    return tuple(dict.fromkeys(key for key, _ in table("beat")))


def beats(structure: str) -> tuple[Beat, ...]:
    """Return the beats of a structure."""
    found = []
    for key, value in table("beat"):
        if key == structure:
            scene, time, turns, goal = value.split("|")
            least, most = turns.split("-")
            found.append(Beat(int(scene), time, (int(least), int(most)), goal))
    return tuple(found)


def goal(pattern: str, a: str, b: str) -> str:
    """Return the goal of a beat with names in its places, each with the particle that fits."""

    def put(match: re.Match[str]) -> str:
        name, particle = (a if match[1] == "A" else b), match[2]
        pairs = {"이": ("이", "가"), "은": ("은", "는"), "을": ("을", "를"), "과": ("과", "와")}
        return with_particle(name, *pairs[particle]) if particle in pairs else name + particle

    return re.sub(r"\{([AB])([^}]*)\}", put, pattern)


def age_of(idea: str) -> Proposal | None:
    """Return the age that an idea says or implies; None where it says nothing."""
    if found := _AGE.search(idea):
        return Proposal(found[1] or str(int(found[2]) + 5), f"from “{found[0]}”")
    if found := _AGE_WORD.search(idea):
        return Proposal(str(_TENS[found[1]] + _ONES.get(found[2] or "", 0)), f"from “{found[0].strip(' ,')}”")
    return _of_word(idea, "age")


def level_of_idea(idea: str) -> Proposal | None:
    """Return the speech level that people of a word in the idea usually speak; None where no word says one."""
    return _of_word(idea, "level")


def names_for(idea: str, age: str, taken: Sequence[str], seed: int) -> list[str]:
    """Return names that are usual for somebody of that age and time, in an order drawn by `seed`."""
    years = int(age) if age.isdecimal() else 30
    decade = "조선" if _OLD.search(idea) else str(next(limit for limit in (60, 40, 25, 0) if years >= limit))
    woman, man = (any(_stands(idea, word) for word, _ in table(kind)) for kind in ("woman", "man"))
    kinds = ["woman"] if woman and not man else ["man"] if man and not woman else ["woman", "man"]
    found = [name for key, some in table("name") for name in some.split() if key in [f"{k}-{decade}" for k in kinds]]
    random.Random(f"{idea} {seed}").shuffle(found)
    return [name for name in found if name not in taken]


def parts_of(logline: str) -> tuple[str, str]:
    """Return who a logline is about: its subject, and the person whom the subject acts on; "" where the grammar does not say."""
    found = re.match(r"(.+?[가-힣])(?:이|가|은|는) (?:(.+[가-힣])(?:을|를|에게|한테|와|과) \S+)?", logline.strip())
    if not found:
        return "", ""
    other = prompts.neutral(found[2] or "")
    person = any(_stands(other, word) for kind in ("woman", "man", "level", "age", "person") for word, _ in table(kind))
    return prompts.neutral(found[1]), other if person or other.endswith(titles()) else ""


def of_idea(kind: str, idea: str) -> list[Proposal]:
    """Return the values of a kind that a word of the idea calls for."""
    said = [(word, value) for words, value in table(kind) for word in words.split() if _begins(idea, word)]
    return [Proposal(value, f"from “{word}”") for word, value in said]


def by_age(idea: str, age: str) -> Proposal:
    """Return the speech level that somebody of that age, in the time of the idea, usually speaks."""
    old = bool(_OLD.search(idea))
    years = int(age) if age.isdecimal() else 30
    level = "하오체" if old else "해체" if years < 20 else "해라체" if years >= 65 else "해요체"
    return Proposal(level, "guessed from the time" if old else "guessed from the age")


def role_of(idea: str) -> str:
    """Return what the others can see of an idea: its first clause."""
    return prompts.neutral(re.split(r"[,.;]\s", idea)[0]).rstrip(".")


def _of_word(idea: str, kind: str) -> Proposal | None:
    """Return the value of the last word of the first clause that stands there without a particle: a Korean head comes last."""
    clause = re.split(r"[,.;]", idea)[0]
    places = [(found.start(), word, value) for word, value in table(kind) if (found := _stands(clause, word))]
    if not places:
        return None
    _, word, value = max(places)
    return Proposal(value, f"from “{word}”" if kind == "level" else f"guessed from “{word}”")


def _stands(text: str, word: str) -> re.Match[str] | None:
    """Find `word` as the end of a word, without a particle: 떡집 할머니, 여고생; not 왕따, 아버지가."""
    return re.search(rf"{'(?<![가-힣])' if len(word) < 2 else ''}{word}(?![가-힣])", text)


def themes(idea: str) -> list[tuple[str, dict[str, str]]]:
    """Return (word, texts by field) of each theme that a word of the idea calls up, the one with the most words first."""
    found = []
    for words, cells in table("theme"):
        said = [word for word in words.split() if _begins(idea, word)]
        if said:
            found.append((len(said), said[0], dict(zip(FIELDS, cells.split("\t"), strict=True))))
    return [(word, texts) for _, word, texts in sorted(found, key=lambda item: -item[0])]


def _begins(idea: str, word: str) -> bool:
    """Say whether a word of the idea begins with `word`; one of a single syllable has to be followed by a particle or nothing."""
    rest = "(?:[이가은는을를의도과와]|에서)?(?![가-힣])" if len(word) < 2 else ""
    return bool(re.search(rf"(?<![가-힣]){word}{rest}", idea)) or (len(word) > 2 and word in idea)

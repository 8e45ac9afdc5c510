"""The facts of a scenario that not everybody may say, taken apart into their content words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from daebon.scores.forms import LIGHT, loose_stem, particle_of, stem_of
from daebon.scores.hangul import plain, word_set
from daebon.scores.line import read_line
from daebon.scores.rows import Row, always_on_stage, names_of, personas
from daebon.scores.saying import SAID, Fact, Part, said

_TIMES = word_set("오늘 어제 그제 내일 모레 지금 아침 점심 저녁 밤 새벽 낮 그날 그때 방금 아까")
_NUMBERS = word_set("한 두 세 네 몇")
_DROPPED = _NUMBERS | word_set("그 이 저 모두 다 더 또 꼭 매우 없이 함께 혼자")


def facts_of(scenario: Row) -> list[Fact]:
    """Collect the secrets and the knowledge that somebody in the cast does not share, each text once."""
    cast = set(names_of(scenario).values())
    texts: dict[str, str] = {}
    keepers: dict[str, set[str]] = {}
    knowers: dict[str, set[str]] = {}
    rows = [(fact, [one["name"]], True) for one in personas(scenario) for fact in one.get("secret") or ()]
    rows += [(row["fact"], row["who"], False) for row in scenario.get("knowledge") or ()]
    for text, who, kept in rows:
        key = plain(text)
        texts.setdefault(key, text)
        knowers.setdefault(key, set()).update(who)
        keepers.setdefault(key, set()).update(who if kept else ())
    secret_or_private = (key for key in texts if keepers[key] or not knowers[key] >= cast)
    return [_parse(texts[key], scenario, frozenset(keepers[key]), frozenset(knowers[key])) for key in secret_or_private]


def _openings(fact: Fact, scenario: Row) -> Iterator[tuple[int, int]]:
    for s, scene in enumerate(scenario["scenes"]):
        for b, beat in enumerate(scene.get("beats") or ()):
            for revealed in beat.get("reveal") or ():
                same = plain(revealed) == plain(fact.text)
                if same or said(fact, read_line(revealed, scenario), None, ()) >= SAID:
                    yield s, b


def _parse(text: str, scenario: Row, keepers: frozenset[str], knowers: frozenset[str]) -> Fact:
    line = read_line(text, scenario)
    same = _same_things(scenario)
    subject: str | None = None
    negated = False
    parts: list[Part] = []
    for before, word, person in zip(("", *line.words), line.words[:-1], line.people[:-1], strict=False):
        counted = before in _NUMBERS
        particle = particle_of(word)
        noun = word[: len(word) - len(particle)]
        if person and subject is None and not parts and particle in ("은", "는", "이", "가"):
            subject = person
        elif person:
            parts.append(Part(0.3 if particle == "의" else 0.5, person=person, object=particle in ("을", "를")))
        elif word in ("못", "안"):
            negated = True
        elif noun in _TIMES:
            parts.append(Part(0.3, noun=noun))
        elif word in _DROPPED:
            continue
        elif ending := re.search(r".(?:다가|기로|면서|려고|아서|어서|며|면)$", word):
            parts.append(Part(1.0, stem=word[: ending.start() + 1]))
        elif counted and parts:  # 사초 한 장을: the noun before the number takes the particle of the counter
            parts[-1] = replace(parts[-1], weight=1.0, stem="", object=particle in ("을", "를"))
            parts.append(Part(0.3, noun=noun, object=particle in ("을", "를")))
        elif particle:
            core = particle in ("을", "를", "이", "가", "은", "는")
            weight = 1.0 if core else 0.5 if particle == "의" else 0.7
            also = same.get(noun, frozenset())
            parts.append(Part(weight, noun=noun, object=particle in ("을", "를"), also=also))
        else:
            stem = loose_stem(word)
            sure = word.endswith(("아", "어", "고")) and len(word) == 2
            light = stem in LIGHT
            parts.append(Part(0.3 if light else 1.0 if sure else 0.5, noun="" if sure else word, stem=stem))
    stem, past = stem_of(line.words[-1])
    parts.append(Part(0.3 if stem in LIGHT else 1.0, stem=stem, last=True))
    past = past and stem != "하"  # 팔기로 했다 is a plan
    fact = Fact(text, keepers, knowers, frozenset(), subject, tuple(parts), past, negated)
    return replace(fact, opens=frozenset(_openings(fact, scenario)))


def _same_things(scenario: Row) -> dict[str, frozenset[str]]:
    """Read from what all know which noun is which ("해진호는 … 배였다"): either word may stand for the other."""
    same: dict[str, frozenset[str]] = {}
    for text in always_on_stage(scenario):
        if found := re.fullmatch(r"([가-힣]{2,})[은는] (?:.* )?([가-힣]+?)(?:이다|였다|이었다)", text):
            same[found[1]], same[found[2]] = frozenset({found[2]}), frozenset({found[1]})
    return same

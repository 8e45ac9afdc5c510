"""To whom the lines of a script are said, and how each speaks to each: counted, never guessed."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from agents.calling import terms
from agents.names import called, given_name
from agents.speech import read
from scenarios.values import Level
from training.labels import spelt
from training.script import Manner, Spoken

_TOWARD = re.compile(
    r"(?P<who>[가-힣A-Za-z0-9 ]{1,16}?)(?:에게|한테|께|더러|(?:을|를)\s(?:보며|보고|향해|돌아보며|노려보며))"
)
# Shares of a pair's votes, set on the marked scripts of odd number (benchmarks/extract.py).
_FORMAL, _PLAIN = 0.35, 0.34
_GUESSED = 0.5  # vote of a line of which only its neighbours say to whom it is said


def addressed(lines: Sequence[tuple[Spoken, str]], forms: Mapping[str, Sequence[str]]) -> list[Spoken]:
    """Return the lines with whom they are said to: named in the direction or called, the only other one there, or a neighbour.

    A term of address (오빠, 팀장님) that was once said to somebody for sure points to them again.
    """
    present = defaultdict[int, list[str]](list)
    for line, _ in lines:
        if line.speaker and line.speaker not in present[line.scene]:
            present[line.scene].append(line.speaker)
    found: list[Spoken] = []
    known: dict[tuple[str, str], str] = {}
    for line, direction in lines:
        others = [name for name in forms if name != line.speaker]
        here = [name for name in present[line.scene] if name != line.speaker]
        to = _directed(direction, others) or next(iter(called(line.text, {name: forms[name] for name in others})), "")
        said = terms(line.text)
        to = to or next((known[line.speaker, term] for term in said if (line.speaker, term) in known), "")
        sure = bool(to) or len(here) == 1
        to = to or (here[0] if len(here) == 1 else "")
        for term in said if sure and line.speaker else ():
            known.setdefault((line.speaker, term), to)
        found.append(replace(line, to=to, sure=sure))
    for n, line in enumerate(found):
        if line.to or not line.speaker:
            continue
        found[n] = replace(line, to=_neighbour(found, n, calls=bool(terms(line.text))))
    return _agreed(found)


def _agreed(lines: Sequence[Spoken]) -> list[Spoken]:
    """Return the lines so that one person calls only one other by a term: the one whom most of the lines with it go to."""
    meant: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for line in lines:
        for term in terms(line.text) if line.to else ():
            meant[line.speaker, term][line.to] += 1
    found = []
    for line in lines:
        owners = [meant[line.speaker, term].most_common(1)[0][0] for term in terms(line.text) if line.to]
        found.append(replace(line, to=owners[0]) if owners and not line.sure else line)
    return found


def _directed(direction: str, others: Sequence[str]) -> str:
    match = _TOWARD.search(direction)
    if not match:
        return ""
    who = spelt(match["who"])
    return next((name for name in others if who.endswith((spelt(name), given_name(spelt(name))))), "")


def _neighbour(lines: Sequence[Spoken], n: int, *, calls: bool) -> str:
    """Return who was spoken to by the lines around: the one who spoke before, or after where nobody did."""
    line = lines[n]
    before = next(
        (o for o in reversed(lines[:n]) if o.scene != line.scene or o.speaker not in ("", line.speaker)), None
    )
    after = next((o for o in lines[n + 1 :] if o.scene != line.scene or o.speaker not in ("", line.speaker)), None)
    earlier = before.speaker if before and before.scene == line.scene else ""
    later = after.speaker if after and after.scene == line.scene else ""
    if calls and later:
        return later  # who is called answers
    mine = lines[n - 1] if n and lines[n - 1].scene == line.scene and lines[n - 1].speaker == line.speaker else None
    if mine and mine.to and not (after and after.to == line.speaker and later != mine.to):
        return mine.to
    if earlier and before and before.to not in (line.speaker, "") and before.sure and later:
        return later  # the one before spoke to somebody else
    return earlier or later


def manners(lines: Sequence[Spoken], forms: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], Manner]:
    """Return how each speaks to each, by (who, to whom)."""
    found: dict[tuple[str, str], Manner] = {}
    pairs = sorted({(line.speaker, line.to) for line in lines if line.speaker and line.to})
    for who, to in pairs:
        mine = [line for line in lines if (line.speaker, line.to) == (who, to)]
        level, share = level_of((line.text, 1.0 if line.sure else _GUESSED) for line in mine)
        found[who, to] = Manner(len(mine), level, share, _address(mine, to, forms))
    return found


def level_of(lines: Iterable[tuple[str, float]]) -> tuple[Level | None, float]:
    """Return the speech level of weighted lines to one person, and its share of the sentences that carry an ending; None of none.

    Korean mixes: whoever speaks 합쇼체 also says 해요체 sentences, whoever speaks 해라체 also 해체 ones, so the higher or
    plainer of such two wins from a third of the sentences on.
    """
    found: dict[Level, float] = defaultdict(float)
    for text, weight in lines:
        for levels in read(text):
            for level in levels:
                found[level] += weight / len(levels)
    total = sum(found.values())
    if not total:
        return None, 0.0
    polite, plain = found["합쇼체"] + found["해요체"], found["해라체"] + found["해체"]
    best: Level = "하오체" if found["하오체"] > found["하게체"] else "하게체"
    if found[best] > max(polite, plain) * 0.5 and found[best] >= 1:
        level = best
    elif polite >= plain:
        level = "합쇼체" if found["합쇼체"] >= _FORMAL * polite else "해요체"
    else:
        level = "해라체" if found["해라체"] >= _PLAIN * plain else "해체"
    return level, round(found[level] / total, 2)


def _address(lines: Sequence[Spoken], to: str, forms: Mapping[str, Sequence[str]]) -> str:
    """Return how they are called most often: 지은아, 오빠, 팀장님; "" where they are never called."""
    found = Counter[str]()
    for line in lines:
        found.update(terms(line.text, (to, *forms.get(to, ()))))
    return max(found, key=lambda term: (found[term], len(term)), default="")

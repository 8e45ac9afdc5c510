"""Names in the labels of a script: several ways of writing one made one, and what the cast list says of them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from agents.names import given_name, titles
from training.script import Person
from training.script_rows import Row

_BRACKETS = re.compile(r"\s*[(（\[][^()（）\[\]]*[)）\]]")
_VOICE = re.compile(
    r"(?:\s+(?:E|N|F|NA|O\.?L|[VO]\.?\s?[OLS]\.?|off)|\s*(?:의\s)?(?:목소리|소리|내레이션|전화|무전|필터)"
    r"|(?<=[가-힣])(?:E|N|F|NA))\.?$",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"\s?[/&,·]\s?")
_CAST_ROW = re.compile(
    r"^[-•*·]?\s*(?P<name>[가-힣A-Za-z0-9][가-힣A-Za-z0-9 ]{0,15}?)\s*"
    r"(?:[(（](?P<age>[^()（）]{1,12})[)）]|[,，]\s*(?P<age2>\d{1,3})\s?세?)?\s*(?:[:：,，|\t–—-]\s*(?P<role>\S.*))?$"
)
_CAST_HEAD = re.compile(r"[\[<【]?\s*(?:등장\s?인물|나오는\s?(?:사람|이)들?|배역|인물\s?소개|인물)\s*[\]>】]?\s*[:：]?")


def bare(label: str) -> str:
    """Return the name in a label: 지은 of `지은 E`, `지은(E)`, `지은 (전화)`, `지은E`, `지은의 목소리`."""
    name = _BRACKETS.sub("", label).strip(" .·-•*:：\t@^")
    return _VOICE.sub("", name).strip() or name


def names_in(label: str, known: Iterable[str]) -> list[str]:
    """Return the names in a label: two of `경민/노감독`, one of `송·이 법무사` unless its parts speak by themselves."""
    name = bare(label)
    parts = [bare(part) for part in _SEVERAL.split(name) if part.strip()]
    keys = {spelt(one) for one in known}
    return parts if len(parts) > 1 and ("/" in name or any(spelt(part) in keys for part in parts)) else [name]


def spelt(name: str) -> str:
    """Return a name as it is compared: without spaces."""
    return re.sub(r"\s", "", name)


def merged(labels: Sequence[str], rows: Sequence[Row], notes: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return the name of the character for every name in the labels, several ways of writing one made one.

    Spaces do not count (노 감독, 노감독), and a full name is its given name where only one has it and the two do not speak
    to each other.
    """
    alone = [bare(label) for label in labels if not _SEVERAL.search(bare(label))]
    counts = Counter(spelt(name) for name in alone)
    ways: dict[str, Counter[str]] = defaultdict(Counter)
    for name in alone:
        ways[spelt(name)][name] += 1
    names = {key: spellings.most_common(1)[0][0] for key, spellings in ways.items()}
    listed = {spelt(name): name for name in notes}
    names.update({key: listed[key] for key in names if key in listed})
    said = [spelt(bare(row.label)) for row in rows if row.kind == "dialogue" and row.label]
    neighbours = set(map(frozenset, pairwise(said)))
    for key in sorted(names, key=len, reverse=True):
        given = given_name(key)
        owners = [other for other in names if other != given and given_name(other) == given]
        if given != key and given in names and len(owners) == 1 and frozenset((key, given)) not in neighbours:
            keep, drop = (key, given) if counts[key] > counts[given] else (given, key)
            names[drop] = names[keep]
    for label in labels:
        for part in names_in(label, names.values()):
            names.setdefault(spelt(part), part)
    return names


def labels_of(name: str, labels: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ways in which a character's name is written, without voice marks, the name first."""
    ways = Counter(bare(label) for label in labels if names.get(spelt(bare(label))) == name)
    return (name, *(way for way, _ in ways.most_common() if way != name))


def forms_of(people: Sequence[Person]) -> dict[str, tuple[str, ...]]:
    """Return every character's nicknames by which others may call them: other spellings, and an office only one of them has."""
    offices: dict[str, list[str]] = defaultdict(list)
    for person in people:
        if title := _office(person.name):
            offices[title].append(person.name)
    own = {who[0]: office for office, who in offices.items() if len(who) == 1}
    return {
        person.name: tuple(dict.fromkeys((*person.labels[1:], *([own[person.name]] if person.name in own else []))))
        for person in people
    }


def _office(name: str) -> str:
    """Return the office with which a label ends: 감독 of 노감독, 선생 of 배 선생, 국장 of 국장; "" without one."""
    return next(
        (
            word
            for word in titles()
            if len(word) >= 2 and 0 <= len(spelt(name)) - len(word) <= 3 and spelt(name).endswith(word)
        ),
        "",
    )


def cast_list(rows: Sequence[Row]) -> dict[str, tuple[str, str]]:
    """Return (age, role) by name from the cast list before the first scene."""
    found: dict[str, tuple[str, str]] = {}
    listing = False
    for row in rows:
        if row.kind == "heading":
            break
        if row.kind == "dialogue":
            continue
        text = row.text.strip()
        if _CAST_HEAD.fullmatch(text):
            listing = True
            continue
        match = _CAST_ROW.match(text) if listing else None
        if match and (match["age"] or match["age2"] or match["role"]):
            found[match["name"].strip()] = (_age(match["age"] or match["age2"] or ""), (match["role"] or "").strip())
    return found


def _age(text: str) -> str:
    number = re.fullmatch(r"\s*(\d{1,3})\s*(?:세|살)?\s*", text)
    return number[1] if number else text.strip()


def about(name: str, rows: Sequence[Row], notes: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """Return age and role: of the cast list, or the age behind the name where an action line brings them in, 미래(17)가."""
    if name in notes:
        return notes[name]
    pattern = re.compile(rf"(?<![가-힣]){re.escape(name)}\s?[(（](?:\D{{0,3}})(\d{{1,3}})(?:세|살)?(?:[^()（）]*)[)）]")
    ages = (pattern.search(row.text) for row in rows if row.kind == "action")
    return next((match[1] for match in ages if match), ""), ""

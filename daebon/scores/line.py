"""The words of a text and whom they name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daebon.scores.forms import TAIL
from daebon.scores.rows import Row, names_of


@dataclass(frozen=True)
class Line:
    """The words of a text, whom each names, and who is named as a subject ("?" for 누가)."""

    words: tuple[str, ...]
    people: tuple[str | None, ...]
    subjects: frozenset[str]
    asks: bool
    tells: bool


def read_line(text: str, scenario: Row, speaker: str | None = None, to: Sequence[str] = ()) -> Line:
    """Split `text` into words and find whom they name, by name, alias, the speaker's address terms, or pronoun."""
    names = names_of(scenario)
    for relation in scenario.get("relations") or ():
        if relation["from"] == speaker and relation.get("address"):
            names[relation["address"]] = relation["to"]
    for name in [name for name in names if " " in name]:
        text = text.replace(name, name.replace(" ", ""))
        names[name.replace(" ", "")] = names[name]
    words = tuple(re.findall(r"[가-힣A-Za-z0-9]+", text))
    people, subjects = [], set()
    for word in words:
        person, tail = _person(word, names, speaker, to)
        people.append(person)
        if tail in ("이", "가", "은", "는", "께서", "이가", "도") and person:
            subjects.add(person)
        if word in ("누가", "누군가", "누군가가", "아무도"):
            subjects.add("?")
    asks = "?" in text or "？" in text
    tells = bool(re.search(r"[^?？\s\"'”’][\"'”’]?\s*$|[.!…~]\s", text))
    return Line(words, tuple(people), frozenset(subjects), asks, tells)


def _person(word: str, names: Mapping[str, str], speaker: str | None, to: Sequence[str]) -> tuple[str | None, str]:
    for name in sorted(names, key=len, reverse=True):
        if word.startswith(name) and TAIL.fullmatch(word, len(name)):
            return names[name], word[len(name) :]
    if found := re.fullmatch(r"(나|저|소인|난|내|제)(는|도|가|이|은|를|만|한테|에게|요|예요|야|의)?", word):
        return speaker, "는" if word == "난" else found[2] or ""
    if found := re.fullmatch(r"(너|당신|자네|그대|넌|널|네|니)(는|도|가|이|은|를|만|한테|에게|의)?", word):
        return (to[0] if to and word not in ("네", "니") else None), "는" if word == "넌" else found[2] or ""
    return None, ""

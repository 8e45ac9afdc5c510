"""A script as it is read off by its people: lines with who says them to whom, how each speaks to each, and the scenes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scenarios.values import Level


@dataclass(frozen=True)
class Spoken:
    """A line as somebody says it: `line` counts from 1 in the text, `scene` from 1 (0 before the first heading).

    `speaker` is the character, not the label; "" for several at once. `to` is whom they speak to, "" when nobody answers or is
    called; `sure` says that the text names them.
    """

    line: int
    scene: int
    speaker: str
    text: str
    to: str = ""
    sure: bool = False


@dataclass(frozen=True)
class Manner:
    """How one speaks to another: number of lines, level and its share of those that carry an ending, term of address or ""."""

    lines: int
    level: Level | None
    share: float
    address: str


@dataclass(frozen=True)
class Person:
    """A character of the script: the labels under which they speak (the name first), what the cast list says of them."""

    name: str
    labels: tuple[str, ...]
    age: str = ""
    role: str = ""


@dataclass(frozen=True)
class SceneRead:
    """A scene: its heading as written, its action lines, and who speaks in it in the order of their first line."""

    heading: str
    actions: tuple[str, ...]
    present: tuple[str, ...]


@dataclass(frozen=True)
class Script:
    """A script by its people: the most talkative first; `manners` by (who, to whom)."""

    title: str
    people: tuple[Person, ...]
    lines: tuple[Spoken, ...]
    manners: Mapping[tuple[str, str], Manner]
    scenes: tuple[SceneRead, ...]

    def of(self, name: str) -> tuple[Spoken, ...]:
        """Return the lines of one character."""
        return tuple(line for line in self.lines if line.speaker == name)

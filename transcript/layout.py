"""What every script format shares: title block, cast, scenes and their lines, as clean text in the order of print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any
from unicodedata import combining, east_asian_width, normalize

from transcript.errors import DaebonError
from transcript.record import Transcript
from transcript.turn import Kind, Turn

UNTITLED = "제목 없음"
NAMELESS = "?"

NBSP = "\xa0"
_MARKER = re.compile(r"(?:E|N|F|NA|[VO]\.?[OLS]\.?)", re.ASCII)
_BEFORE_MARKER = re.compile(rf" (?={_MARKER.pattern}$)")
_APART = f" {NBSP}"  # before a marker that no reader knows
_END = f"){NBSP}"  # of a direction whose brackets do not pair

# Controls, lone surrogates, bidirectional embeddings, overrides and isolates (they reorder what follows them),
# the byte order mark and the two non-characters that XML refuses.
_DROPPED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")


@dataclass(frozen=True)
class Arc:
    """The emotional arcs (감정선) as drawn elsewhere: a picture (PNG), and for text a row each, its label and its bars."""

    picture: bytes
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Role:
    """One row of the cast list: `age` as printed (`32세`) or "", `role` the public line or ""."""

    name: str
    age: str
    role: str

    def __str__(self) -> str:
        """Return `민수 (32세), 항구에 남은 어부`, without the parts that are not known."""
        name = f"{self.name} ({self.age})" if self.age else self.name
        return f"{name}, {self.role}" if self.role else name


@dataclass(frozen=True)
class Line:
    """One printed turn.

    `lines` holds the text, never with blank lines at its ends; inside dialogue a blank line is "", and dialogue without
    text is `("",)`; the other kinds have no blank lines, a transition has one line. `name`, `marker` (as written: `E`,
    `O.L`) and `parenthetical` (without brackets) belong to dialogue and are "" elsewhere.
    """

    kind: Kind
    lines: tuple[str, ...]
    name: str = ""
    marker: str = ""
    parenthetical: str = ""

    @property
    def label(self) -> str:
        """Return the name with its voice marker as a Korean script writes it: `민수 E`; `named` parts them again.

        A no-break space keeps a name whole that ends like a marker (`여자 E`), and stands before a marker that readers
        would take for a part of the name.
        """
        if self.marker:
            return f"{self.name}{' ' if _MARKER.fullmatch(self.marker) else _APART}{self.marker}"
        return _BEFORE_MARKER.sub(NBSP, self.name)

    @property
    def said(self) -> str:
        """Return the direction in brackets and the first line of text; `spoken` parts them again.

        A no-break space stands before text that begins with a bracket of its own, and behind a direction whose
        brackets do not pair.
        """
        first, direction = self.lines[0], f"({self.parenthetical})"
        if not self.parenthetical:
            return f"{NBSP}{first}" if first.startswith("(") else first
        if _closing(direction) != len(direction) - 1 or _END in first:
            return f"{direction}{NBSP}{first}"
        return f"{direction} {first}" if first else direction


@dataclass(frozen=True)
class Scene:
    """A played scene: `number` counts from 1 in the order played, `heading` is `S#1. 방파제 / 저녁`."""

    number: int
    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Script:
    """A transcript laid out for print. `about` holds label and value of the title block; `date` is ISO 8601 or ""."""

    title: str
    about: tuple[tuple[str, str], ...]
    date: str
    tool: str
    cast: tuple[Role, ...]
    scenes: tuple[Scene, ...]

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """Return `about` followed by date and tool, for formats that have no field of their own for these."""
        rows = (*self.about, ("날짜", self.date), ("만든 도구", self.tool))
        return tuple(row for row in rows if row[1])


def lay_out(transcript: Transcript) -> Script:
    """Turn a transcript into clean text in print order.

    Turns other than dialogue that have no text are left out. Raises DaebonError when a turn's scene is not one of the
    scenario's.
    """
    scenario, take = transcript.scenario, transcript.take
    about = (
        ("로그라인", _text(scenario, "logline")),
        ("장르", _text(scenario, "genre")),
        ("배경", ", ".join(filter(None, map(clean, map(str, (scenario.get("setting") or {}).values()))))),
        ("분위기", _text(scenario, "tone")),
    )
    scenes = (
        Scene(number, heading_of(transcript, number), tuple(filter(None, map(line_of, turns))))
        for number, turns in groupby(transcript.turns, key=lambda turn: turn.scene)
    )
    return Script(
        title=clean(transcript.title) or UNTITLED,
        about=tuple(row for row in about if row[1]),
        date=(_text(take, "finished") or _text(take, "started"))[:10],
        tool=f"daebon {_text(take, 'version')}".strip(),
        cast=tuple(map(_role, (member.get("persona") or {} for member in scenario.get("cast") or ()))),
        scenes=tuple(scenes),
    )


def named(label: str) -> tuple[str, str]:
    """Return the name and the voice marker, or "", of a label as `Line.label` writes it."""
    name, apart, marker = label.rpartition(_APART)
    if not apart:
        place = _BEFORE_MARKER.search(label)
        name, marker = (label[: place.start()], label[place.end() :]) if place else (label, "")
    return name.replace(NBSP, " "), marker


def spoken(said: str) -> tuple[str, str]:
    """Return the direction, or "", and the text of the first line of a speech as `Line.said` writes it."""
    if not said.startswith("("):
        return "", said.removeprefix(NBSP)
    direction, end, text = said.partition(_END)
    if end:
        return direction[1:], text
    close = _closing(said)
    if close > 0 and said[close + 1 : close + 2] in ("", " "):
        return said[1:close], said[close + 2 :]
    return "", said


def speech(label: str, said: str, more: Iterable[str] = ()) -> Line:
    """Return the dialogue that `Line.label`, `Line.said` and its further lines were written from."""
    name, marker = named(label)
    direction, first = spoken(said)
    return Line("dialogue", (first, *more), name, marker, direction)


def gather(found: Iterable[Scene | Line]) -> tuple[Scene, ...]:
    """Return the scenes of headings (as scenes without lines) and lines in order; a line before all opens scene 1."""
    scenes: list[tuple[Scene, list[Line]]] = []
    for piece in found:
        if isinstance(piece, Scene):
            scenes.append((piece, []))
            continue
        if not scenes:
            scenes.append((Scene(1, headed(1, ""), ()), []))
        scenes[-1][1].append(piece)
    return tuple(replace(scene, lines=tuple(lines)) for scene, lines in scenes)


def headed(number: int, place: str) -> str:
    """Return the heading of a scene, `S#1. 방파제 / 저녁`."""
    return f"S#{number}. {place}".rstrip()


def columns(text: str) -> int:
    """Return how many columns of a terminal `text` takes: two for a Hangul syllable, none for a combining mark."""
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def clean(text: str) -> str:
    """Return `text` as one line of NFC that no format can trip over.

    Line breaks and tabs become spaces; other control characters, lone surrogates, bidirectional controls (not the
    marks U+200E and U+200F) and the byte order mark are dropped; spaces at the ends go.
    """
    if text.isprintable():  # nothing of the above, as nearly always
        return normalize("NFC", text).strip()
    line = " ".join(text.splitlines()).replace("\t", " ")
    return normalize("NFC", _DROPPED.sub("", line)).strip()


def _closing(text: str) -> int:
    """Return where the bracket that opens `text` is closed, -1 when none opens it or it is not closed."""
    depth = 0
    for place, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return place if place else -1
    return -1


def line_of(turn: Turn) -> Line | None:
    """Return a turn as it is printed; None for a turn without text that is not dialogue."""
    lines = [clean(line) for line in turn.text.splitlines()]
    if turn.kind == "dialogue":
        return Line(
            kind=turn.kind,
            lines=tuple("\n".join(lines).strip("\n").split("\n")),
            name=clean((turn.speaker or "").replace(NBSP, " ")) or NAMELESS,
            marker=clean((turn.marker or "").replace(NBSP, " ")),
            parenthetical=clean((turn.parenthetical or "").replace(NBSP, " ")),
        )
    filled = tuple(filter(None, lines))
    if turn.kind == "transition" and filled:
        filled = (" ".join(filled),)
    return Line(turn.kind, filled) if filled else None


def heading_of(transcript: Transcript, number: int) -> str:
    """Return the heading of the scene played as `number`; raises DaebonError when it is not one of the scenario's."""
    scenes = transcript.scenario.get("scenes") or ()
    if not scenes:
        return f"S#{number}."
    path = transcript.take.get("path") or range(len(scenes))
    if not (0 < number <= len(path) and 0 <= path[number - 1] < len(scenes)):
        raise DaebonError(
            f"scene {number}: take.path is {list(path)} and the scenario has {len(scenes)} scenes; "
            "export the transcript.json as the take wrote it"
        )
    heading = scenes[path[number - 1]].get("heading") or {}
    place = " / ".join(filter(None, (_text(heading, "place"), _text(heading, "time"))))
    return headed(number, place)


def _role(persona: Mapping[str, Any]) -> Role:
    age = _text(persona, "age")
    age = f"{age}세" if age.isdecimal() else age
    return Role(_text(persona, "name") or NAMELESS, age, _text(persona, "role"))


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return "" if value is None else clean(str(value))

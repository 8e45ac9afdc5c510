"""What every script format shares: title block, cast, scenes and their lines, as clean text in the order of print."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from transcript.errors import DaebonError
from transcript.record import Transcript
from transcript.turn import Kind, Turn

UNTITLED = "제목 없음"
NAMELESS = "?"

# Controls, lone surrogates, bidirectional embeddings, overrides and isolates (they reorder what follows them),
# the byte order mark and the two non-characters that XML refuses.
_DROPPED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")


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
        """Return the name with its voice marker as a Korean script writes it: `민수 E`."""
        return f"{self.name} {self.marker}" if self.marker else self.name


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
        Scene(number, _heading(transcript, number), tuple(filter(None, map(_line, turns))))
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


def clean(text: str) -> str:
    """Return `text` as one line of NFC that no format can trip over.

    Line breaks and tabs become spaces; other control characters, lone surrogates, bidirectional controls (not the
    marks U+200E and U+200F) and the byte order mark are dropped; spaces at the ends go.
    """
    line = " ".join(text.splitlines()).replace("\t", " ")
    return unicodedata.normalize("NFC", _DROPPED.sub("", line)).strip()


def _line(turn: Turn) -> Line | None:
    lines = [clean(line) for line in turn.text.splitlines()]
    if turn.kind == "dialogue":
        return Line(
            kind=turn.kind,
            lines=tuple("\n".join(lines).strip("\n").split("\n")),
            name=clean(turn.speaker or "") or NAMELESS,
            marker=clean(turn.marker or ""),
            parenthetical=clean(turn.parenthetical or ""),
        )
    filled = tuple(filter(None, lines))
    if turn.kind == "transition" and filled:
        filled = (" ".join(filled),)
    return Line(turn.kind, filled) if filled else None


def _heading(transcript: Transcript, number: int) -> str:
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
    return f"S#{number}. {place}".rstrip()


def _role(persona: Mapping[str, Any]) -> Role:
    age = _text(persona, "age")
    age = f"{age}세" if age.isdecimal() else age
    return Role(_text(persona, "name") or NAMELESS, age, _text(persona, "role"))


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return "" if value is None else clean(str(value))

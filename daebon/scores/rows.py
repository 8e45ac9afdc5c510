"""A transcript as plain JSON: what the counters read from its rows, and the fault they report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

SCHEMA = "daebon.transcript/1"
ENGINE = ("model", "engine")  # who wrote a turn that the engine answers for; a writer may break any rule here
NARRATION = ("action", "event")
Kind = Literal["residue", "cut", "secret", "copy"]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in one turn; `why` names the pattern, the fact or the earlier turn."""

    take: str
    n: int
    kind: Kind
    why: str
    text: str


def read(path: Path) -> dict[str, Any]:
    """Read a transcript as plain JSON; raises ValueError naming the file when it is none."""
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(row, dict) or row.get("schema") != SCHEMA:
        raise ValueError(f"{path}: not a transcript of schema {SCHEMA}; export the take again")
    return row


def personas(scenario: Row) -> list[Row]:
    """Return the personas of the cast, which stand there bare or as `{"persona": {…}, "play": "model"}`."""
    return [row["persona"] if isinstance(row.get("persona"), Mapping) else row for row in scenario["cast"]]


def names_of(scenario: Row) -> dict[str, str]:
    """Map every name and alias, as written, to the name of whom it means."""
    return {
        alias: persona["name"]
        for persona in personas(scenario)
        for alias in (persona["name"], *(persona.get("aliases") or ()))
    }


def always_on_stage(scenario: Row) -> Iterator[str]:
    """Yield what everybody may know from the start: logline, setting, roles, and the facts that all know."""
    cast = set(names_of(scenario).values())
    yield scenario.get("logline") or ""
    yield from (str(value) for value in (scenario.get("setting") or {}).values())
    yield from (persona.get("role") or "" for persona in personas(scenario))
    yield from (row["fact"] for row in scenario.get("knowledge") or () if set(row["who"]) >= cast)


def place_of(transcript: Row, turn: Row) -> tuple[tuple[int, int], Row]:
    """Return the (scene index, beat index) of a turn in the scenario, both from 0, and the scene."""
    path = transcript["take"].get("path")
    index = path[turn["scene"] - 1] if path else turn["scene"] - 1
    scene: Row = transcript["scenario"]["scenes"][index]
    return (index, turn["beat"] - 1), scene


def take_name(transcript: Row) -> str:
    """Return how the report calls a take: its title and its seed."""
    return f"{transcript['title']}-{transcript['take'].get('seed')}"

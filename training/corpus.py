"""Corpus scenes: a scenario of one scene and its finished lines, each with the emotion and level it is written for."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from agents.speech import LEVELS
from emotion.labels import BASIC
from scenarios._yaml import Document, KeyPath, read
from scenarios.values import Scenario
from transcript.errors import FileError
from transcript.turn import Kind, Turn

NEUTRAL = "없음"
_KEYS = {"speaker", "to", "parenthetical", "text", "emotion", "level"}
_ADAPTER = TypeAdapter(Scenario)


@dataclass(frozen=True)
class Line:
    """One line as written; an action line has `text` only. `emotion` is a KOTE label, `level` one of the six."""

    text: str
    speaker: str | None = None
    to: str | None = None
    parenthetical: str | None = None
    emotion: str | None = None
    level: str | None = None


@dataclass(frozen=True)
class CorpusScene:
    """A scene of the corpus: `name` is the file's stem; the scenario holds its cast, relations and single scene."""

    name: str
    scenario: Scenario
    lines: tuple[Line, ...]

    def turns(self) -> tuple[Turn, ...]:
        """Return the opening action and the lines as the turns of a take."""
        rows = [Turn(1, 1, 1, "action", self.scenario.scenes[0].action)]
        for number, line in enumerate(self.lines, 2):
            kind: Kind = "dialogue" if line.speaker else "action"
            to = (line.to,) if line.to else ()
            rows.append(Turn(number, 1, 1, kind, line.text, line.speaker, to, line.parenthetical))
        return tuple(rows)


def read_corpus(folder: Path) -> tuple[CorpusScene, ...]:
    """Read every `*.yaml` of `folder` in the order of names; raises FileError when there is none or one is wrong."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise FileError(folder, "holds no *.yaml scene; give the folder of the corpus")
    return tuple(read_scene(file) for file in files)


def read_scene(file: Path) -> CorpusScene:
    """Read one scene; raises FileError naming the line and key of the first mistake."""
    document = read(file)
    if document.problems:
        first = document.problems[0]
        raise FileError(file, first.text(), line=first.place.line, key=first.place.key)
    data: dict[str, Any] = _nfc(document.value)
    rows = data.pop("lines", None)
    if isinstance(data.get("cast"), list):
        data["cast"] = [{"persona": entry} for entry in data["cast"]]
    try:
        scenario = _ADAPTER.validate_python(data)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        raise _wrong(document, tuple(part for part in detail["loc"] if part != "persona"), detail["msg"]) from error
    names = [persona.name for persona in scenario.personas]
    if len(scenario.scenes) != 1 or not scenario.scenes[0].action:
        raise _wrong(document, ("scenes",), "one scene with an opening action stands in a file; split it or write it")
    for at, relation in enumerate(scenario.relations):
        for name in (relation.from_, relation.to):
            if name not in names:
                raise _wrong(document, ("relations", at), f"{name!r} is not in the cast {names}; correct the name")
    if not isinstance(rows, list) or not rows:
        raise _wrong(document, ("lines",), "there are no lines; write a list of lines")
    lines = tuple(_line(document, ("lines", at), row, names) for at, row in enumerate(rows))
    return CorpusScene(_nfc(file.stem), scenario, lines)


def _line(document: Document, path: KeyPath, row: Any, names: list[str]) -> Line:
    if not isinstance(row, Mapping) or not row.keys() <= _KEYS:
        raise _wrong(document, path, f"{row!r} is no line; use the keys {', '.join(sorted(_KEYS))}")
    for key, value in row.items():
        if not isinstance(value, str) or not value.strip():
            raise _wrong(document, (*path, key), f"{value!r} is not text; put it in quotes")
    if "text" not in row:
        raise _wrong(document, path, "the key text is missing; write what is said or done")
    if "speaker" not in row:
        if len(row) > 1:
            raise _wrong(document, path, "an action line has text only; add the speaker or delete the other keys")
        return Line(row["text"])
    for key, known in (("speaker", names), ("to", names), ("emotion", list(BASIC)), ("level", list(LEVELS))):
        if row.get(key) not in known:
            raise _wrong(document, (*path, key), f"{row.get(key)!r} is not one of {', '.join(known)}; correct it")
    if row["to"] == row["speaker"]:
        raise _wrong(document, (*path, "to"), f"{row['to']!r} speaks to themselves; name another of {', '.join(names)}")
    return Line(**row)


def _wrong(document: Document, path: KeyPath, problem: str) -> FileError:
    place = document.place(path)
    return FileError(document.file, problem, line=place.line, key=place.key)


def _nfc(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value).strip()
    if isinstance(value, list):
        return [_nfc(item) for item in value]
    if isinstance(value, dict):
        return {_nfc(key): _nfc(item) for key, item in value.items()}
    return value

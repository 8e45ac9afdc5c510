"""Transcript: the turns of a take plus everything needed to reproduce it, and `transcript.json`."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

from transcript.errors import DaebonError, FileError
from transcript.turn import Turn

SCHEMA = "daebon.transcript/1"
LARGEST = 64 << 20  # bytes of a transcript.json; a take of 2,000 turns has some 5 MB
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SHAPE: Any = {  # what readers of a transcript count on; a null below the top stands for what is left out
    "title": str,
    "scenario": {
        "setting": {},
        "cast": [{"persona": {}}],
        "relations": [{}],
        "scenes": [{"heading": {}, "beats": [{}]}],
    },
    "take": {"path": [int], "human": [str], "beats": [{}]},
    "turns": [{}],
    "arc": {"planned": {...: [[int | float]]}, "measured": {...: [[int | float]]}, "shape": {}},
    "scores": {...: int | float},
}


@dataclass(frozen=True)
class Transcript:
    """One take. `scenario` is the scenario as loaded (English keys), `take` the seed, model, hashes, times and version.

    `arc` is `{"planned": {name: [[n, valence], …]}, "measured": {…}, "shape": {…}}`, valence in -1..1.
    """

    title: str
    scenario: Mapping[str, Any]
    take: Mapping[str, Any]
    turns: tuple[Turn, ...]
    arc: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values in the order of the format."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "scenario": dict(self.scenario),
            "take": dict(self.take),
            "turns": [turn.to_dict() for turn in self.turns],
            "arc": dict(self.arc),
            "scores": dict(self.scores),
        }


def read_transcript(path: Path) -> Transcript:
    """Read `transcript.json`; raises FileError when it is missing, not UTF-8 JSON, or of another schema."""
    try:
        if path.stat().st_size > LARGEST:
            raise FileError(path, f"is larger than {LARGEST >> 20} MiB; give the transcript.json of one take")
        row = json.loads(path.read_bytes().decode("utf-8-sig"), parse_constant=_refuse)
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror}); give a transcript.json or a run id") from error
    except (ValueError, RecursionError) as error:
        raise FileError(path, f"not a JSON file in UTF-8 ({error}); give the transcript.json of a take") from error
    if not isinstance(row, dict) or row.get("schema") != SCHEMA:
        found = row.get("schema") if isinstance(row, dict) else type(row).__name__
        raise FileError(path, f"schema is {found!r}, expected {SCHEMA!r}; export it again with this version")
    if wrong := _misfit(row, _SHAPE):
        raise FileError(path, f"damaged transcript: {wrong} is of another kind than daebon writes; export it again")
    try:
        turns = tuple(Turn.from_dict(turn) for turn in row["turns"])
        return Transcript(
            row["title"], row["scenario"], row["take"], turns, row.get("arc") or {}, row.get("scores") or {}
        )
    except (KeyError, TypeError, DaebonError) as error:
        raise FileError(path, f"damaged transcript: {error}") from error


def _misfit(value: Any, shape: Any, place: str = "") -> str:
    """Return the place of a value that does not have the `shape` it should, "" where all is as it should be.

    A shape is a type, a list with the shape of its items, or a dict of shapes by key, `...` for all other keys.
    """
    if not isinstance(shape, dict | list):
        return "" if isinstance(value, shape) and not isinstance(value, bool) else place
    if not isinstance(value, type(shape)):
        return place
    if isinstance(shape, list):
        found = [(one, shape[0], f"{place}[{n}]") for n, one in enumerate(value)]
    else:
        given = ((key, one) for key, one in dict(value).items() if one is not None or not place)
        found = [(one, shape.get(key, shape.get(...)), f"{place}.{key}".strip(".")) for key, one in given]
    return next((wrong for one, kind, at in found if kind is not None and (wrong := _misfit(one, kind, at))), "")


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def write_transcript(transcript: Transcript, path: Path) -> None:
    """Write `transcript.json` so that a reader sees the old file or the whole new one, never a part."""
    write_atomically(path, chain(json_pieces(transcript, indent=1), ("\n",)))


def json_pieces(transcript: Transcript, indent: int | None = None) -> Iterator[str]:
    """Yield `transcript.to_dict()` as JSON, a turn at a time, as `json.dumps` writes it; compact without `indent`.

    Lone surrogates, which UTF-8 cannot hold, are escaped.
    """
    colon = ":" if indent is None else ": "

    def row(depth: int) -> str:
        return "" if indent is None else "\n" + " " * indent * depth

    def dump(value: Any, depth: int) -> str:
        text = json.dumps(value, ensure_ascii=False, indent=indent, separators=(",", colon))
        return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text.replace("\n", row(depth)))

    before = "{"
    for key, value in replace(transcript, turns=()).to_dict().items():
        yield f'{before}{row(1)}"{key}"{colon}'
        before = ","
        if key != "turns" or not transcript.turns:
            yield dump(value, 1)
            continue
        for n, turn in enumerate(transcript.turns):
            yield f"{',' if n else '['}{row(2)}{dump(turn.to_dict(), 2)}"
        yield f"{row(1)}]"
    yield f"{row(0)}}}"


def write_atomically(path: Path, content: str | bytes | Iterable[str]) -> None:
    """Write `content`, text as UTF-8, to a file beside `path` and rename it; DaebonError when the disk refuses.

    Text in pieces is written as they come. Whatever they raise leaves `path` as it was, and nothing beside it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _refused(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            pieces = (content,) if isinstance(content, str | bytes) else content
            file.writelines(piece.encode() if isinstance(piece, str) else piece for piece in pieces)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _refused(path, error) from error
        raise


def _refused(path: Path, error: OSError) -> DaebonError:
    return DaebonError(f"{path}: cannot be written ({error.strerror}); free some space or choose another --out folder")

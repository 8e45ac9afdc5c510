"""The turns as data: JSON Lines, and CSV that a spreadsheet opens without running any of it as a formula."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from transcript.errors import DaebonError
from transcript.layout import Line, Scene, clean, gather, heading_of, line_of
from transcript.record import Transcript
from transcript.turn import Turn

_BOM = "\ufeff"  # without it, Excel takes UTF-8 for the code page of the system
_TEXTS = ("kind", "speaker", "marker", "parenthetical", "text", "why", "by")
_NUMBERS = ("n", "scene", "beat")
_VALUES = ("to", "present", "cue", "emotion", "cost", "candidates")  # as JSON
_COLUMNS = (*_NUMBERS[:2], "heading", _NUMBERS[2], *_TEXTS, *_VALUES)
_FORMULA = re.compile(r"'|[\s\x00-\x1f\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
_OPTIONAL = ("speaker", "marker", "parenthetical")  # None is an empty cell, "" an apostrophe
_LARGEST = 2**31 - 1  # characters of a cell
_NO_UTF8 = re.compile(r"[\ud800-\udfff]")
_ESCAPED = re.compile(r"[\ud800-\udfff\x85\u2028\u2029]")  # no UTF-8, or taken for the end of a line


class _Passed:
    """What `csv.writer` writes to, so that its `writerow` returns the row as text."""

    def write(self, row: str) -> str:
        return row


def jsonl(transcript: Transcript) -> Iterator[str]:
    """Yield one JSON object a line for each turn: the turn as in `transcript.json`, with its scene's `heading`."""
    return map(_json_line, _rows(transcript))


def parse_jsonl(text: str) -> tuple[Scene, ...]:
    """Return the scenes of `jsonl`'s text; raises DaebonError naming the line that is wrong."""
    return _scenes(read_jsonl(text))


def read_jsonl(text: str) -> list[tuple[str, Turn]]:
    """Return heading and turn of each line of `jsonl`'s text."""
    return [_turn(n, row, json.loads) for n, row in enumerate(text.split("\n"), 1) if row.strip()]


def to_csv(transcript: Transcript) -> Iterator[str]:
    """Yield a table (RFC 4180, byte order mark, CRLF) row by row, one for each turn with everything in it.

    An apostrophe stands before text that a spreadsheet could take for a formula, and before text that begins with one;
    lists and mappings are JSON. Lone surrogates, which UTF-8 cannot hold, are left out.
    """
    table = csv.writer(_Passed())
    yield _BOM + table.writerow(_COLUMNS)
    for row in _rows(transcript):
        cells = [_cell(name, row[name]) for name in _COLUMNS]
        yield table.writerow(_NO_UTF8.sub("", cell) for cell in cells)


def read_csv(text: str) -> list[tuple[str, Turn]]:
    """Return heading and turn of each row of `to_csv`'s text."""
    csv.field_size_limit(_LARGEST)
    rows = csv.DictReader(io.StringIO(text.removeprefix(_BOM), newline=""))
    return [_turn(n, row, _uncelled) for n, row in enumerate(rows, 2)]


def parse_csv(text: str) -> tuple[Scene, ...]:
    """Return the scenes of `to_csv`'s text; raises DaebonError naming the row that is wrong."""
    return _scenes(read_csv(text))


def _rows(transcript: Transcript) -> Iterator[dict[str, Any]]:
    for number, turns in groupby(transcript.turns, key=lambda turn: turn.scene):
        heading = heading_of(transcript, number)
        for turn in turns:
            yield {**turn.to_dict(), "heading": heading}


def _json_line(row: Mapping[str, Any]) -> str:
    line = json.dumps(row, ensure_ascii=False)
    return _ESCAPED.sub(lambda char: f"\\u{ord(char[0]):04x}", line) + "\n"


def _cell(name: str, value: Any) -> str:
    if name in _NUMBERS:
        return str(value)
    if name in _VALUES:
        return json.dumps(value, ensure_ascii=False)
    if value is None:
        return ""
    return f"'{value}" if _FORMULA.match(value) or (not value and name in _OPTIONAL) else str(value)


def _uncelled(row: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: json.loads(row[name]) for name in (*_NUMBERS, *_VALUES)}
    for name in ("heading", *_TEXTS):
        found[name] = None if not row[name] and name in _OPTIONAL else row[name].removeprefix("'")
    return found


def _turn(n: int, row: Any, read: Callable[[Any], dict[str, Any]]) -> tuple[str, Turn]:
    try:
        found = read(row)
        return clean(str(found.pop("heading"))), Turn.from_dict(found)
    except (ValueError, KeyError, TypeError, AttributeError, DaebonError) as error:
        raise DaebonError(f"line {n}: no turn that daebon wrote ({error}); export it again") from error


def _scenes(rows: Iterable[tuple[str, Turn]]) -> tuple[Scene, ...]:
    return gather(_pieces(rows))


def _pieces(rows: Iterable[tuple[str, Turn]]) -> Iterator[Scene | Line]:
    for (number, heading), turns in groupby(rows, key=lambda row: (row[1].scene, row[0])):
        yield Scene(number, heading, ())
        yield from filter(None, (line_of(turn) for _, turn in turns))

"""Read a YAML 1.2 file that a person wrote into plain values, with the line of every key and list item."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf, isfinite
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from scenarios._problems import Mark, Place, Problem, show
from transcript.errors import FileError

MAX_BYTES, MAX_NODES, MAX_DEPTH, MAX_DIGITS, MAX_KEY = 1 << 20, 50_000, 64, 100, 200

# The scalars of the YAML 1.2 core schema, https://yaml.org/spec/1.2.2/#1032-tag-resolution
_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NODES = ScalarEvent | AliasEvent | SequenceStartEvent | SequenceEndEvent | MappingStartEvent | MappingEndEvent
_STARTS, _ENDS = SequenceStartEvent | MappingStartEvent, SequenceEndEvent | MappingEndEvent
_BEYOND = re.compile(r"\\U(?!000|0010)")
_SURROGATE = re.compile("[\ud800-\udfff]")

KeyPath = tuple[str | int, ...]


@dataclass
class Document:
    """A file as plain values: its top mapping, and the mark of each key path, with the keys as they are written."""

    file: Path
    value: dict[str, Any]
    marks: dict[KeyPath, Mark]
    outer: Mark | None = None
    problems: list[Problem] = field(default_factory=list)

    def place(self, path: KeyPath) -> Place:
        """Return where `path` (keys as written) stands; a path that is not in the file stands where its parent does."""
        mark = next(self.marks[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.marks)
        return Place(self.file, mark, key_path(path), self.outer)


def key_path(path: KeyPath) -> str:
    """Write a path as `scenes[1].beats[0].goal`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
    return show(text)[1:-1] if len(text) > MAX_KEY or not text.isprintable() else text


def read(file: Path, outer: Mark | None = None) -> Document:
    """Read `file`; raises FileError unless it is a YAML mapping in UTF-8 of at most 1 MiB, 50,000 values, 64 levels."""
    return _Builder(file, outer, _events(file, decoded(file, _bytes(file)))).document()


def _bytes(file: Path) -> bytes:
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode):
            raise FileError(file, "is a folder; give a YAML file in it")
        if not stat.S_ISREG(mode):
            raise FileError(file, "is not a regular file; give a YAML file")
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        what = "is a link to a file that does not exist" if file.is_symlink() else "does not exist"
        raise FileError(file, f"{what}; check the path") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise FileError(file, f"cannot be read ({reason}); check the path and its permissions") from error
    if len(data) > MAX_BYTES:
        raise FileError(file, "is larger than 1 MiB; move what the play does not need into other files")
    return data


def decoded(file: Path, data: bytes) -> str:
    """Return `data` as text; raises FileError with the name of the encoding where it is not UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:64]:
        raise FileError(file, "is UTF-16, not UTF-8; save it again with the encoding UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        name = "CP949 (old Korean Windows)" if _is_cp949(data) else "another encoding"
        raise FileError(file, f"is {name}, not UTF-8; save it again with the encoding UTF-8", line=line) from error


def _is_cp949(data: bytes) -> bool:
    try:
        data.decode("cp949")
    except UnicodeDecodeError:
        return False
    return True


def _events(file: Path, text: str) -> list[Any]:
    """Parse `text` into the events of one document; ruamel raises ValueError for an escape past U+10FFFF."""
    events: list[Any] = []
    documents = depth = 0
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            documents += isinstance(event, DocumentStartEvent)
            if documents > 1:
                line = event.start_mark.line + 1
                raise FileError(file, "a second document begins; keep one document per file", line=line)
            if len(events) > 3 * MAX_NODES:
                raise _too_many(file, event.start_mark.line + 1)
            depth += isinstance(event, _STARTS) - isinstance(event, _ENDS)
            if depth > 4 * MAX_DEPTH:  # the parser takes the longer for each level, the more there are
                what = f"is nested deeper than {MAX_DEPTH} levels; make it flatter"
                raise FileError(file, what, line=event.start_mark.line + 1)
            if isinstance(event, _NODES):
                events.append(event)
    except MarkedYAMLError as error:
        raise _syntax(file, error) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise FileError(file, f"contains the character U+{error.character:04X}; delete it", line=line) from error
    except (YAMLError, ValueError) as error:
        escape = _BEYOND.search(text)
        line = text.count("\n", 0, escape.start()) + 1 if escape else None
        problem = " ".join(str(error).split())
        raise FileError(file, f"is not YAML ({problem}); write the character itself, not \\U…", line=line) from error
    return events


def _syntax(file: Path, error: MarkedYAMLError) -> FileError:
    problem = " ".join(str(error.problem or error.context).split())
    mark = error.problem_mark
    if "\\t" in problem:
        remedy = "indent with spaces, not tabs"
    elif "quoted scalar" in str(error.context):
        mark, remedy = error.context_mark, "close the quote that opens in this line"
    else:
        remedy = "put text that contains ': ' or ' #', or begins with a sign such as [ { * & ! % @ \", in single quotes"
    return FileError(file, f"is not YAML: {problem}; {remedy}", line=None if mark is None else mark.line + 1)


def _too_many(file: Path, line: int) -> FileError:
    return FileError(file, f"holds more than {MAX_NODES:,} values, aliases counted; make it smaller", line=line)


class _Builder:
    """Turns events into values; an alias is built again at every use, so that its cost is counted."""

    def __init__(self, file: Path, outer: Mark | None, events: list[Any]) -> None:
        self.file, self.outer, self.events = file, outer, events
        self.targets = dict(self._resolved())
        self.marks: dict[KeyPath, Mark] = {}
        self.problems: list[Problem] = []
        self.count = 0
        self.open: list[int] = []

    def document(self) -> Document:
        value = self._build(0, ())[0] if self.events else None
        if value is None:
            remedy = "`daebon scenario new` and `daebon persona new` write one to start from"
            raise FileError(self.file, f"is empty; {remedy}")
        if not isinstance(value, dict):
            remedy = "write keys such as `title: …` or `name: …` at the start of the lines"
            raise FileError(self.file, f"the top is {show(value)}; {remedy}", line=self.marks[()][0])
        return Document(self.file, value, self.marks, self.outer, self.problems)

    def _resolved(self) -> Iterator[tuple[int, int]]:
        anchors: dict[str, int] = {}
        for position, event in enumerate(self.events):
            anchor = getattr(event, "anchor", None)
            if isinstance(event, AliasEvent):
                if anchor not in anchors:
                    problem = f"alias {show('*' + str(anchor))} has no anchor"
                    remedy = "put text that begins with * in single quotes"
                    raise FileError(self.file, f"{problem}; {remedy}", line=self._line(position))
                yield position, anchors[anchor]
            elif anchor is not None:
                anchors[anchor] = position

    def _mark(self, position: int) -> Mark:
        mark = self.events[position].start_mark
        return mark.line + 1, mark.column + 1

    def _line(self, position: int) -> int:
        return self._mark(position)[0]

    def _problem(self, mark: Mark, path: KeyPath, what: str, remedy: str) -> None:
        self.problems.append(Problem(Place(self.file, mark, key_path(path), self.outer), what, remedy))

    def _build(self, position: int, path: KeyPath) -> tuple[Any, int]:
        """Return the value at `position` and the position after it."""
        event = self.events[position]
        if isinstance(event, AliasEvent):
            target = self.targets[position]
            if target in self.open:
                what = f"alias {show('*' + event.anchor)} stands inside what it repeats"
                raise FileError(
                    self.file, f"{what}; write the value out", line=self._line(position), key=key_path(path)
                )
            return self._build(target, path)[0], position + 1
        self.count += 1
        if self.count > MAX_NODES:
            raise _too_many(self.file, self._line(position))
        if len(path) > MAX_DEPTH:
            what = f"is nested deeper than {MAX_DEPTH} levels; make it flatter"
            raise FileError(self.file, what, line=self._line(position), key=key_path(path))
        self.marks.setdefault(path, self._mark(position))
        if event.ctag is not None:
            tag = str(event.ctag).replace("tag:yaml.org,2002:", "!!")
            what = f"the tag {show(tag)} is not read"
            self._problem(self.marks[path], path, what, "delete it, or put the text in single quotes")
        if isinstance(event, ScalarEvent):
            return self._scalar(position, path), position + 1
        self.open.append(position)
        build = self._sequence if isinstance(event, SequenceStartEvent) else self._mapping
        result = build(position + 1, path)
        self.open.pop()
        return result

    def _sequence(self, position: int, path: KeyPath) -> tuple[list[Any], int]:
        items: list[Any] = []
        while not isinstance(self.events[position], SequenceEndEvent):
            item, position = self._build(position, (*path, len(items)))
            items.append(item)
        return items, position + 1

    def _mapping(self, position: int, path: KeyPath) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        while not isinstance(self.events[position], MappingEndEvent):
            at = position
            event = self.events[self.targets.get(position, position)]
            if not isinstance(event, ScalarEvent):
                what = "a list or mapping stands where a key is expected; put text that begins with [ or { in quotes"
                raise FileError(self.file, what, line=self._line(at), key=key_path(path))
            key = self._text(event.value, self._mark(at), path)
            here = (*path, key)
            if key in found:
                what = f"key {show(key)} stands here and in line {self.marks[here][0]}"
                self._problem(self._mark(at), here, what, "keep one of the two")
                here = (*path, key, "again")  # the marks of the first one stay
            self.marks[here] = self._mark(at)
            value, position = self._build(position + 1, here)
            found.setdefault(key, value)
        return found, position + 1

    def _scalar(self, position: int, path: KeyPath) -> str | int | float | bool | None:
        event = self.events[position]
        text = str(event.value)
        if event.style is not None:
            return self._text(text, self.marks[path], path)
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INT.fullmatch(text) and len(text) <= MAX_DIGITS:
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        if _FLOAT.fullmatch(text):
            number = float(text) if len(text) <= MAX_DIGITS and text[-1] not in "fFnN" else inf
            if not isfinite(number):
                self._problem(
                    self.marks[path], path, f"{show(text)} is no number that can be used", "write a finite number"
                )
            return number
        return self._text(text, self.marks[path], path)

    def _text(self, text: str, mark: Mark, path: KeyPath) -> str:
        """Join the surrogate pairs of JSON escapes; a lone half could not be written to any file."""
        if not _SURROGATE.search(text):
            return text
        try:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            self._problem(mark, path, "half of a character (\\ud800-\\udfff)", "write the character itself")
            return ""

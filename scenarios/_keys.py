"""The keys of the files in both languages, taken from the values; and their translation into English ones."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from scenarios._problems import Place, Problem, near, show
from scenarios._yaml import Document, KeyPath
from scenarios.values import CastMember, Persona

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Key:
    """One key: its field in Python, its name in both languages, and the value class of the mapping under it."""

    field: str
    english: str
    korean: str
    kind: type | None
    untouched: bool

    def __str__(self) -> str:
        """Show both names, as in the format's documentation."""
        return f"{self.english} [{self.korean}]"


def fields(kind: type) -> dict[str, FieldInfo]:
    """Return the pydantic fields of a value class, by their name in Python."""
    infos: dict[str, FieldInfo] = getattr(kind, "__pydantic_fields__", {})
    return infos


@cache
def keys(kind: type) -> tuple[Key, ...]:
    """Return the keys of a value class, in the order of its fields."""
    return tuple(_key(name, info) for name, info in fields(kind).items())


def _key(name: str, info: FieldInfo) -> Key:
    alias = info.validation_alias
    korean = str(alias.choices[-1] if isinstance(alias, AliasChoices) else alias)
    return Key(name, info.serialization_alias or name, korean, _inner(info.annotation), name == "extensions")


def _inner(annotation: object) -> type | None:
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return annotation
    return next((kind for part in get_args(annotation) if (kind := _inner(part))), None)


@cache
def _known(kind: type) -> dict[str, Key]:
    return {word: key for key in keys(kind) for word in (key.english, key.korean)}


def is_persona(entry: Mapping[str, Any]) -> bool:
    """Tell a persona that is written out in a cast from an entry that names a persona file."""
    return any(
        unicodedata.normalize("NFC", word) in _known(Persona).keys() - _known(CastMember).keys() for word in entry
    )


@cache
def _shown(kind: type) -> dict[str, str]:
    return {word: str(key) for word, key in _known(kind).items()}


def _unknown(here: Place, word: str, kind: type) -> Problem:
    if kind is Persona and word in ("play", "연기"):
        return Problem(
            here, f"{word} is no key of a persona", f"write it beside the persona: {{persona: …, {word}: …}}"
        )
    return Problem(here, f"unknown key {show(word)}", "rename or delete it", near(word, _shown(kind)))


@dataclass
class Translation:
    """Files under English keys: the place of each English key path, and the problems met so far."""

    places: dict[KeyPath, Place] = dataclasses.field(default_factory=dict)
    problems: list[Problem] = dataclasses.field(default_factory=list)

    def place(self, path: KeyPath, missing: str = "") -> Place:
        """Return where an English path stands, or its nearest parent; `missing` is put after the key path."""
        place = next(self.places[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.places)
        return dataclasses.replace(place, key=f"{place.key}.{missing}".lstrip(".")) if missing else place

    def translate(self, document: Document, kind: type, to: KeyPath = ()) -> dict[str, Any]:
        """Return the document under English keys with its text in NFC; `to` is where it hangs in the whole scenario."""
        self.problems += document.problems
        translated: dict[str, Any] = self._value(document, document.value, kind, (), to)
        return translated

    def _value(self, file: Document, value: Any, kind: type | None, raw: KeyPath, path: KeyPath) -> Any:
        self.places[path] = file.place(raw)
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, list):
            return [self._value(file, item, kind, (*raw, at), (*path, at)) for at, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if kind is CastMember and is_persona(value):
            return {"persona": self._value(file, value, Persona, raw, (*path, "persona"))}
        return self._names(file, value, raw, path) if kind is None else self._keys(file, value, kind, raw, path)

    def _keys(self, file: Document, value: dict[str, Any], kind: type, raw: KeyPath, path: KeyPath) -> dict[str, Any]:
        known, found, written = _known(kind), {}, dict[str, str]()
        for word, item in value.items():
            key = known.get(unicodedata.normalize("NFC", word))
            here = file.place((*raw, word))
            if key is None:
                self.problems.append(_unknown(here, word, kind))
                continue
            if key.english in written:
                other = written[key.english]
                what = f"the same key as {show(other)} in line {file.place((*raw, other)).line}"
                self.problems.append(Problem(here, what, "keep one of the two"))
                continue
            written[key.english] = word
            self.places[*path, key.english] = here
            if key.untouched and item is not None:
                found[key.english] = item
            elif item is not None:  # `fear:` with nothing after it is the same as no fear
                found[key.english] = self._value(file, item, key.kind, (*raw, word), (*path, key.english))
        return found

    def _names(self, file: Document, value: dict[str, Any], raw: KeyPath, path: KeyPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for word, item in value.items():
            name = unicodedata.normalize("NFC", word).strip()
            if name in found:
                what, remedy = f"{show(name)} stands twice", "keep one of the two"
                self.problems.append(Problem(file.place((*raw, word)), what, remedy))
                continue
            found[name] = self._value(file, item, None, (*raw, word), (*path, name))
        return found

    def _text(self, value: str, path: KeyPath) -> str:
        if wrong := _CONTROL.search(value):
            what = f"the control character U+{ord(wrong.group()):04X}"
            self.problems.append(Problem(self.places[path], what, "delete it"))
        return unicodedata.normalize("NFC", value)

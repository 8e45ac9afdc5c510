"""Load scenario and persona files: translated, checked and validated once; the first error is raised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from scenarios._cast import read_cast
from scenarios._checks import Checker, Spot
from scenarios._explain import explain
from scenarios._keys import Translation
from scenarios._problems import Place, every_error, first_error
from scenarios._yaml import KeyPath, read
from scenarios.values import Persona, Scenario
from transcript.errors import FileError

Value = TypeVar("Value")


@dataclass(frozen=True)
class Inspected(Generic[Value]):
    """What a file holds: its value, None where something is wrong, every problem in file order, and where each key stands."""

    value: Value | None
    errors: tuple[FileError, ...]
    place: Callable[[KeyPath], Place]


def load_scenario(path: Path | str) -> Scenario:
    """Load a scenario and the personas that it names.

    Keys are English or Korean; text is in NFC and without spaces around it; emotions stand under their canonical label,
    and a scene without `present` has the whole cast. Raises FileError for the first problem in file order, in the
    scenario or in a persona file.
    """
    return _sound(*_scenario(Path(path)))


def load_persona(path: Path | str) -> Persona:
    """Load one persona file; raises FileError for the first problem in file order."""
    return _sound(*_persona(Path(path)))


def inspect_scenario(path: Path | str) -> Inspected[Scenario]:
    """Load a scenario as far as it goes, and find every problem and not only the first; nothing is raised."""
    return _inspected(Path(path), _scenario)


def inspect_persona(path: Path | str) -> Inspected[Persona]:
    """Load a persona file as far as it goes, and find every problem and not only the first; nothing is raised."""
    return _inspected(Path(path), _persona)


def _scenario(path: Path) -> tuple[Scenario | None, Translation]:
    found = Translation()
    data = found.translate(read(path), Scenario)
    cast = data.get("cast")
    complete = read_cast(cast, path.parent, found) if isinstance(cast, list) else False
    checker = Checker(found)
    checker.scenario(Spot(data), complete=complete)
    scenes = data.get("scenes")
    for scene in scenes if isinstance(scenes, list) else ():
        if isinstance(scene, dict):
            scene.setdefault("present", list(checker.names))
    return _validated(TypeAdapter(Scenario), data, found), found


def _persona(path: Path) -> tuple[Persona | None, Translation]:
    found = Translation()
    data = found.translate(read(path), Persona)
    Checker(found).persona(Spot(data))
    return _validated(TypeAdapter(Persona), data, found), found


def _validated(adapter: TypeAdapter[Value], data: dict[str, Any], found: Translation) -> Value | None:
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        found.problems += filter(None, (explain(detail, found) for detail in error.errors(include_url=False)))
    return None


def _sound(value: Value | None, found: Translation) -> Value:
    if error := first_error(found.problems):
        raise error
    assert value is not None
    return value


def _inspected(path: Path, load: Callable[[Path], tuple[Value | None, Translation]]) -> Inspected[Value]:
    try:
        value, found = load(path)
    except FileError as error:
        return Inspected(None, (error,), lambda _: Place(path))
    errors = tuple(every_error(found.problems))
    return Inspected(None if errors else value, errors, found.place)

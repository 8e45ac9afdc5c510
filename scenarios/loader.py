"""Load scenario and persona files: translated, checked and validated once; the first error is raised."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from scenarios._cast import read_cast
from scenarios._checks import Checker, Spot
from scenarios._explain import explain
from scenarios._keys import Translation
from scenarios._problems import first_error
from scenarios._yaml import read
from scenarios.values import Persona, Scenario

Value = TypeVar("Value")


def load_scenario(path: Path | str) -> Scenario:
    """Load a scenario and the personas that it names.

    Keys are English or Korean; text is in NFC and without spaces around it; emotions stand under their canonical label,
    and a scene without `present` has the whole cast. Raises FileError for the first problem in file order, in the
    scenario or in a persona file.
    """
    path = Path(path)
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
    return _validated(TypeAdapter(Scenario), data, found)


def load_persona(path: Path | str) -> Persona:
    """Load one persona file; raises FileError for the first problem in file order."""
    found = Translation()
    data = found.translate(read(Path(path)), Persona)
    Checker(found).persona(Spot(data))
    return _validated(TypeAdapter(Persona), data, found)


def _validated(adapter: TypeAdapter[Value], data: dict[str, Any], found: Translation) -> Value:
    try:
        value = adapter.validate_python(data)
    except ValidationError as error:
        found.problems += filter(None, (explain(detail, found) for detail in error.errors(include_url=False)))
    if error_found := first_error(found.problems):
        raise error_found
    return value

"""JSON Schema (2020-12) of scenario and persona files for editors, made from the values, with both languages' keys."""

from __future__ import annotations

import dataclasses
from typing import Any

from pydantic import TypeAdapter

from scenarios import values
from scenarios._keys import keys

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def scenario_schema() -> dict[str, Any]:
    """Return the schema of `scenarios/*.yaml`; a cast entry is a path, a persona, or `{persona: …, play: …}`."""
    schema = _schema(values.Scenario)
    schema["title"] = "daebon scenario"
    member = schema["$defs"]["CastMember"]
    persona = {"anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/$defs/Persona"}]}
    for name in ("persona", "인물"):
        member["properties"][name] = persona | {"description": member["properties"][name]["description"]}
    entry = {"anyOf": [*persona["anyOf"], {"$ref": "#/$defs/CastMember"}]}
    for name in ("cast", "배역"):
        schema["properties"][name]["items"] = entry
    return schema


def persona_schema() -> dict[str, Any]:
    """Return the schema of `personas/*.yaml`."""
    return _schema(values.Persona) | {"title": "daebon persona"}


def _schema(kind: type) -> dict[str, Any]:
    schema = TypeAdapter(kind).json_schema(by_alias=False)
    _with_both_languages(schema, kind)
    for name, definition in schema["$defs"].items():
        if dataclasses.is_dataclass(value := getattr(values, name)) and isinstance(value, type):
            _with_both_languages(definition, value)
    return {"$schema": DIALECT, **schema}


def _with_both_languages(schema: dict[str, Any], kind: type) -> None:
    """Put each key's Korean twin beside it: exactly one of the two where it is required, at most one elsewhere."""
    described, required = schema["properties"], set(schema.pop("required", ()))
    schema["description"] = str(kind.__doc__).splitlines()[0]
    schema["properties"], schema["allOf"] = {}, []
    for key in keys(kind):
        english = {name: value for name, value in described[key.field].items() if name not in ("title", "korean")}
        if not isinstance(english.get("default"), bool | int | float | str) or english["default"] == "":
            english.pop("default", None)  # an empty one would say that `present` is empty without the key
        schema["properties"][key.english] = english
        schema["properties"][key.korean] = english | {"description": described[key.field]["korean"]}
        either = [{"required": [key.english]}, {"required": [key.korean]}]
        schema["allOf"].append({"oneOf": either} if key.field in required else {"not": {"allOf": either}})

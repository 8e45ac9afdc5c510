"""JSON Schema for editors: accepts what the loader accepts in both languages, and refuses what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from scenarios import find, persona_schema, scenario_schema, shipped

FILES = Path(__file__).parent / "files"
PERSONAS = [*FILES.rglob("민수.yaml"), *(find(shipped()[0]).parent / "personas").glob("*.yaml")]
SCENARIOS = [FILES / "english.yaml", FILES / "korean.yaml", *(find(title) for title in shipped())]


def plain(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path)


def faults(schema: dict[str, Any], value: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


@pytest.mark.parametrize("schema", [scenario_schema, persona_schema])
def test_the_schema_is_valid_and_describes_every_key(schema: Callable[[], dict[str, Any]]) -> None:
    made = schema()
    Draft202012Validator.check_schema(made)
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for value in (made, *made["$defs"].values()):
        for key, described in value.get("properties", {}).items():
            assert described["description"], key
            assert "korean" not in described
        if "properties" in value:
            assert value["additionalProperties"] is False


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenarios_fit(path: Path) -> None:
    assert faults(scenario_schema(), plain(path)) == []


@pytest.mark.parametrize("path", PERSONAS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_personas_fit(path: Path) -> None:
    assert faults(persona_schema(), plain(path)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"제목": "두 번"},
        {"tone": "서정적", "분위기": "서정적"},
        {"titel": "바다"},
        {"cast": []},
        {"cast": [{"name": "민수: 선장"}]},
        {"cast": [{"name": "민수"}] * 13},
        {"scenes": []},
        {"scenes": [{"beats": [{"goal": "만난다", "목표": "만난다"}]}]},
        {"scenes": [{"beats": [{"turns": [2, 3]}]}]},
        {"scenes": [{"beats": [{"goal": "만난다", "turns": [2]}]}]},
        {"scenes": [{"beats": [{"goal": "만난다", "turns": [0, 2]}]}]},
        {"relations": [{"누가": "민수", "to": "지은", "높임": "반말"}]},
        {"relations": [{"to": "지은"}]},
        {"arc": {"민수": "icaruss"}},
        {"director": {"actions": 1.5}},
        {"seed": -1},
    ],
    ids=str,
)
def test_what_the_loader_refuses_does_not_fit(change: dict[str, Any]) -> None:
    row = {"title": "바다", "cast": [{"name": "민수"}], "scenes": [{"beats": [{"goal": "만난다"}]}]}
    assert faults(scenario_schema(), row) == []
    assert faults(scenario_schema(), row | change) != []


def test_either_language_satisfies_a_required_key() -> None:
    assert faults(persona_schema(), {"name": "민수"}) == faults(persona_schema(), {"이름": "민수"}) == []
    assert faults(persona_schema(), {"role": "선장"}) != []


def test_hover_help_is_in_the_language_of_the_key() -> None:
    keys = persona_schema()["properties"]
    assert keys["secret"]["description"] != keys["비밀"]["description"]
    assert "사실" in keys["비밀"]["description"]

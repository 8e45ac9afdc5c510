"""Scenarios and personas: their values, the YAML loader, the shipped library, JSON Schema."""

from scenarios.json_schema import persona_schema, scenario_schema
from scenarios.library import find, shipped
from scenarios.loader import load_persona, load_scenario
from scenarios.values import (
    END,
    Beat,
    Branch,
    CastMember,
    DirectorSettings,
    Heading,
    Knowledge,
    Level,
    Persona,
    Play,
    Relation,
    Scenario,
    Scene,
    Setting,
    Shape,
    Temperament,
    Traits,
    Voice,
)

__all__ = [
    "END",
    "Beat",
    "Branch",
    "CastMember",
    "DirectorSettings",
    "Heading",
    "Knowledge",
    "Level",
    "Persona",
    "Play",
    "Relation",
    "Scenario",
    "Scene",
    "Setting",
    "Shape",
    "Temperament",
    "Traits",
    "Voice",
    "find",
    "load_persona",
    "load_scenario",
    "persona_schema",
    "scenario_schema",
    "shipped",
]

"""The questions of `daebon persona new`, field by field, and the persona that comes of the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agents.authoring import Author
from agents.ideas import Proposal, age_of, names_for, role_of, table
from agents.speech import LEVELS, mismatch
from daebon.authoring import Desk, Draft, asked, finished, persona_fault
from daebon.messages import N_, _
from model import ModelConfig, load_chat_model
from scenarios.writing import rows_yaml
from transcript.exports import safe_name

_LINES, _GESTURES, _NAMES = 4, 3, 4
_SLIDERS = {
    "openness": N_("Openness"),
    "conscientiousness": N_("Conscientiousness"),
    "extraversion": N_("Extraversion"),
    "agreeableness": N_("Agreeableness"),
    "neuroticism": N_("Neuroticism"),
    "talkativeness": N_("Talkativeness"),
}
_TRAITS = tuple(_SLIDERS)[:-1]


def new_persona(idea: str, out: Path | None, model: str, seed: int) -> Path:
    """Ask, write the persona file and return its path; with an idea the model proposes each field."""
    draft = Draft.load(Path(f"{out or 'persona'}.draft.json"), idea)
    desk = Desk(draft)
    desk.begin()
    loaded = load_chat_model(ModelConfig.parse(model)) if draft.idea else None
    try:
        author = Author(loaded, draft.idea, seed) if loaded else None
        row = asked(desk, lambda desk: questions(desk, author))
    finally:
        if loaded:
            loaded.close()
    path = out or Path(f"{safe_name(row['name'])}.yaml")
    finished(draft, path, rows_yaml(row))
    return path


def questions(desk: Desk, author: Author | None) -> dict[str, Any]:
    """Ask for every field and return the persona under the keys of its file."""
    known = desk.draft.answers
    idea = desk.draft.idea
    name = desk.one("name", _("Name"), lambda: _names(idea) if idea else (), lambda v: persona_fault({"name": v}))
    desk.one("age", _("Age"), lambda: [p] if (p := age_of(idea)) else ())
    role = [Proposal(role_of(idea), _("from your line"))] if idea else []
    desk.one("role", _("Role: one line that the others know too"), lambda: role, lambda v: persona_fault({"role": v}))
    desk.many("aliases", _("Other names: what else they are called"), fault=lambda v: persona_fault({"aliases": v}))
    for key, label in (
        ("persona", N_("Private story: what only they know of themselves")),
        ("want", N_("Want: what they wish for")),
        ("fear", N_("Fear: what they are afraid of")),
    ):
        desk.one(key, _(label), _text(author, key, known))
    desk.many(
        "secret", _("Secrets: facts they don't say until they come out, one a line"), _text(author, "secret", known)
    )
    desk.choice(
        "voice.level", _("Speech level: how they usually speak"), LEVELS, lambda: author.level(known) if author else ()
    )
    desk.one("voice.style", _("Style: the habits and the breath of their sentences"), lambda: _styles(author, known))
    desk.many(
        "voice.sayings", _("Sayings: what they say again and again"), fault=lambda v: _spoken("sayings", v, known)
    )
    desk.many(
        "voice.examples",
        _("Example lines: two to eight lines they could say; nothing shapes the voice more"),
        lambda: author.lines(known, _LINES) if author else (),
        lambda v: _spoken("examples", v, known),
    )
    desk.many(
        "gestures",
        _("Gestures: a sentence each, without a subject, ending in 다."),
        lambda: author.gestures(_GESTURES) if author else (),
        lambda v: persona_fault({"gestures": v}),
    )
    for trait in _TRAITS:
        _slider(desk, author, "trait", trait)
    _slider(desk, author, "talk", "talkativeness")
    return _row(known, name)


def _row(known: dict[str, Any], name: str) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name}
    row |= {key: known[key] for key in ("aliases", "age", "role", "persona", "want", "fear", "secret") if known[key]}
    voice = {key: known[f"voice.{key}"] for key in ("style", "level", "sayings", "examples") if known[f"voice.{key}"]}
    row |= {"voice": voice} if voice else {}
    row |= {"gestures": known["gestures"]} if known["gestures"] else {}
    traits = {trait: float(known[trait]) for trait in _TRAITS if known[trait]}
    row |= {"traits": traits} if traits else {}
    return row | ({"talkativeness": float(known["talkativeness"])} if known["talkativeness"] else {})


def _names(idea: str) -> list[Proposal]:
    age = age_of(idea)
    found = names_for(idea, age.value if age else "", (), 7)
    return [Proposal(name, _("from the list of names, by age")) for name in found[:_NAMES]]


def _text(author: Author | None, key: str, known: dict[str, Any]) -> Any:
    return lambda: [p] if author and (p := author.text(key, known)) else ()


def _styles(author: Author | None, known: dict[str, Any]) -> list[Proposal]:
    from agents.ideas import values

    return author.chosen("말투", values("style"), known) if author else []


def _spoken(key: str, lines: list[str], known: dict[str, Any]) -> str:
    """Return what is wrong with lines that the person typed: by the schema, or at another level than the one set."""
    level = known.get("voice.level") or None
    if wrong := persona_fault({"voice": {key: lines}}):
        return wrong
    found = mismatch(lines[-1], level)
    return (
        _("“{line}” is {found}; you set {level}, so write it in {level}", line=lines[-1], found=found, level=level)
        if found
        else ""
    )


def _slider(desk: Desk, author: Author | None, kind: str, key: str) -> None:
    high, low = next(value for name, value in table(kind) if name == key).split("|")
    propose = (lambda: [author.slider(kind, key, desk.draft.answers)]) if author else None
    label = f"{_(_SLIDERS[key])}: 0 {low} … 1 {high}"
    desk.one(key, label, propose, _share)


def _share(value: str) -> str:
    try:
        fits = not value or 0 <= float(value) <= 1
    except ValueError:
        fits = False
    return "" if fits else _("{value}: give a number from 0 to 1", value=value)

"""A card out of a persona: anew, or into the card it came from, of which everything that was not changed stays as it is."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scenarios.cards import lorebook
from scenarios.cards.importing import LABELS, OURS, PARTS, USER, digest, without_card
from scenarios.cards.macros import Cleaner
from scenarios.cards.reading import Version, fields_of, version_of
from scenarios.values import Persona
from scenarios.writing import persona_dict

_V1 = ("name", "description", "personality", "scenario", "first_mes", "mes_example")
_V2: dict[str, Any] = {
    **dict.fromkeys(_V1, ""),
    "creator_notes": "",
    "system_prompt": "",
    "post_history_instructions": "",
    "alternate_greetings": [],
    "tags": [],
    "creator": "",
    "character_version": "",
    "extensions": {},
}
_HEADS: dict[Version, dict[str, str]] = {
    "v1": {},
    "v2": {"spec": "chara_card_v2", "spec_version": "2.0"},
    "v3": {"spec": "chara_card_v3", "spec_version": "3.0"},
}
_TOLD = ("aliases", "age", "role", "persona", "want", "fear", "secret", "voice")  # what a description tells
WARNING = (
    "This character card is Character Card V3, but it is loaded as a Character Card V2. "
    "Please use a Character Card V3 compatible application to use this character card properly."
)


@dataclass(frozen=True)
class Origin:
    """The card that a persona came from: its JSON, the persona as that card reads, and who `{{user}}` is."""

    value: Mapping[str, Any]
    base: Persona
    user: str


_BLANK = Origin({**_HEADS["v2"], "data": _V2}, Persona(name="-"), USER)


def card_of(persona: Persona, version: Version, origin: Origin | None = None) -> dict[str, Any]:
    """Return the JSON of a card for `persona`; what is as it came from `origin` keeps what its card says, value by value."""
    origin = origin or _BLANK
    original, base = origin.value, origin.base
    value = as_version(original, version)
    data = fields_of(value)
    persona, base = without_card(persona), without_card(base)
    if persona == base:
        return value
    changed = _changes(persona, base, data, origin.user)
    for key, text in changed.items():
        if value is not data and key in value:  # SillyTavern repeats V1's fields beside `data`
            value[key] = text
        data[key] = text
    if version != "v1":
        extensions = data.get("extensions")
        row = {"of": digest(data), "persona": persona_dict(persona)}
        data["extensions"] = {**(extensions if isinstance(extensions, dict) else {}), OURS: row}
    return value


def as_version(value: Mapping[str, Any], version: Version) -> dict[str, Any]:
    """Return a card's JSON under another specification; fields that it does not know stay, so that the way back is open."""
    made: dict[str, Any] = copy.deepcopy(dict(value))
    old = version_of(made)
    if version == "v1":
        return made if old == "v1" else {key: made["data"].get(key, "") for key in _V1}
    if old == "v1":
        data = {**copy.deepcopy(_V2), **{key: made.pop(key) for key in list(made) if key in _V2}}
        made = {**_HEADS[version], "data": data, **made}
    elif old != version:
        made |= _HEADS[version]
    if version == "v3" and old != "v3":
        made["data"].setdefault("group_only_greetings", [])
    return made


def backfilled(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the V2 card that stands beside a V3 card in a PNG, with the warning that SPEC_V3.md asks for."""
    made = as_version(value, "v2")
    notes = made["data"].get("creator_notes")
    made["data"]["creator_notes"] = f"{notes}\n\n{WARNING}" if notes and isinstance(notes, str) else WARNING
    return made


def _changes(persona: Persona, base: Persona, data: Mapping[str, Any], user: str) -> dict[str, Any]:
    """Return the fields of a card whose part of the persona changed, with their new values."""
    found: dict[str, Any] = {}
    if persona.name != base.name:
        found["name"] = persona.name
        found |= {"nickname": persona.name} if data.get("nickname") else {}
    if any(getattr(persona, field) != getattr(base, field) for field in _TOLD[:-1]) or _voice(persona) != _voice(base):
        found |= _description(persona)
    if persona.voice.examples != base.voice.examples:
        found["mes_example"] = "\n".join(f"<START>\n{{{{char}}}}: {line}" for line in persona.voice.examples)
    if persona.lore != base.lore:
        book = data.get("character_book")
        read = lorebook.read(book, Cleaner(base.name, user)).lore
        found["character_book"] = lorebook.merged(book, read, persona.lore)
    if persona.talkativeness != base.talkativeness:
        extensions = data.get("extensions")
        extensions = extensions if isinstance(extensions, dict) else {}
        found["extensions"] = {
            **extensions,
            "talkativeness": str(persona.talkativeness),
        }  # text, as SillyTavern writes it
    return found


def _voice(persona: Persona) -> tuple[object, ...]:
    return persona.voice.style, persona.voice.level, persona.voice.sayings


def _description(persona: Persona) -> dict[str, str]:
    """Return description, personality and scenario; the rows are those that an import reads."""
    text, parts = persona.persona, {}
    for key, label in reversed(PARTS):
        match = re.search(rf"(?:\A|\n){label}: ([^\n]*)\Z", text)
        parts[key] = match[1] if match else ""
        text = text[: match.start()] if match else text
    voice = ". ".join(
        filter(None, (persona.voice.style.rstrip("."), persona.voice.level or "", *persona.voice.sayings))
    )
    rows = [
        ("age", persona.age),
        ("role", persona.role),
        ("want", persona.want),
        ("fear", persona.fear),
        *(("secret", secret) for secret in persona.secret),
        ("style", voice),
        ("aliases", ", ".join(persona.aliases)),
    ]
    told = [f"{LABELS[field][0]}: {' '.join(row.split())}" for field, row in rows if row]
    return {"description": "\n".join(filter(None, (text.strip(), *told))), **parts}

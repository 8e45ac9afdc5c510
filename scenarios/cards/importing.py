"""A persona out of the JSON of a card: what its author wrote in free text is put under the keys of a persona."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from scenarios._fields import MAX_NAME, MAX_TEXT, NAME_BREAKERS
from scenarios.cards import examples, json_text, lorebook
from scenarios.cards.macros import Cleaner
from scenarios.cards.reading import assets_of, fields_of, version_of
from scenarios.values import Level, Persona, Voice

CARD = "card"  # the key in a persona's `extensions` under which the whole card is kept
OURS = "daebon"  # the key in a card's `extensions` under which the whole persona is kept
USER = "당신"  # whom `{{user}}` is where nobody says
PARTS = (("personality", "성격"), ("scenario", "상황"))  # fields of a card that stand as paragraphs in a persona's text
LABELS: dict[str, tuple[str, ...]] = {
    "age": ("나이", "연령", "age"),
    "role": ("직업", "신분", "역할", "직위", "occupation", "job", "role"),
    "want": ("바라는 것", "원하는 것", "욕망", "목표", "소원", "goal", "goals", "wants", "motivation"),
    "fear": ("두려워하는 것", "무서워하는 것", "두려움", "fear", "fears"),
    "secret": ("비밀", "secret", "secrets"),
    "style": ("말투", "화법", "말버릇", "speech", "speech style", "speaking style"),
    "name": ("이름", "name"),  # said elsewhere in the card
    "aliases": ("별명", "별칭", "alias", "aliases", "nickname", "nicknames"),
}
SEEN = ("name", "nickname", "description", "personality", "scenario", "mes_example", "character_book")

_FIELD = {label: field for field, labels in LABELS.items() for label in labels}
_LABELLED = re.compile(r"[ ]*(?:[-*•·] ?)?\**\[?([^\W\d_][^:：\n*\[\]]{0,19}?)\]?\**[ ]*[:：]\**[ ]*(\S.*)")
_W_PLUS_PLUS = re.compile(r'([A-Za-z가-힣 ]{1,20})\((\s*"[^"\n]*"(?:\s*\+\s*"[^"\n]*")*\s*)\)')
_IS = re.compile(r"([^.!?\n]{2,60})이다\.")
_LEVELS: dict[str, Level] = {
    "합쇼체": "합쇼체",
    "하오체": "하오체",
    "하게체": "하게체",
    "해라체": "해라체",
    "해요체": "해요체",
}
_LEVELS |= {"존댓말": "해요체", "존대": "해요체", "반말": "해체"}
_MOST_GREETINGS, _MOST_SECRETS, _MOST_LABELLED = 20, 50, 2_000
_PERSONA = TypeAdapter(Persona)


@dataclass(frozen=True)
class Imported:
    """A persona, and what of the card it does not follow, a sentence each."""

    persona: Persona
    notices: tuple[str, ...]


def persona_of(value: Mapping[str, Any], user: str = USER, stem: str = "") -> Imported:
    """Return the persona of a card whose `{{user}}` is `user`; `stem` names it where the card does not."""
    data = fields_of(value)
    notices: list[str] = []
    plain = Cleaner("", user)
    full = _name(plain(data.get("name"))) or _name(plain(stem)) or "이름 없음"
    name = _name(plain(data.get("nickname"))) or full
    clean = Cleaner(name, user)
    book = lorebook.read(data.get("character_book"), clean)
    persona = _whole(data, clean) or _read(data, name, full, clean, book, notices)
    notices += [f"lorebook, not followed: {what}" for what in book.notices]
    if clean.dropped:
        notices.append(f"macros without a meaning here are left out: {' '.join(list(clean.dropped)[:5])[:200]}")
    if version_of(value) != "v1" and _newer(value):
        notices.append(
            f"the card says {value.get('spec')} {value.get('spec_version')}: what is newer than V3 is only kept"
        )
    for entry in assets_of(value):
        if re.match(r"https?://", entry["uri"]):
            notices.append(f"an asset on the net is not fetched: {entry['uri'][:200]}")
    return Imported(persona, tuple(" ".join(notice.split()) for notice in notices))


def digest(data: Mapping[str, Any]) -> str:
    """Return a fingerprint of what a card says of the persona, by which an edit elsewhere is seen."""
    seen = json_text.dump({key: data.get(key) for key in SEEN}, indent=None)
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


def _whole(data: Mapping[str, Any], clean: Cleaner) -> Persona | None:
    """Return the persona that daebon put into the card, unless the card was edited since."""
    extensions = data.get("extensions")
    ours = extensions.get(OURS) if isinstance(extensions, dict) else None
    if not isinstance(ours, dict) or not isinstance(ours.get("persona"), dict) or ours.get("of") != digest(data):
        return None
    row = {key: item if key == "extensions" else _cleaned(item, clean) for key, item in ours["persona"].items()}
    try:
        return _PERSONA.validate_python(row)
    except ValidationError:
        return None


def _cleaned(value: Any, clean: Cleaner) -> Any:
    if isinstance(value, dict):
        return {clean(key): _cleaned(item, clean) for key, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item, clean) for item in value]
    return clean(value) if isinstance(value, str) else value


def _read(
    data: Mapping[str, Any], name: str, full: str, clean: Cleaner, book: lorebook.Book, notices: list[str]
) -> Persona:
    names = tuple(dict.fromkeys((name, full, "{{char}}", "char", "<bot>")))
    found, text = _labelled(clean(data.get("description")))
    text = "\n".join(filter(None, (text, *(_paragraph(label, clean(data.get(key))) for key, label in PARTS))))
    if len(text) > MAX_TEXT:
        notices.append(f"the description is cut at {MAX_TEXT:,} of {len(text):,} characters; the card keeps it all")
    spoken = [clean(said) for said in examples.messages(_string(data.get("mes_example")), names)]
    greetings = [clean(said) for said in _greetings(data)]
    style = found.get("style", "")
    blank = Persona(name=name)
    return Persona(
        name=name,
        aliases=_aliases(found.get("aliases", ""), name, full),
        age=found.get("age", ""),
        role=found.get("role", "") or _role(text, (name, full)),
        persona=text[:MAX_TEXT],
        want=found.get("want", ""),
        fear=found.get("fear", ""),
        secret=tuple(filter(None, found.get("secret", "").split("\n")))[:_MOST_SECRETS],
        voice=Voice(
            style=style,
            level=next((level for word, level in _LEVELS.items() if word in style), None),
            examples=examples.lines([*spoken, *(greetings if len(spoken) < 2 else ())]),
        ),
        gestures=examples.gestures([*spoken, *greetings], (name, full)),
        talkativeness=_share(data, blank.talkativeness),
        lore=tuple(lore for _, lore in book.lore),
        lore_budget=min(blank.lore_budget, book.budget or blank.lore_budget),
    )


def _name(text: str) -> str:
    """Return `text` as a persona may be called: its beginning up to the first sign that would read as a tag."""
    first = re.split(f"[{NAME_BREAKERS}]", text.strip())[0] or re.sub(f"[{NAME_BREAKERS}]+", " ", text)
    return " ".join(first.split())[:MAX_NAME].strip()


def _labelled(text: str) -> tuple[dict[str, str], str]:
    """Take the rows `나이: 34` out of a description; return them by field of the persona, and the rest."""
    if _W_PLUS_PLUS.search(text):
        text = re.sub(r"(?m)^[ \[\]{}]+$", "", _W_PLUS_PLUS.sub(_row, text))
    found: dict[str, str] = {}
    rest: list[str] = []
    for row in text.split("\n"):
        match = _LABELLED.fullmatch(row.rstrip())
        field = _FIELD.get(match[1].strip().casefold()) if match else None
        if match is None or field is None or (field in found and field != "secret"):
            rest.append(row)
        else:
            found[field] = "\n".join(filter(None, (found.get(field, ""), match[2].strip(" *")[:_MOST_LABELLED])))
    return found, re.sub(r"\n{3,}", "\n\n", "\n".join(rest)).strip()


def _row(found: re.Match[str]) -> str:
    """Return `Label("a" + "b")` as `Label: a, b`."""
    values = ", ".join(re.findall(r'"([^"]*)"', found[2]))
    return f"\n{found[1].strip()}: {values}\n"


def _paragraph(label: str, text: str) -> str:
    return f"{label}: {' '.join(text.split())}" if text else ""


def _aliases(text: str, name: str, full: str) -> tuple[str, ...]:
    words = [full, *re.split(r"[,、/·]", text)]
    found = dict.fromkeys(alias for word in words if (alias := _name(word.strip(" '\"“”‘’"))))
    return tuple(alias for alias in found if alias.casefold() != name.casefold())[:20]


def _role(text: str, names: tuple[str, ...]) -> str:
    """Return what somebody is by the first sentence: `{{char}}은 …에서 쫓겨난 탐정이다.`; "" for any other beginning."""
    for name in names:
        if match := re.match(rf"{re.escape(name)}(?:은|는)\s+{_IS.pattern}", text):
            return match[1]
    return ""


def _greetings(data: Mapping[str, Any]) -> list[str]:
    others = data.get("alternate_greetings")
    texts = [data.get("first_mes"), *(others if isinstance(others, list) else ())]
    return [text for text in texts if isinstance(text, str)][:_MOST_GREETINGS]


def _share(data: Mapping[str, Any], default: float) -> float:
    """Return SillyTavern's talkativeness, 0..1, which stands there as text or number."""
    extensions = data.get("extensions")
    value = extensions.get("talkativeness") if isinstance(extensions, dict) else None
    if isinstance(value, str) and re.fullmatch(r"[01](?:\.\d{1,9})?", value.strip()):
        value = float(value)
    ok = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if ok and value is not None else default


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _newer(value: Mapping[str, Any]) -> bool:
    try:
        return str(value.get("spec")) not in ("chara_card_v2", "chara_card_v3") or float(str(value["spec_version"])) > 3
    except (KeyError, ValueError):
        return False


def without_card(persona: Persona) -> Persona:
    """Return the persona without the card that is kept in it."""
    return replace(persona, extensions={key: item for key, item in persona.extensions.items() if key != CARD})

"""The questions of `daebon persona new`, field by field, and the persona that comes of the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agents.authoring import Author, Proposal, age_of, names_for, role_of, table
from agents.speech import LEVELS, mismatch
from daebon.authoring import Desk, Draft, asked, finished, persona_fault
from model import ModelConfig, load_chat_model
from scenarios.writing import rows_yaml
from transcript.exports import safe_name

_LINES, _GESTURES, _NAMES = 4, 3, 4
_TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")


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
    name = desk.one("name", "이름", lambda: _names(idea) if idea else (), lambda v: persona_fault({"name": v}))
    desk.one("age", "나이", lambda: [p] if (p := age_of(idea)) else ())
    role = [Proposal(role_of(idea), "한 줄 설명에서")] if idea else []
    desk.one("role", "역할: 다른 인물도 아는 한 줄", lambda: role, lambda v: persona_fault({"role": v}))
    desk.many("aliases", "별칭: 달리 불리는 이름", fault=lambda v: persona_fault({"aliases": v}))
    for key, label in (
        ("persona", "설정: 이 인물만 아는 속사정"),
        ("want", "욕망: 바라는 것"),
        ("fear", "두려움: 겁내는 것"),
    ):
        desk.one(key, label, _text(author, key, known))
    desk.many("secret", "비밀: 드러나기 전에는 말하지 않는 사실, 한 줄에 하나", _text(author, "secret", known))
    desk.choice("voice.level", "높임: 기본 상대높임", LEVELS, lambda: author.level(known) if author else ())
    desk.one("voice.style", "문체: 문장의 버릇과 호흡", lambda: _styles(author, known))
    desk.many("voice.sayings", "입버릇: 되풀이하는 말", fault=lambda v: _spoken("sayings", v, known))
    desk.many(
        "voice.examples",
        "예문: 실제로 말할 법한 대사 2~8줄. 목소리를 가장 크게 좌우한다",
        lambda: author.lines(known, _LINES) if author else (),
        lambda v: _spoken("examples", v, known),
    )
    desk.many(
        "gestures",
        "몸짓: 주어 없이 한 문장씩, ~다.",
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
    return [Proposal(name, "이름 목록에서, 나이에 맞추어") for name in found[:_NAMES]]


def _text(author: Author | None, key: str, known: dict[str, Any]) -> Any:
    return lambda: [p] if author and (p := author.text(key, known)) else ()


def _styles(author: Author | None, known: dict[str, Any]) -> list[Proposal]:
    from agents.authoring import values

    return author.chosen("말투", values("style"), known) if author else []


def _spoken(key: str, lines: list[str], known: dict[str, Any]) -> str:
    """Return what is wrong with lines that the person typed: by the schema, or at another level than the one set."""
    level = known.get("voice.level") or None
    if wrong := persona_fault({"voice": {key: lines}}):
        return wrong
    found = mismatch(lines[-1], level)
    return f"“{lines[-1]}”은(는) {found}다. 높임을 {level}로 정했으니 {level}로 다시 쓴다." if found else ""


def _slider(desk: Desk, author: Author | None, kind: str, key: str) -> None:
    high, low = next(value for name, value in table(kind) if name == key).split("|")
    propose = (lambda: [author.slider(kind, key, desk.draft.answers)]) if author else None
    desk.one(key, f"0 {low} … 1 {high}", propose, _share)


def _share(value: str) -> str:
    try:
        return "" if not value or 0 <= float(value) <= 1 else f"{value}: 0에서 1 사이의 수를 쓴다"
    except ValueError:
        return f"{value}: 0에서 1 사이의 수를 쓴다"

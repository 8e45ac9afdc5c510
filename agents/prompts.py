"""Every prompt of the company, for playing and for training alike: [world, cast, scene] [history] [tail of one agent].

The first two parts only grow, so all agents share one cached prefix; a tail is short, last, and thrown away after its turn.
Whatever comes from a person or a file passes `neutral`, so no text can close a section or speak as somebody else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from scenarios.values import Persona, Relation, Scenario, Scene
from transcript.turn import Cue, Turn

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\s]+")
_MARKUP = re.compile(r"#{2,}|`{3,}|\*{2,}|<[^<>]{0,40}>|\[/?[A-Za-z][^\[\]]{0,20}\]")
_TAG = re.compile(r"(?<=[^\W\d])\s?[:：](?!\d)")
_BRACKETS = str.maketrans("[]［］", "()()")

WINDOW, STEP = 36, 24  # turns of history kept at least, and dropped at once: one longer prefill every STEP turns
_CARRIED = 6  # turns of the scene before that a new scene still sees
_PRIVATE = 90  # most characters of a persona's private text in a tail
_CALM = "담담하다."  # how emotion.dynamics.in_words ends where there is nothing to say


def neutral(text: str) -> str:
    """Return `text` as one NFC line without control characters, template marks, section brackets or name tags."""
    text = _CONTROL.sub(" ", unicodedata.normalize("NFC", text))
    text = _MARKUP.sub(" ", text).translate(_BRACKETS)
    return re.sub(r" {2,}", " ", _TAG.sub(",", text)).strip()


def world(scenario: Scenario) -> str:
    """Return the part that never changes: title, setting, tone, and what everyone can see of the cast."""
    setting = ", ".join(
        filter(None, map(neutral, (scenario.setting.place, scenario.setting.period, scenario.setting.season)))
    )
    facts = (("제목", scenario.title), ("장르", scenario.genre), ("배경", setting), ("분위기", scenario.tone))
    rows = [f"{label}: {neutral(text)}" for label, text in facts if text]
    rows += ["", "등장인물"] + [f"{neutral(p.name)}: {public_row(p)}" for p in scenario.personas]
    return "\n".join(rows) + "\n"


def heading(scene: Scene, number: int) -> str:
    """Return the heading of a scene, `S#1. 방파제 / 저녁`."""
    place = " / ".join(filter(None, (neutral(scene.heading.place), neutral(scene.heading.time))))
    return f"S#{number}. {place}"


def line(turn: Turn) -> str:
    """Return one turn as it stands in the history."""
    if turn.kind != "dialogue" or not turn.speaker:
        return neutral(turn.text)
    marker = f" {turn.marker}" if turn.marker else ""
    parenthetical = f" ({neutral(turn.parenthetical)})" if turn.parenthetical else ""
    return f"{neutral(turn.speaker)}{marker}:{parenthetical} {neutral(turn.text)}"


def history(turns: Sequence[Turn], headings: Mapping[int, str]) -> str:
    """Return the turns that one person heard, with `headings` by scene number; old turns are dropped STEP at a time."""
    if not turns:
        return ""
    scene = turns[-1].scene
    first = next(i for i, turn in enumerate(turns) if turn.scene == scene)
    surplus = len(turns) - first - WINDOW
    start = first + STEP * (surplus // STEP) if surplus >= STEP else max(0, first - _CARRIED)
    rows, shown = [], 0
    for turn in turns[start:]:
        if turn.scene != shown:
            rows += ["", headings[turn.scene], ""]
            shown = turn.scene
        rows.append(line(turn))
    return "\n".join(rows) + "\n"


def tail(
    persona: Persona,
    cue: Cue,
    relation: Relation | None,
    examples: Sequence[str],
    opening: str = "",
    feeling: str = "",
    lore: Sequence[str] = (),
    whispers: Sequence[str] = (),
) -> str:
    """Return what only this speaker reads, and the start of the line: `opening` is a beginning that is already decided.

    `feeling` is one sentence on what the speaker feels (`emotion.dynamics.in_words`), where the cue asks for no
    emotion; a calm one is left out. `lore` is what the last lines call to their mind (`agents.lore.recalled`),
    `whispers` what a person told them alone.
    """
    parts = []
    if cue.to:
        address = f", 호칭 {neutral(relation.address)}" if relation and relation.address else ""
        parts.append(
            f"{neutral(cue.to[0])}에게 {cue.level}{address}" if cue.level else f"{neutral(cue.to[0])}에게{address}"
        )
    if feeling and not cue.emotion and not feeling.endswith(_CALM):  # both at once derail the shipped adapter
        parts.append(neutral(feeling).rstrip("."))
    if cue.emotion:
        parts.append("마음은 " + ", ".join(neutral(label) for label in cue.emotion))
    parts += [neutral(whisper).rstrip(".") for whisper in whispers]
    if persona.persona:
        parts.append(private(persona))
    if lore:
        parts.append("아는 것 " + " / ".join(neutral(text).rstrip(".") for text in lore))
    if cue.intention:
        parts.append(f"지금 {neutral(cue.intention).rstrip('.')}")
    if examples:
        parts.append("말투 " + " / ".join(map(neutral, examples)))
    direction = f" ({neutral(cue.direction)})" if cue.direction else ""
    start = f" {opening}" if opening else ""
    return f"[{neutral(persona.name)}. " + ". ".join(parts) + f"]\n{neutral(persona.name)}:{direction}{start}"


def stage_direction(opening: str) -> str:
    """Return the tail for an action line that begins with `opening` (`지은이`)."""
    return f"[지문]\n{opening}"


def private(persona: Persona) -> str:
    """Return what a tail holds of the private text: its first sentences, as many as there is room for."""
    return _clipped(neutral(persona.persona))


def public_row(persona: Persona) -> str:
    """Return what everybody reads of a role: who they are and how they talk."""
    style = neutral(persona.voice.style).rstrip(".")
    return ". ".join(part for part in (neutral(persona.role).rstrip("."), style) if part) + "."


def _clipped(text: str) -> str:
    """Return whole sentences of `text` up to the limit, at least one."""
    kept = ""
    for sentence in re.findall(r"[^.!?…]+[.!?…]*", text):
        if kept and len(kept) + len(sentence) > _PRIVATE:
            break
        kept += sentence
    return kept.strip().rstrip(".")[: 2 * _PRIVATE]

"""What the peers are asked: a persona as a system prompt, the task that all agents read, and one request for a whole script."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agents.prompts import heading, neutral, world
from model.template import instructed
from scenarios.values import Persona, Relation, Scenario

_HEADING = re.compile(r"S#\d+")
_TAGGED = re.compile(r"([가-힣][가-힣 ]{0,11}?)\s?(?:\(([^()]*)\)\s?)?[:：]\s*(.*)")
_DIRECTED = re.compile(r"\(([^()]*)\)\s*(.*)")
_TOLD = re.compile(r"다[.]?\Z")


@dataclass(frozen=True)
class Written:
    """A line as a peer wrote it; a spoken one whose speaker nobody can tell has "" for it, an action line None."""

    text: str
    speaker: str | None
    parenthetical: str | None = None


def system(persona: Persona, relations: tuple[Relation, ...]) -> str:
    """Return the prompt of one agent: all that the writer says of its role, and how it speaks to the others."""
    facts = (
        ("", persona.role),
        ("", persona.persona),
        ("바라는 것: ", persona.want),
        ("두려운 것: ", persona.fear),
        ("먼저 말하지 않는 비밀: ", ", ".join(persona.secret)),
        ("말투: ", persona.voice.style),
        ("예: ", " / ".join(persona.voice.examples)),
    )
    rows = [f"당신은 {persona.name}입니다."]
    rows += [f"{label}{neutral(text).rstrip('.')}." for label, text in facts if text]
    for relation in relations:
        if relation.from_ == persona.name and relation.level:
            called = f", 부를 때는 {relation.address}" if relation.address else ""
            rows.append(f"{relation.to}에게 {relation.level}로 말합니다{called}.")
    return " ".join([*rows, f"{persona.name}의 다음 대사를 한 줄만 말합니다."])


def task(scenario: Scenario) -> str:
    """Return what all agents read first: title, setting, cast and the plot, scene by scene."""
    plot = [
        f"S#{n}. {' '.join(f'{neutral(beat.goal)}.' for beat in scene.beats)}"
        for n, scene in enumerate(scenario.scenes, 1)
    ]
    return "\n".join([world(scenario), "줄거리", *plot, "", "대본", ""])


def opening(scenario: Scenario, scene: int, number: int) -> list[str]:
    """Return the rows that open scene `scene` (from 0), the `number`th that is played: its heading and its action line."""
    found = scenario.scenes[scene]
    return [heading(found, number), *([neutral(found.action)] if found.action else [])]


def request(scenario: Scenario) -> str:
    """Return the request for a whole script in LDCC's template, its answer begun up to the first speaker's tag.

    The original sent keywords and 대본 작성해줘 and began nothing. The base does not write a script then, so the
    cast and the plot are told, and where a script begins.
    """
    cast = ", ".join(f"{persona.name}({neutral(persona.role).rstrip('.')})" for persona in scenario.personas)
    plot = ". ".join(neutral(beat.goal).rstrip(".") for scene in scenario.scenes for beat in scene.beats)
    about = (
        f"{scenario.title}: {neutral(scenario.tone)}. {neutral(scenario.logline)}. 등장인물: {cast}. 줄거리: {plot}."
    )
    begun = "\n".join(opening(scenario, 0, 1))
    return f"{instructed(f'{about} 대본 작성해줘')}{begun}\n{scenario.personas[0].name}:"


def line(text: str, speaker: str) -> Written:
    """Return what an agent said as its line: the first row, with the parenthetical that it opens with set apart."""
    row = text.strip().split("\n", 1)[0].strip()
    found = _DIRECTED.fullmatch(row)
    return Written(found[2], speaker, found[1].strip()) if found and found[2] else Written(row, speaker)


def script(text: str, *, ended: bool) -> list[Written]:
    """Return the lines of a whole script; its headings are left out.

    A row with a tag is said by whom the tag names. One without is an action line where it tells (it ends in 다), else speech of
    nobody that one could name. Where the length ended it (not `ended`), the last row is no line of the model's.
    """
    rows = text.split("\n")
    rows = rows if ended or len(rows) == 1 else rows[:-1]
    written = []
    for row in map(str.strip, rows):
        if not row or _HEADING.match(row):
            continue
        if tagged := _TAGGED.fullmatch(row):
            said = line(tagged[3], tagged[1].strip())
            written.append(Written(said.text, said.speaker, tagged[2] or said.parenthetical))
        else:
            written.append(Written(row, None if _TOLD.search(row) else ""))
    return written

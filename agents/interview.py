"""A talk with one character out of every scene: they remember the talk, and no scene hears of it."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from agents import prompts
from agents.character import Character, warmth, weigh
from agents.guards import Rules, gravity
from agents.planning import part
from emotion.dynamics import Temper, in_words, opening
from model.base import OnToken, StageModel
from scenarios.values import Persona, Scenario
from transcript.errors import UsageError
from transcript.turn import Candidate, Cue, Turn

ASKER = "작가"
_TRIES = 3
_INTENTION = "작가가 묻는 말에 속마음을 솔직하게 대답한다"
_LEVEL = "해요체"  # toward somebody they meet for the first time


@dataclass(frozen=True)
class Answer:
    """What was asked and answered, and what it cost; `raw` is the line as the model wrote it."""

    question: str
    text: str
    raw: str
    prefilled: int
    decoded: int
    seconds: float


def world_of(persona: Persona, scenario: Scenario | None = None) -> str:
    """Return what everybody knows: of the scenario, or of a meeting with this character alone."""
    if scenario is not None:
        return prompts.world(scenario)
    return f"제목: 인터뷰\n\n등장인물\n{prompts.neutral(persona.name)}: {prompts.public_row(persona)}\n"


def first_prompt(persona: Persona, scenario: Scenario | None = None) -> str:
    """Return what the model reads before this character's first line: in the first scene they are in, or in a talk.

    The cue is the one that needs no other turn: their part of the first beat's goal, to the first other who is there.
    """
    if scenario is None:
        return prompt(persona, world_of(persona), [], "…", seed=0)
    number, scene = next(
        ((n, s) for n, s in enumerate(scenario.scenes, 1) if persona.name in s.present), (1, scenario.scenes[0])
    )
    own = next((other for other in scenario.personas if other.name == persona.name), None)
    if own is None:
        raise UsageError(f"{persona.name} is not in the cast of {scenario.title}; leave out --scenario, or add them")
    to = next((name for name in scene.present if name != persona.name), "")
    relation = next((r for r in scenario.relations if (r.from_, r.to) == (persona.name, to)), None)
    level = (relation.level if relation else None) or own.voice.level
    intention = part(scene.beats[0].goal, persona.name, [other.name for other in scenario.personas])
    cue = Cue(persona.name, (to,) if to else (), intention, level=level)
    turns = [Turn(1, number, 1, "action", scene.action)] if scene.action else []
    heard = prompts.world(scenario) + prompts.history(turns, {number: prompts.heading(scene, number)})
    return heard + Character(own).tail(cue, relation, seed=scenario.seed or 0)


def prompt(
    persona: Persona,
    world: str,
    talk: Sequence[tuple[str, str]],
    question: str,
    *,
    seed: int,
    feeling: str = "",
    whispers: Sequence[str] = (),
) -> str:
    """Return the prompt of an answer; its head only grows, but for old talk that is dropped many lines at once.

    `feeling` says what they feel now, where that isn't what they feel by nature; `whispers` are what they were told alone.
    """
    rows = [row for (asked, said) in talk for row in ((ASKER, asked), (persona.name, said))] + [(ASKER, question)]
    turns = [Turn(n, 1, 1, "dialogue", text, speaker=who) for n, (who, text) in enumerate(rows, 1)]
    cue = Cue(persona.name, (ASKER,), _INTENTION, level=persona.voice.level or _LEVEL)
    temper = Temper(persona.emotion.baseline, persona.emotion.volatility)
    felt = feeling or in_words(persona.name, opening({persona.name: temper})[persona.name])
    lines = [text for _, text in rows]
    tail = Character(persona).tail(cue, None, seed=seed, feeling=felt, lines=lines, whispers=whispers)
    return world + prompts.history(turns, {1: "S#1. 인터뷰"}) + tail


def answer(
    persona: Persona,
    world: str,
    talk: Sequence[tuple[str, str]],
    question: str,
    model: StageModel,
    *,
    seed: int,
    feeling: str = "",
    whispers: Sequence[str] = (),
    on_token: OnToken | None = None,
) -> Answer:
    """Return the answer to `question`; `talk` are the questions and answers before, oldest first.

    A line that the guards turn down (out of the role, broken off, said before) is drawn again, at most _TRIES times; `on_token`
    hears a line break before. Raises UsageError for a question without words.
    """
    asked = prompts.neutral(unicodedata.normalize("NFC", question))
    if not any(letter.isalnum() for letter in asked):
        raise UsageError("ask something in words")
    cast = {persona.name: persona.aliases, ASKER: ()}
    rules = Rules(persona.name, cast, persona.voice.level or _LEVEL, [said for _, said in talk], persona.voice.examples)
    best: Candidate | None = None
    raw, prefilled, decoded, seconds = "", 0, 0, 0.0
    for attempt in range(_TRIES):
        mark = f"{seed}:{persona.name}:{len(talk)}:{asked}:{attempt}"
        drawn_by = int.from_bytes(hashlib.sha256(mark.encode()).digest()[:4], "big") & 0x7FFFFFFF
        text = prompt(persona, world, talk, asked, seed=seed, feeling=feeling, whispers=whispers)
        drawn = model.propose(text, 1, seed=drawn_by, sampling=warmth(attempt), stop=["\n"], on_token=on_token)
        prefilled, decoded = prefilled + drawn.prefilled, decoded + drawn.decoded
        seconds += drawn.seconds
        made = weigh([(c.text, c.logprob, len(c.tokens) or None) for c in drawn.completions], rules)[0]
        if best is None or gravity(made.rejected) < gravity(best.rejected):
            best, raw = made, drawn.completions[0].text
        if best.rejected is None:
            break
        if on_token:
            on_token("\n")
    assert best is not None
    return Answer(asked, best.text or "…", raw.strip(), prefilled, decoded, seconds)

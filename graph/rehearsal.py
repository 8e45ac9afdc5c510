"""What a person does to a scene between two turns: events, entrances, levels, whispers; and what they can look at."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from agents.character import Character
from agents.interview import answer
from agents.names import with_particle
from emotion import dynamics
from emotion.labels import BASIC_EMOTIONS
from graph.context import Company
from graph.scenes import advance, latest
from graph.state import StageState, new_line
from scenarios.values import Level, Relation
from transcript.errors import UsageError
from transcript.turn import Cost, Turn

_WHISPERS = 4  # of one character that are kept in a scene: the prompt's tail has to stay short
_BY = "by the person"


@dataclass(frozen=True)
class Who:
    """One character as they are now.

    `feelings` is one sentence, `strengths` the basic emotions 0..1 and `valence` -1..1 behind it. `knows` and `unaware` are
    facts of the scenario that they know and don't know, `secrets` those of `knows` that nobody said yet, `whispers` what
    only they heard in this scene. `toward` and `from_others` are the relations as they are now, by the other's name.
    """

    name: str
    role: str
    present: bool
    human: bool
    feelings: str
    valence: float
    arousal: float
    strengths: Mapping[str, float]
    knows: tuple[str, ...]
    unaware: tuple[str, ...]
    secrets: tuple[str, ...]
    whispers: tuple[str, ...]
    toward: Mapping[str, Relation]
    from_others: Mapping[str, Relation]


@dataclass(frozen=True)
class Costs:
    """What a take cost: `line` sums the turns that stand, `all` every turn ever made; `turns` and `made` are their numbers."""

    turns: int
    line: Cost
    made: int
    all: Cost


def event(state: StageState, text: str) -> StageState:
    """Let `text` happen next."""
    return _next(state, new_line("event", _words(text, "event"), f"event: {_BY}", "human"))


def enter(company: Company, state: StageState, name: str) -> StageState:
    """Have `name` come in."""
    _known(company, name)
    if name in state["present"]:
        raise UsageError(f"{name} is on the stage already")
    line = new_line("action", f"{with_particle(name, '이', '가')} 들어온다.", f"entrance {_BY}", "engine")
    return {**_next(state, line), "present": [*state["present"], name]}


def leave(company: Company, state: StageState, name: str) -> StageState:
    """Have `name` go out; somebody has to stay."""
    _known(company, name)
    if name not in state["present"]:
        raise UsageError(f"{name} is not on the stage; there {_are(state['present'])}")
    if len(state["present"]) == 1:
        raise UsageError(f"{name} is the last one on the stage: have somebody enter first, or go on to the next beat")
    line = new_line("action", f"{with_particle(name, '이', '가')} 나간다.", f"exit {_BY}", "engine")
    return {**_next(state, line), "present": [other for other in state["present"] if other != name]}


def roles(company: Company, state: StageState, name: str, *, human: bool) -> list[str]:
    """Return the roles that a person plays once `name` is taken or given back."""
    _known(company, name)
    if human == (name in state["human"]):
        raise UsageError(f"{name} is played by {'you' if human else 'the model'} already")
    return [one for one in company.characters if (human if one == name else one in state["human"])]


def next_beat(company: Company, state: StageState) -> StageState:
    """Close the beat whatever is missing in it, and open the next one."""
    if state["over"] or state["leaving"] or state["crossing"]:
        raise UsageError("there is no beat to close: the scene is over")
    done = {"scene": len(state["path"]), "beat": state["beat"] + 1, "turns": state["beat_turns"]}
    beats = [*state["beats"], {**done, "reason": f"forced: {_BY}"}]
    waiting = state["pending"]
    after = advance(company, {**state, "beats": beats})
    return {**after, "pending": [*waiting, *after["pending"]]}


def level(company: Company, state: StageState, from_: str, to: str, wanted: str) -> StageState:
    """Have `from_` speak to `to` at another speech level."""
    for name in (from_, to):
        _known(company, name)
    if from_ == to or wanted not in get_args(Level):
        raise UsageError(f"{from_} {to} {wanted}: give two people and one of {', '.join(get_args(Level))}")
    return {"relations": latest([*state["relations"], {"from": from_, "to": to, "level": wanted}])}


def whisper(company: Company, state: StageState, name: str, text: str) -> StageState:
    """Tell `name` something that only their prompt hears, until the scene ends."""
    _known(company, name)
    told = state.get("whispers", {})
    mine = [*told.get(name, ()), _words(text, "whisper")][-_WHISPERS:]
    return {"whispers": {**told, name: mine}}


def who(company: Company, state: StageState, name: str) -> Who:
    """Return how `name` is now."""
    persona = _known(company, name).persona
    feelings, known = state["feelings"][name], state["known"][name]
    relations = company.relations(state["relations"])
    return Who(
        name=name,
        role=persona.role,
        present=name in state["present"],
        human=name in state["human"],
        feelings=dynamics.in_words(name, feelings),
        valence=feelings["valence"],
        arousal=feelings["arousal"],
        strengths={label: feelings[label] for label in BASIC_EMOTIONS},
        knows=tuple(fact.text for i, fact in enumerate(company.facts) if i in known),
        unaware=tuple(fact.text for i, fact in enumerate(company.facts) if i not in known),
        secrets=tuple(company.facts[i].text for i in known if i not in state["out"]),
        whispers=tuple(state.get("whispers", {}).get(name, ())),
        toward={to: relation for (from_, to), relation in relations.items() if from_ == name},
        from_others={from_: relation for (from_, to), relation in relations.items() if to == name},
    )


def interview(
    company: Company, state: StageState, name: str, talk: Sequence[tuple[str, str]], question: str
) -> tuple[str, str]:
    """Return a question to `name` out of the scene as it was put, and their answer from what they know and feel now.

    `talk` are the questions and answers before it.
    """
    persona = _known(company, name).persona
    found = answer(
        persona,
        company.heard(state["head"], state["path"], [name]),
        talk,
        question,
        company.model.voice(name),
        seed=state["seed"],
        feeling=dynamics.in_words(name, state["feelings"][name]),
        whispers=state.get("whispers", {}).get(name, ()),
        on_token=company.on_token,
    )
    return found.question, found.text


def costs(standing: Iterable[Turn], made: Iterable[Turn]) -> Costs:
    """Return the sums of the turns that stand, and of all that were ever made."""
    lines, every = list(standing), list(made)
    return Costs(len(lines), _sum(lines), len(every), _sum(every))


def _sum(turns: Iterable[Turn]) -> Cost:
    total = Cost()
    for turn in turns:
        one = turn.cost
        total = Cost(
            round(total.seconds + one.seconds, 4),
            round(total.model_seconds + one.model_seconds, 4),
            total.calls + one.calls,
            total.prefilled + one.prefilled,
            total.decoded + one.decoded,
        )
    return total


def _next(state: StageState, line: dict[str, object]) -> StageState:
    return {"pending": [*state["pending"], line], "over": ""}


def _known(company: Company, name: str) -> Character:
    if name not in company.characters:
        raise UsageError(f"{name}: no such role; the cast is {', '.join(company.characters)}")
    return company.characters[name]


def _are(names: list[str]) -> str:
    return f"{'is' if len(names) == 1 else 'are'} {', '.join(names)}"


def _words(text: str, what: str) -> str:
    words = " ".join(unicodedata.normalize("NFC", text).split())
    if not words:
        raise UsageError(f"{what}: say what in words")
    return words

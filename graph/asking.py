"""What is asked of the model for the line in the making: its cue, its seed and its prompt, as functions of the state alone.

The prompt of a line that was said long ago is so read off its checkpoint, exactly as the model saw it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from agents import narration, prompts
from agents.director import directions
from agents.steering import Ask, asked, said
from emotion.dynamics import in_words
from graph.context import Company
from graph.state import StageState
from transcript.turn import Cue


@dataclass(frozen=True)
class Asked:
    """The prompt of a line, and the beginning of the line with which it ends: `start`, after the `direction`."""

    prompt: str
    start: str = ""
    direction: str = ""


def asked_for(company: Company, state: StageState) -> Asked:
    """Return what the model is asked for a line of dialogue or an action line."""
    if state["kind"] == "action":
        start = narration.beginning(state["opening"])
        heard = company.heard(state["head"], state["path"], state["present"])
        return Asked(heard + prompts.stage_direction(start), start)
    cue = put(company, state, cue_of(state))
    name, start = cue.speaker, state["opening"]
    tail = company.characters[name].tail(
        cue,
        company.relations(state["relations"]).get((name, cue.to[0])) if cue.to else None,
        seed=seed_of(state),
        feeling=in_words(name, state["feelings"][name]),
        opening=start,
        lines=[turn.text for turn in company.turns(state["head"]) if name in turn.present],
        whispers=state.get("whispers", {}).get(name, ()),
    )
    return Asked(company.heard(state["head"], state["path"], [name]) + tail, start, cue.direction)


def cue_of(state: StageState) -> Cue:
    """Return the cue of the line in the making."""
    row = state["cue"] or {}
    return Cue(**{**row, "to": tuple(row.get("to") or ())})


def seed_of(state: StageState) -> int:
    """Return the seed of this attempt at this turn of this branch."""
    mark = f"{state['seed']}:{state['branch']}:{state['n']}:{state['attempt']}:{state['kind']}"
    return int.from_bytes(hashlib.sha256(mark.encode()).digest()[:4], "big") & 0x7FFFFFFF


def put(company: Company, state: StageState, cue: Cue) -> Cue:
    """Return the cue as the character reads it: without emotion where nothing is steered, stronger after a miss."""
    ask = wanted(company, state, cue)
    if ask is None:
        return replace(cue, emotion={}, direction="")
    return said(cue, state["attempt"], directions(), ask.valence)


def wanted(company: Company, state: StageState, cue: Cue) -> Ask | None:
    """Return which emotion is asked of the line, None where nothing is steered."""
    return asked(cue, company.turns(state["head"])) if company.director.steer else None

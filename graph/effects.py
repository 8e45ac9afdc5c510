"""What a committed turn does to the characters: what they know from now on, and what they feel."""

from __future__ import annotations

from agents.knowledge import says
from emotion.dynamics import State, after
from emotion.labels import families
from graph.context import Company
from graph.state import StageState
from transcript.turn import Turn


def learned(company: Company, state: StageState, turn: Turn) -> StageState:
    """Return who knows what after a line: a fact that was said is out, and everyone present knows it."""
    speaker = turn.speaker or ""
    said = [i for i in state["known"].get(speaker, ()) if says(turn.text, company.facts[i])]
    if turn.cue and turn.cue.reveal:
        said += [i for i, fact in enumerate(company.facts) if fact.text == turn.cue.reveal and turn.by == "model"]
    if not said:
        return {}
    known = {
        name: sorted({*facts, *said}) if name in turn.present else list(facts) for name, facts in state["known"].items()
    }
    return {"known": known, "out": sorted({*state["out"], *said})}


def felt(company: Company, state: StageState, turn: Turn) -> State:
    """Return what everybody feels after a turn: a line moves who says and who hears it, an action or event who is there.

    A transition is the writer's and moves nobody.
    """
    if turn.kind == "transition":
        return state["feelings"]
    return after(
        state["feelings"],
        turn.speaker,
        turn.present,
        turn.emotion,
        families(turn.emotion.labels),
        company.temperaments,
        company.affections(state["relations"]),
    )

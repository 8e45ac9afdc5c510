"""Move a take between beats and scenes: the curtain rises, beats and scenes open and close, ways on are taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agents.names import with_particle
from agents.planning import planned
from agents.stage import Stage
from agents.steering import readable
from agents.suggestions import Suggestion, by_plan, suggest
from emotion import dynamics
from emotion.labels import target_valence
from graph.context import Company
from graph.state import StageState, added, cleared, new_line
from scenarios.values import Beat, Scene

_MOST_SCENES = 60  # a quest whose branches run in a circle ends here


def opening_state(company: Company, run: str, seed: int, limit: int, human: Sequence[str], person: bool) -> StageState:
    """Return the state in which the curtain rises."""
    known = {name: [i for i, fact in enumerate(company.facts) if name in fact.holders] for name in company.characters}
    state = StageState(
        run=run,
        branch="main",
        seed=seed,
        limit=limit,
        head=None,
        n=0,
        path=[],
        beat=0,
        beats=[],
        known=known,
        out=[],
        relations=[],
        feelings=dynamics.opening(company.temperaments),
        stale=0,
        used_events=[],
        note="",
        asked="",
        human=list(human),
        person=person,
        over="",
        pending=[],
        leaving=[],
        crossing=[],
        chosen=None,
        no_action=False,
        **cleared(),
    )
    return _enter_scene(company, state, 0)


def stage_of(company: Company, state: StageState) -> Stage:
    """Return what the director sees of the state."""
    return Stage(
        path=state["path"],
        beat=state["beat"],
        beat_turns=state["beat_turns"],
        turns=company.turns(state["head"]),
        present=state["present"],
        spoken=state["spoken"],
        out=state["out"],
        known=state["known"],
        relations=company.relations(state["relations"]),
        seed=state["seed"],
        note=state["note"],
        asked=state["asked"],
        stale=state["stale"],
        used_events=state["used_events"],
        no_action=state["no_action"],
        judged=state["judged"],
    )


def advance(company: Company, state: StageState) -> StageState:
    """Close the beat that is over and open the next one, or leave the scene."""
    scene = company.scenario.scenes[state["path"][-1]]
    beat = scene.beats[state["beat"]]
    leaving = [name for name in beat.exit if name in state["present"]]
    state = {**state, "present": [name for name in state["present"] if name not in leaving], "note": ""}
    state["pending"] = [
        new_line("action", f"{with_particle(n, '이', '가')} 나간다.", "exit of the beat", "engine") for n in leaving
    ]
    if state["beat"] + 1 < len(scene.beats):
        stalled = not state["person"] and str(state["beats"][-1]["reason"]).startswith("forced")
        state = {**state, "beat": state["beat"] + 1}
        if stalled and company.director.steer and company.scenario.director.suggestions:
            state = _pushed(company, state)
        return _enter_beat(state, scene.beats[state["beat"]])
    if not scene.branches:
        return leave_scene(company, state, company.director.next_scene(state["path"][-1], None))
    if state["person"] and len(scene.branches) > 1:
        return {**state, "crossing": [branch.choice for branch in scene.branches], "chosen": None}
    heard = company.heard(state["head"], state["path"], state["present"])
    index, why, spent = company.director.choose_branch(scene, heard, company.model)
    state["cost"] = added(state["cost"], spent.prefilled, spent.calls, spent.seconds, spent.calls)
    return cross(company, state, index, why)


def cross(company: Company, state: StageState, index: int, why: str) -> StageState:
    """Take the way `index` out of the scene: its choice becomes an action line, then the next scene opens."""
    scene = company.scenario.scenes[state["path"][-1]]
    taken = new_line("action", _as_action(scene.branches[index].choice), why, "scenario")
    state = {**state, "pending": [*state["pending"], taken], "crossing": [], "chosen": None}
    return leave_scene(company, state, company.director.next_scene(state["path"][-1], index))


def leave_scene(company: Company, state: StageState, following: int | None) -> StageState:
    """Open the scene `following`, or end the take; lines still pending belong to the scene that is left."""
    if state["pending"]:
        return {**state, "leaving": [following]}
    if following is None or len(state["path"]) >= _MOST_SCENES:
        return {**state, "over": "finished", "leaving": []}
    return _enter_scene(company, state, following)


def suggested(company: Company, state: StageState) -> tuple[tuple[Suggestion, ...], StageState]:
    """Return three events that could come next, and the state with their cost."""
    stage, heard = stage_of(company, state), company.heard(state["head"], state["path"], state["present"])
    found, cost = suggest(company.director, stage, heard, company.model, company.emotion, state["seed"])
    return found, {**state, "cost": added(state["cost"], cost.prefilled, cost.decoded, cost.seconds, 1)}


def as_line(suggestion: Suggestion, why: str) -> dict[str, Any]:
    """Return a suggestion as the line that commits it."""
    return new_line("event", suggestion.text, f"{why}: {suggestion.in_words()}", suggestion.by)


def _pushed(company: Company, state: StageState) -> StageState:
    """After a beat that had to be forced, let something happen that suits the next one; the wanted mood is the plan's."""
    targets = [
        target_valence(planned(company.scenario, state["path"], state["beat"], 0, name)) for name in state["present"]
    ]
    if not targets:
        return state
    found, state = suggested(company, state)
    best = by_plan([s for s in found if not s.enters], readable(sum(targets) / len(targets)))
    if best is None:
        return state
    return {**state, "pending": [*state["pending"], as_line(best, "the beat stalled")]}


def _enter_scene(company: Company, state: StageState, index: int) -> StageState:
    scene: Scene = company.scenario.scenes[index]
    state = {**state, "path": [*state["path"], index], "beat": 0, "leaving": []}
    state["whispers"] = {}
    state["present"] = list(scene.present or company.characters)
    state["pending"] = []
    if scene.action.strip():
        action = new_line("action", " ".join(scene.action.split()), "opening of the scene", "scenario")
        state["pending"] = [{**action, "opening": True}]
    return _enter_beat(state, scene.beats[0])


def _enter_beat(state: StageState, beat: Beat) -> StageState:
    coming = [name for name in beat.enter if name not in state["present"]]
    lines = [
        new_line("action", f"{with_particle(n, '이', '가')} 들어온다.", "entrance of the beat", "engine")
        for n in coming
    ]
    lines = [{**line, "opening": True} for line in lines]
    changes = [
        {"from": r.from_, "to": r.to, "level": r.level, "address": r.address, "affection": r.affection}
        for r in beat.relations
    ]
    return {
        **state,
        "beat_turns": 0,
        "judged": [],
        "spoken": [],
        "stale": 0,
        "present": [*state["present"], *coming],
        "pending": [*state["pending"], *lines],
        "relations": latest([*state["relations"], *changes]),
    }


def latest(changes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Fold the changes of each pair into one, so that the list stays as long as there are pairs."""
    folded: dict[tuple[str, str], dict[str, Any]] = {}
    for row in changes:
        pair = (row["from"], row["to"])
        folded[pair] = {**folded.get(pair, {}), **{key: value for key, value in row.items() if value is not None}}
    return list(folded.values())


def _as_action(choice: str) -> str:
    return choice if choice.rstrip().endswith((".", "!", "?", "…")) else f"{choice.rstrip()}."

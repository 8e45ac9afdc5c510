"""The nodes of the graph, verbs that take the state and return what changed: direct, speak, choose, listen, measure."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Literal

from langgraph.types import interrupt

from agents import narration
from agents.character import SAMPLING, first_sentence, sound, warmth, weigh, with_shorter
from agents.director import LITTLE, freshness
from agents.guards import GRAVE, Rules, gravity
from agents.knowledge import forbidden
from agents.ranking import rank
from agents.stage import Act, Happen, NextBeat, Speak
from agents.steering import MISS, Ask
from graph.asking import asked_for, cue_of, seed_of, wanted
from graph.context import Company
from graph.effects import felt, learned
from graph.scenes import advance, cross, leave_scene, stage_of
from graph.state import StageState, added, cleared, new_line
from transcript.turn import Candidate, Cost, Cue, Turn

RETRIES = 2
ASKS = 2  # times that a line far from the emotion asked for is asked for again
_ACTION_TOKENS = 28  # an action line is one short sentence
_JUDGED = 100  # answers of a beat that are kept


def direct(company: Company, state: StageState) -> StageState:
    """Decide what happens next: a finished line, a cue, an action line to write, or the end."""
    if company.foreseen and company.foreseen[0] == state:
        return {**company.foreseen[1], "began": time.time()}
    state = _begun(state)
    while not state["over"]:
        if state["pending"]:
            return {**state, "line": state["pending"][0], "pending": state["pending"][1:]}
        if state["n"] >= state["limit"]:
            state["over"] = f"limit of {state['limit']} turns"
        elif state["leaving"]:
            state = leave_scene(company, state, state["leaving"][0])
        elif state["crossing"]:
            if state["chosen"] is None:
                return state
            state = cross(company, state, state["chosen"], f"branch: {state['crossing'][state['chosen']]} (the person)")
        else:
            decided = _decided(company, state)
            if decided is not None:
                return decided
            state = advance(company, state)
    return state


def speak(company: Company, state: StageState) -> StageState:
    """Have the candidates of this turn generated, in one call over the shared prefix."""
    acting = state["kind"] == "action"
    _tell(company, "지문" if acting else cue_of(state).speaker)
    ask = asked_for(company, state)
    start = ask.start
    if start and company.on_token:
        company.on_token(start)  # so that who watches sees the whole line
    voice = company.model if acting else company.model.voice(cue_of(state).speaker)
    proposal = voice.propose(
        ask.prompt,
        company.candidates,
        seed=seed_of(state),
        sampling=replace(SAMPLING, max_tokens=_ACTION_TOKENS) if acting else warmth(state["attempt"]),
        stop=["\n"],
        on_token=company.on_token,
    )
    drawn = sound(proposal.completions)
    if not acting:
        drawn = tuple(map(first_sentence, drawn)) if start else with_shorter(drawn)
    raw = [[start + one.text, one.logprob, len(one.tokens) or None] for one in drawn]
    return {"raw": raw, "cost": added(state["cost"], proposal.prefilled, proposal.decoded, proposal.seconds, 1)}


def choose(company: Company, state: StageState) -> StageState:
    """Turn down what is wrong, rank the rest, and take the best; or ask once more when nothing is left."""
    if state["kind"] == "action":
        return _choose_action(company, state)
    cue = cue_of(state)
    recent = [turn.text for turn in company.turns(state["head"])[-15:]]
    candidates = weigh(
        [(text, logprob, many) for text, logprob, many in state["raw"]], _rules(company, state, cue, recent)
    )
    candidates += [Candidate(**draft) for draft in state["drafts"]]
    ask = wanted(company, state, cue)
    length = company.dispositions[cue.speaker].length
    ranked = rank(candidates, cue, recent, ask.valence if ask else None, company.emotion, length=length)
    drafts = [asdict(candidate) for candidate in ranked]
    best = ranked[0]
    if (best.rejected and state["attempt"] < RETRIES) or (state["attempt"] < ASKS and _misses(company, best, ask)):
        return {"drafts": drafts, "attempt": state["attempt"] + 1, "line": None}
    why = "; ".join(filter(None, [state["why"], ask.why if ask else ""]))
    if gravity(best.rejected) == GRAVE:
        line = new_line(
            "action", f"{cue.speaker}, 말이 없다.", f"{why}; silence: every candidate was turned down", "engine"
        )
        return {"line": {**line, "candidates": drafts, "cue": state["cue"]}}
    if best.rejected:
        why += f"; best of {len(drafts)} turned down ({best.rejected.split(':')[0]})"
    line = new_line("dialogue", best.text, why, "model")
    said = {"speaker": cue.speaker, "to": list(cue.to), "parenthetical": cue.direction or best.parenthetical}
    return {"line": {**line, **said, "cue": state["cue"], "candidates": drafts}}


def listen(_company: Company, state: StageState) -> StageState:
    """Wait for the person: for the line of a role they play, or for the way on at a branch."""
    if state["crossing"]:
        answer = interrupt({"choices": state["crossing"]})
        return {"chosen": int(answer["choice"])}
    answer = interrupt({"cue": state["cue"]})
    cue = cue_of(state)
    if not answer.get("text"):
        return {"line": None}
    line = new_line("dialogue", answer["text"], state["why"], "human")
    said = {"speaker": cue.speaker, "to": list(cue.to), "parenthetical": answer.get("parenthetical")}
    return {"line": {**line, **said, "cue": state["cue"]}}


def measure(company: Company, state: StageState) -> StageState:
    """Measure the line, commit the turn, and update who knows and feels what."""
    line = state["line"] or {}
    before = company.turns(state["head"])
    spoken = line["kind"] == "dialogue"
    previous = next((turn.text for turn in reversed(before) if turn.kind == "dialogue"), "")
    turn = Turn(
        n=state["n"] + 1,
        scene=len(state["path"]),
        beat=state["beat"] + 1,
        kind=line["kind"],
        text=line["text"],
        speaker=line.get("speaker"),
        to=tuple(line.get("to") or ()),
        parenthetical=line.get("parenthetical"),
        cue=Cue(**line["cue"]) if line.get("cue") else None,
        why=line["why"],
        emotion=company.emotion.read(line["text"], previous),
        by=line["by"],
        cost=_cost(state),
        candidates=tuple(Candidate(**candidate) for candidate in line.get("candidates") or ()),
        present=tuple(state["present"]),
    )
    head, turn = company.commit(state["run"], state["branch"], state["head"], turn)
    changed: StageState = {"head": head, "n": turn.n, "feelings": felt(company, state, turn), **cleared()}
    if line.get("opening"):
        return changed
    changed["beat_turns"] = state["beat_turns"] + 1
    changed["no_action"] = False
    if turn.kind == "event":
        changed |= {"stale": 0, "used_events": [*state["used_events"], turn.text][-500:]}
    if not spoken or not turn.speaker:
        return changed
    weak = freshness(turn, before) < LITTLE or "turned down" in turn.why
    changed["stale"] = state["stale"] + 1 if weak else max(0, state["stale"] - 1)
    changed["spoken"] = [*dict.fromkeys([*state["spoken"], turn.speaker])]
    changed["asked"] = ""
    changed |= learned(company, state, turn)
    return changed


def route_direct(state: StageState) -> Literal["speak", "listen", "measure", "__end__"]:
    """After `direct`: the curtain, a line that is ready, a person to ask, or an agent to speak."""
    if state["over"]:
        return "__end__"
    if state["line"] is not None:
        return "measure"
    if state["crossing"] or (state["cue"] and state["cue"]["speaker"] in state["human"]):
        return "listen"
    return "speak"


def route_choose(state: StageState) -> Literal["speak", "measure", "direct"]:
    """After `choose`: commit, try again, or give up an action line."""
    if state["line"] is not None:
        return "measure"
    return "direct" if state["no_action"] else "speak"


def route_listen(state: StageState) -> Literal["speak", "measure", "direct"]:
    """After `listen`: go on at the branch, commit the person's line, or let the model play the role once."""
    if state["crossing"]:
        return "direct"
    return "measure" if state["line"] is not None else "speak"


def _begun(state: StageState) -> StageState:
    return {**state, "began": state["began"] or time.time()}


def _decided(company: Company, state: StageState) -> StageState | None:
    """Ask the director; return the state for the node that carries it out, or None when the beat is over."""
    stage = stage_of(company, state)
    heard = company.heard(state["head"], state["path"], state["present"])
    if company.director.asks(stage):
        p, spent = company.director.judged(stage, heard, company.model)
        state["judged"] = [*state["judged"], p][-_JUDGED:]
        state["cost"] = added(state["cost"], spent.prefilled, spent.calls, spent.seconds, spent.calls)
        stage = replace(stage, judged=state["judged"])
    match company.director.decide(stage, heard, company.model):
        case Speak(cue, why, opening, spent):
            cost = added(state["cost"], spent.prefilled, spent.calls, spent.seconds, spent.calls)
            made: StageState = {
                "cue": {**asdict(cue), "to": list(cue.to)},
                "why": why,
                "opening": opening,
                "cost": cost,
            }
            return {**state, **made, "kind": "dialogue"}
        case Act(subject, why, text, spent):
            cost = added(state["cost"], spent.prefilled, spent.calls, spent.seconds, spent.calls)
            if text:
                return {**state, "line": new_line("action", text, why, "scenario"), "cost": cost}
            return {**state, "kind": "action", "opening": subject, "why": why}
        case Happen(text, why, by):
            return {**state, "line": new_line("event", text, why, by)}
        case NextBeat(why):
            done = {"scene": len(state["path"]), "beat": state["beat"] + 1, "turns": state["beat_turns"], "reason": why}
            if state["judged"]:
                done["judged"] = state["judged"]
            state["beats"] = [*state["beats"], done]
            return None


def _choose_action(company: Company, state: StageState) -> StageState:
    subject = state["opening"]
    recent = [turn.text for turn in company.turns(state["head"])[-15:]]
    others = [name for name in state["present"] if name != subject]
    candidates = []
    for raw, logprob, _ in state["raw"]:
        text = narration.trimmed(raw)
        candidates.append(Candidate(text, None, None, narration.fault(text, subject, others, recent), logprob))
    good = [candidate for candidate in candidates if not candidate.rejected]
    if not good:
        return {"no_action": True, "raw": [], "kind": "dialogue", "opening": ""}
    best = max(good, key=lambda candidate: candidate.logprob or 0.0)
    line = new_line("action", best.text, state["why"], "model")
    return {"line": {**line, "candidates": [asdict(candidate) for candidate in candidates]}}


def _rules(company: Company, state: StageState, cue: Cue, recent: Sequence[str]) -> Rules:
    director = company.director
    locked = director.locked(state["path"], state["path"][-1], state["beat"], state["out"])
    return Rules(
        speaker=cue.speaker,
        cast=director.cast,
        level=cue.level,
        recent=recent,
        written=[line for persona in director.personas.values() for line in persona.voice.examples],
        forbidden=forbidden(company.facts, cue.speaker, state["known"], locked),
        revealing=bool(cue.reveal),
        told=[
            director.personas[cue.speaker].persona,
            cue.intention,
            *(beat.goal for scene in company.scenario.scenes for beat in scene.beats),
            *state.get("whispers", {}).get(cue.speaker, ()),
        ],
        called=[
            (to, relation.address)
            for (from_, to), relation in company.relations(state["relations"]).items()
            if from_ == cue.speaker and relation.address
        ],
    )


def _misses(company: Company, best: Candidate, ask: Ask | None) -> bool:
    """Say whether a line that may stand is far from the emotion asked for, so that asking once more is worth a call."""
    if ask is None or best.rejected:
        return False
    return abs(company.emotion.read(best.text).valence - ask.valence) > MISS


def _cost(state: StageState) -> Cost:
    cost = state["cost"]
    seconds = max(0.0, time.time() - state["began"]) if state["began"] else 0.0  # the clock may have been set back
    return Cost(
        round(seconds, 4),
        round(cost.get("model_seconds", 0.0), 4),
        int(cost.get("calls", 0)),
        int(cost.get("prefilled", 0)),
        int(cost.get("decoded", 0)),
    )


def _tell(company: Company, who: str) -> None:
    if company.on_work:
        company.on_work(who)

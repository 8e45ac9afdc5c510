"""What a writer's retries, edits and picks say of the model: pairs with the prompt that the model read, off its checkpoint."""

from __future__ import annotations

from itertools import pairwise

from agents.prompts import neutral
from graph.asking import Asked, asked_for
from graph.playhead import Playhead
from transcript.branches import Branches, Version
from transcript.preferences import Draft, Preference, Reason, insert, preferences_of
from transcript.store import RunStore
from transcript.turn import Turn


def pair(head: Playhead, drawn: int, chosen: Turn, rejected: Turn, reason: Reason) -> Draft | None:
    """Return the pair of two versions of a line; None where the model never said it, or both are the same to a model.

    `drawn` is the id of the turn of which the model drew the one that it did draw: its candidates tell the prompt.
    """
    turns = {"edit": rejected, "retry": chosen, "choice": chosen}
    asked = prompt_of(head, drawn, turns[reason])
    if asked is None:
        return None
    good, bad = said_after(asked, chosen), said_after(asked, rejected)
    return Draft(asked.prompt, good, bad, reason) if good and bad and good != bad else None


def prompt_of(head: Playhead, drawn: int, turn: Turn) -> Asked | None:
    """Return what the model was asked when it drew the words of `turn`: the try at which they are among the candidates."""
    states = [head.values(place) for place in head.asked(drawn)]
    for state, following in pairwise(states):
        if any(turn.text == draft["text"] for draft in following["drafts"]):
            return asked_for(head.company, state)
    return asked_for(head.company, states[-1]) if states else None


def said_after(asked: Asked, turn: Turn) -> str:
    """Return the words of a turn as the model would go on with after the prompt, with the line's end; "" where it can't."""
    text = neutral(turn.text)
    if asked.start:
        rest = text.removeprefix(asked.start)
        return f"{rest}\n" if rest and rest != text else ""
    shown = turn.parenthetical and not asked.direction
    return f" ({neutral(turn.parenthetical or '')}) {text}\n" if shown else f" {text}\n"


def learn_retry(head: Playhead, version: Version) -> None:
    """Keep the pairs of a line that was said anew: it stands in place of the one before and of all that one replaced."""
    own = _own(head, version)
    if version.why != "retry" or not own or not records(head.company.store, head.run):
        return
    store, chosen = head.company.store, own[0]
    turn = store.turn(chosen)
    anew = {
        mine[0]: one for one in head.branches.versions().values() if one.why == "retry" and (mine := _own(head, one))
    }
    replaced = [head.retried(version)]
    while before := anew.get(replaced[-1]):
        replaced.append(head.retried(before))
    for rejected in replaced:
        was = store.turn(rejected)
        if was.by == "model" and turn.by == "model" and (draft := pair(head, chosen, turn, was, "retry")):
            with store.session() as db:
                insert(db, head.run, draft, chosen, rejected)


def records(store: RunStore, run: str) -> bool:
    """Say whether a run keeps the writer's choices."""
    return bool(store.run(run).take.get("preferences", True))


def record(store: RunStore, run: str, on: bool) -> None:
    """Say whether a run keeps the writer's choices from now on."""
    found = store.run(run)
    store.update(run, found.status, {**found.take, "preferences": on})


def learned_from(store: RunStore, run: str) -> tuple[Preference, ...]:
    """Return the pairs of a run, and which of them still hold."""
    return preferences_of(store, run, Branches(store, run).standing())


def draft_of(head: Playhead, turn: int, chosen: Turn, rejected: Turn, reason: Reason) -> Draft | None:
    """Return the pair of a mend or a pick of a line that the model said, None where the run keeps none."""
    root = head.branches.root(turn)
    said = head.company.store.turn(root)
    if said.by != "model" or not records(head.company.store, head.run):
        return None
    return pair(head, turn, chosen, said if reason == "edit" else rejected, reason)


def _own(head: Playhead, version: Version) -> list[int]:
    return head.branches.own(version.id)

"""Moves along the lines of a take: say a line anew, pick, mend, undo, redo, branch, go to a place. Nothing is ever lost."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from agents.suggestions import Suggestion
from graph.choices import draft_of
from graph.playhead import Playhead
from graph.scenes import as_line
from graph.state import StageState
from transcript.branches import Branch, Version
from transcript.errors import UsageError
from transcript.turn import Candidate, Turn


def retry(head: Playhead) -> Turn:
    """Have the last line under a cue said anew; return the old one."""
    n, turn = _last_line(head)
    line = head.company.store.ids(head.between()["head"])
    root = head.company.store.turn(head.branches.root(line[n - 1]))
    if root.by == "human" or not head.asked(line[n - 1]):
        raise UsageError(f"line {n} was typed by a person: change it with edit")
    head.move(line[n - 2] if n > 1 else None, "retry")
    return turn


def alternatives(head: Playhead) -> tuple[Candidate, ...]:
    """Return the candidates of the last line under a cue."""
    return _last_line(head)[1].candidates


def pick(head: Playhead, index: int) -> Turn:
    """Let candidate `index` stand in place of the last line; what came after it stays."""
    n, turn = _last_line(head)
    if not 0 <= index < len(turn.candidates) or turn.cue is None:
        raise UsageError(f"candidate {index + 1}: line {n} has {len(turn.candidates) or 'none'}")
    chosen, cue = turn.candidates[index], turn.cue
    spoken = replace(turn, kind="dialogue", speaker=cue.speaker, to=cue.to, by="model", why=f"{turn.why}; picked")
    direction = turn.parenthetical if cue.direction else chosen.parenthetical
    new = replace(spoken, text=chosen.text, parenthetical=direction)
    return _revise(head, n, new, "pick", keep=True)


def edit(head: Playhead, n: int, text: str, parenthetical: str | None, keep: bool) -> Turn:
    """Replace the words of turn `n`."""
    turns = head.company.turns(head.between()["head"])
    if not 1 <= n <= len(turns):
        raise UsageError(f"line {n}: this take has lines 1 to {len(turns)}")
    words = unicodedata.normalize("NFC", text).strip()
    if not words:
        raise UsageError(f"line {n}: an empty line; take it back with undo")
    aside = unicodedata.normalize("NFC", parenthetical or "").strip() or None
    new = replace(turns[n - 1], text=words, parenthetical=aside, by="edited", why=f"{turns[n - 1].why}; edited")
    return _revise(head, n, new, "edit", keep=keep)


def undo(head: Playhead, n: int) -> None:
    """Take back the last retry, edit or pick, else the last turn, `n` times in one move."""
    if n < 1:
        raise UsageError(f"undo {n}: give 1 or more")
    at = head.between()["head"]
    if at is None:
        raise UsageError("nothing to take back: this is the beginning")
    versions = head.branches.versions()
    for _ in range(n):
        if at is not None:
            at = _before(head, versions, at)
    head.move(at, "undo")


def redo(head: Playhead) -> None:
    """Go back to where the take stood before the last undo or goto, when nothing was played since."""
    here = head.branches.here()
    if here is None or here.from_id is None or not _empty(head, here):
        raise UsageError("nothing to take forward again: the last thing was no undo")
    _stand(head, here.from_id, here.from_head)


def branch(head: Playhead, name: str) -> None:
    """Go on from here on a new branch."""
    name = unicodedata.normalize("NFC", name).strip()
    if not name or name.isdecimal() or set(name) & set(":~\n"):
        raise UsageError(f"{name!r}: give a branch a name that is no number and has no : or ~")
    state = head.between()
    if name in head.branches.current() or name == state["branch"]:
        raise UsageError(f"{name}: there is a branch of this name; go there with goto")
    head.move(state["head"], "branch", name=name)


def branches(head: Playhead) -> tuple[Branch, ...]:
    """Return the branches, each after its parent."""
    if found := head.branches.shown():
        return found
    state = head.between()
    turns = head.company.turns(state["head"])
    return (Branch(state["branch"], None, 0, len(turns), turns[-1] if turns else None, True, True),)


def goto(head: Playhead, place: str | int) -> None:
    """Go to the end of a branch, to a turn of it, or to a turn of the branch the take is on."""
    text = unicodedata.normalize("NFC", str(place)).strip()
    name, colon, number = text.rpartition(":")
    if text.isdecimal():
        name, number = "", text
    elif not (colon and number.strip().isdecimal()):
        name, number = text, ""
    state = head.between()
    id_ = _named(head, name.strip()) if name else state["branch"]
    line = head.company.store.ids(head.company.store.head(head.run, id_))
    n = int(number) if number else len(line)
    here = head.branches.here()
    while (
        n > len(line) and not name and here and here.from_id and _empty(head, here)
    ):  # forward again over what it left
        id_, line = here.from_id, head.company.store.ids(here.from_head)
        here = head.branches.versions()[id_]
    if n > len(line):
        raise UsageError(f"{text}: the branch has {len(line)} turns")
    at = line[n - 1] if n else None
    if (id_, at) != (state["branch"], state["head"]):
        _stand(head, id_, at)


def follow(head: Playhead, suggestion: Suggestion) -> str:
    """Let `suggestion` happen next on a branch of its own; return its name."""
    state = head.between()
    here = head.branches.here()
    base = f"{here.name if here else state['branch']}.{state['n']}"
    taken = {*head.branches.current(), *head.branches.versions()}
    names = (base, *(f"{base}-{number}" for number in range(2, len(taken) + 3)))
    name = next(name for name in names if name not in taken)
    head.move(state["head"], "branch", name=name)
    changed: StageState = {"pending": [*head.between()["pending"], as_line(suggestion, "chosen by the person")]}
    if suggestion.enters:
        changed["present"] = [*state["present"], suggestion.enters]
    head.change(changed)
    return name


def where(head: Playhead) -> str:
    """Return the place on which the take stands, as `goto` takes it."""
    state, here = head.between(), head.branches.here()
    return f"{here.name if here else state['branch']}:{state['n']}"


def _named(head: Playhead, name: str) -> str:
    """Return the version that a name means."""
    now = head.branches.current() or dict.fromkeys([head.between()["branch"]], head.between()["branch"])
    id_ = now.get(name) or name.removesuffix("~1")
    if id_ not in {*now.values(), *head.branches.versions()}:
        raise UsageError(f"{name}: no such branch; there is {', '.join(now)}")
    return id_


def _stand(head: Playhead, id_: str, at: int | None) -> None:
    """Stand on turn `at` of a version: at its end where that is still its end, else in a version of its own."""
    if head.company.store.head(head.run, id_) == at:
        head.enter(head.branches.versions()[id_])
    else:
        head.move(at, "goto", of=id_)


def _empty(head: Playhead, version: Version) -> bool:
    """Say whether a version was made by going back, and nothing was played in it."""
    return version.why in ("undo", "goto") and not head.branches.own(version.id)


def _before(head: Playhead, versions: Mapping[str, Version], at: int) -> int | None:
    """Return the turn at which the take stood before it came to turn `at`: by a retry, edit or pick, or by playing it."""
    id_, parent = head.branches.owner(at)
    version = versions.get(id_)
    return version.from_head if version and head.branches.moved(version) == at else parent


def _last_line(head: Playhead) -> tuple[int, Turn]:
    """Return the number and the value of the last turn that somebody was to say."""
    turns = head.company.turns(head.between()["head"])
    for turn in reversed(turns):
        if turn.cue:
            return turn.n, turn
    raise UsageError("nobody has spoken yet")


def _revise(head: Playhead, n: int, new: Turn, why: Literal["pick", "edit"], *, keep: bool) -> Turn:
    """Put `new` in the place of turn `n`, measured again as the lines that follow it, and keep what follows or not."""
    company, state = head.company, head.between()
    line, turns = company.store.ids(state["head"]), list(company.turns(state["head"]))
    old = turns[n - 1]
    if (new.text, new.parenthetical, new.kind) == (old.text, old.parenthetical, old.kind):
        return old
    turns[n - 1] = new
    last = len(turns) if keep else n
    fresh = _measured(head, turns[:last], n)
    draft = draft_of(head, line[n - 1], fresh[0], old, "choice" if why == "pick" else "edit")
    revised = list(zip(fresh, line[n - 1 : last], strict=True))
    head.move(line[n - 2] if n > 1 else None, why, revised=revised, preference=draft)
    return fresh[0]


def _measured(head: Playhead, turns: Sequence[Turn], n: int) -> list[Turn]:
    """Return turns from `n` on; it and those up to the next spoken line, for which it is the line before, measured anew."""
    emotion = head.company.emotion
    before = next((turn.text for turn in reversed(turns[: n - 1]) if turn.kind == "dialogue"), "")
    found, moved = [], True
    for turn in turns[n - 1 :]:
        found.append(replace(turn, emotion=emotion.read(turn.text, before)) if moved else turn)
        if turn.kind == "dialogue":
            moved, before = moved and turn is turns[n - 1], turn.text
        elif turn is turns[n - 1]:
            moved = False
    return found

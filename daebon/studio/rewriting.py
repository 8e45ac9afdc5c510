"""Commands that change what was written, and go back and forth in it; nothing that stood is ever lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daebon.messages import _
from daebon.studio import showing
from daebon.studio.moves import Move, Unfinished
from daebon.studio.reading import number_of, split_line
from transcript.errors import UsageError

if TYPE_CHECKING:
    from daebon.studio.session import Studio


def retry(studio: Studio, _rest: str) -> Move:
    """Have the last line said another way."""
    old = studio.take.retry()
    studio.screen.rule(_("line {n} again", n=old.n))
    return Move.GO


def alternatives(studio: Studio, rest: str) -> Move:
    """Show the candidates of the last line and let the person take one."""
    choices = studio.take.alternatives()
    if not choices:
        raise UsageError(_("the last line has no candidates: nobody of the company said it"))
    if not rest:
        line = next(turn for turn in reversed(studio.turns) if turn.cue)
        studio.screen.show(showing.candidates(choices, line.text))
        rest = studio.ask(_("number, or Enter for none: ")) or ""
        if not rest:
            return Move.STAY
    picked = studio.take.pick(number_of(rest, 1, len(choices)) - 1)
    return studio.changed(_("line {n} picked", n=picked.n), around=picked.n)


def edit(studio: Studio, rest: str) -> Move:
    """Open a line for rewriting; where lines come after it, ask whether they are kept."""
    turns = studio.turns
    if not turns:
        raise UsageError(_("there is no line yet"))
    turn = turns[number_of(rest, 1, len(turns)) - 1] if rest else turns[-1]
    spoken = turn.kind == "dialogue"
    before = f"({turn.parenthetical}) {turn.text}" if turn.parenthetical else turn.text
    draft = studio.drafts.pop(turn.n, before)
    written = studio.ask(f"{turn.n} {turn.speaker or ''}".rstrip() + " › ", draft)
    if not written or written == before:
        studio.screen.tell(_("line {n} stays as it is", n=turn.n))
        return Move.STAY
    written = " ".join(written.split())
    text, parenthetical = split_line(written) if spoken else (written, None)
    keep = True
    if later := len(turns) - turn.n:
        answer = studio.ask(_("lines after it: {n}. Enter keeps them, x cuts them: ", n=later))
        if answer is None:
            return Move.STAY
        keep = answer.lower() not in ("x", "ㅌ")
    studio.drafts[turn.n] = written  # what was typed stands there again when the take refuses it
    studio.take.edit(turn.n, text, parenthetical, keep=keep)
    del studio.drafts[turn.n]
    return studio.changed(_("line {n} rewritten", n=turn.n), around=turn.n)


def undo(studio: Studio, rest: str) -> Move:
    """Take back the last change or line."""
    studio.take.undo(number_of(rest, 1, 2_000) if rest else 1)
    return studio.changed(_("undone"))


def redo(studio: Studio, _rest: str) -> Move:
    """Take the last undo back."""
    studio.take.redo()
    return studio.changed(_("done again"))


def branch(studio: Studio, rest: str) -> Move:
    """Go on from here on a branch of its own."""
    if not rest:
        raise Unfinished
    studio.take.branch(rest)
    studio.screen.rule(_("branch {name}", name=rest))
    return studio.void()


def goto(studio: Studio, rest: str) -> Move:
    """Go to a branch, or to a line."""
    if not rest:
        raise Unfinished
    studio.take.goto(int(rest) if rest.isdecimal() else rest)
    return studio.changed()

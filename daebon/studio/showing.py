"""Commands that look and change nothing: the script, emotions, arcs, branches, a role, what it cost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from daebon.messages import N_, _
from daebon.messages.below import refusal
from daebon.studio.moves import Move
from daebon.studio.reading import name_of, number_of
from scenarios.values import Relation
from transcript.branches import Branch
from transcript.errors import UsageError
from transcript.layout import clean
from transcript.preferences import Preference
from transcript.turn import Candidate

if TYPE_CHECKING:
    from daebon.studio.session import Studio

_LAST = 8  # lines that /emotion and /script show when no number is given
_MOST = 2_000
_TOP = 3  # emotions named per line
_FELT = 0.05  # strength from which a basic emotion is named

_REASONS = {"retry": N_("said again"), "edit": N_("rewritten"), "choice": N_("picked")}


def script(studio: Studio, rest: str) -> Move:
    """Show the last lines again."""
    studio.screen.again(studio.turns[-_many(rest) :], studio.state["path"])
    return Move.STAY


def emotion(studio: Studio, rest: str) -> Move:
    """Show what was measured in the last lines."""
    turns = [turn for turn in studio.turns if turn.kind == "dialogue"][-_many(rest) :]
    if not turns:
        raise UsageError(_("nobody has spoken yet; press Enter first"))
    table = _table("", _("role"), _("mood"), _("emotions"), _("line"))
    for turn in turns:
        found = sorted(turn.emotion.labels.items(), key=lambda item: -item[1])[:_TOP]
        labels = ", ".join(f"{label} {strength:.2f}" for label, strength in found) or "–"
        mood = Text(f"{turn.emotion.valence:+.2f}", style="green" if turn.emotion.valence > 0 else "red")
        table.add_row(str(turn.n), clean(turn.speaker or ""), mood, labels, clean(turn.text))
    studio.screen.show(table)
    return Move.STAY


def arc(studio: Studio, _rest: str) -> Move:
    """Draw the arcs so far."""
    if not any(turn.kind == "dialogue" for turn in studio.turns):
        raise UsageError(_("nobody has spoken yet; press Enter first"))
    studio.screen.arcs(studio.turns)
    return Move.STAY


def branches(studio: Studio, rest: str) -> Move:
    """Draw the branches as a tree: where each begins, how long it is, how it ends; `all` draws left versions too."""
    found = studio.take.branches()
    rows = [row for row in found if row.named or row.current or rest]
    shown = {row.name for row in rows}
    nodes: dict[str, Tree] = {}
    for row in rows:
        first = row.forked_at + 1 if row.parent else 1
        words = _("lines {first}–{last}", first=first, last=row.turns) if row.turns > first else _("line {n}", n=first)
        if row.turns < first:
            words = _("no line of its own")
        label = Text.assemble((row.name, "bold reverse" if row.current else "bold"), f"  {words}")
        if row.current:
            label.append("  ◀")
        if row.last:
            name = f"{clean(row.last.speaker)}: " if row.last.speaker else ""
            label.append(f"  {name}{clean(row.last.text)}", style="dim")
        label.no_wrap, label.overflow = True, "ellipsis"
        parent = _shown_parent(row, found, shown)
        nodes[row.name] = nodes[parent].add(label) if parent in nodes else Tree(label, guide_style="dim")
        if parent not in nodes:
            nodes[f"/{row.name}"] = nodes[row.name]
    for name, node in nodes.items():
        if name.startswith("/"):
            studio.screen.show(node)
    if left := len(found) - len(rows):
        studio.screen.tell(_("left behind by retry, edit or undo: {n}; /branches all draws them too", n=left))
    return Move.STAY


def who(studio: Studio, rest: str) -> Move:
    """Show one role as it is now."""
    name = name_of(rest, studio.cast)
    found = studio.take.who(name)
    unknown = {fact for other in studio.cast if other != name for fact in studio.take.who(other).unaware}
    hidden = [fact for fact in found.secrets if fact in unknown]
    here = _("here") if found.present else _("away")
    played = _("played by you") if found.human else _("played by the company")
    studio.screen.rule(f"{found.name} · {here} · {played}")
    table = Table.grid(padding=(0, 1))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    strongest = sorted(found.strengths.items(), key=lambda item: -item[1])[:_TOP]
    feels = ", ".join(f"{label} {strength:.2f}" for label, strength in strongest if strength >= _FELT)
    rows = [
        (_("role"), [found.role]),
        (_("feels"), [found.feelings, f"{found.valence:+.2f}" + (f" · {feels}" if feels else "")]),
    ]
    rows += [(_("toward {name}", name=other), [_related(relation)]) for other, relation in found.toward.items()]
    rows += [(_("from {name}", name=other), [_related(relation)]) for other, relation in found.from_others.items()]
    open_ = [fact for fact in found.knows if fact not in hidden]
    rows += [
        (_("hides"), hidden),
        (_("knows"), open_),
        (_("doesn't know"), list(found.unaware)),
        (_("whispered"), list(found.whispers)),
    ]
    for label, lines in rows:
        for i, line in enumerate(filter(None, lines)):
            table.add_row("" if i else label, clean(line))
    studio.screen.show(table)
    return Move.STAY


def cost(studio: Studio, _rest: str) -> Move:
    """Show what the take cost so far: of the lines that stand, and of all that were ever made."""
    spent = studio.take.cost()
    table = _table("", _("lines"), _("seconds"), _("model calls"), _("tokens read"), _("tokens written"))
    for label, n, sums in (
        (_("this script"), spent.turns, spent.line),
        (_("everything made"), spent.made, spent.all),
    ):
        figures = (f"{sums.seconds:.1f}", f"{sums.calls:,}", f"{sums.prefilled:,}", f"{sums.decoded:,}")
        table.add_row(label, str(n), *figures)
    studio.screen.show(table)
    return Move.STAY


def preferences(rows: Sequence[Preference]) -> Table:
    """Return the table of what a person chose over what, in order."""
    table = _table("", _("by"), _("chosen over turned down"))
    for row in rows:
        pair = Text(clean(row.chosen), style="" if row.kept else "dim")
        pair.append(f"\n✗ {clean(row.rejected)}", style="dim")
        table.add_row(str(row.id), _(_REASONS[row.reason]), pair)
    return table


def candidates(choices: Sequence[Candidate], chosen: str) -> Table:
    """Return the table of candidates: number, score, the line, and under it why it was turned down or mended."""
    table = _table("", _("score"), _("line"))
    for i, choice in enumerate(choices, 1):
        line = Text()
        if choice.parenthetical:
            line.append(f"({clean(choice.parenthetical)}) ", style="dim")
        line.append(clean(choice.text), style="bold" if choice.text == chosen else "")
        if choice.rejected:
            line.append(f"\n✗ {refusal(choice.rejected)}", style="red")
        if choice.mended:
            line.append("\n" + _("the model wrote: {text}", text=clean(choice.mended)), style="dim")
        score = "–" if choice.score is None else f"{choice.score:.2f}"
        table.add_row(f"{i}{'*' if choice.text == chosen else ''}", score, line)
    return table


def _many(rest: str) -> int:
    return number_of(rest, 1, _MOST) if rest else _LAST


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    for heading in headings[:-1]:
        table.add_column(heading, overflow="fold")
    table.add_column(headings[-1], overflow="fold", ratio=1)
    return table


def _shown_parent(row: Branch, rows: Sequence[Branch], shown: Collection[str]) -> str:
    """Return the nearest branch above that is shown, "" for none."""
    above = {other.name: other.parent or "" for other in rows}
    parent = row.parent or ""
    while parent and parent not in shown:
        parent = above.get(parent, "")
    return parent


def _related(relation: Relation) -> str:
    affection = "" if relation.affection is None else f"{relation.affection:+.1f}"
    return " · ".join(filter(None, (relation.level or "", relation.address or "", affection)))

"""What `/help` shows: the whole list where the screen has room for it, else the groups; one group; one command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from daebon.messages import N_, _

if TYPE_CHECKING:
    from daebon.studio.commands import Command

_PROMPT = 8  # rows that the command itself, the prompt, its menu and the toolbar take
_TWO = 140  # columns from which the list stands in two columns
ByGroup = Mapping[str, Sequence["Command"]]
_TYPING = N_(
    "a line of your role; {a}: 왔어요. one of anybody's; (웃으며) before it directs it, (파도가 친다.) alone happens"
)


def fitting(commands: ByGroup, names: Sequence[str], console: Console) -> tuple[RenderableType, int]:
    """Return what `/help` shows on a console and how wide it is: all commands, or where these don't fit their groups."""
    wide = console.width if console.width >= _TWO else min(console.width, 96)
    everything = whole(commands, names, two=console.width >= _TWO)
    options = console.options.update(width=wide, height=None)
    if len(console.render_lines(everything, options)) + _PROMPT <= console.height:
        return everything, wide
    return groups(commands, names), wide


def groups(commands: ByGroup, names: Sequence[str]) -> RenderableType:
    """Return the commands' names by group: a screen of 24 rows and 60 columns holds it."""
    table = _grid()
    for group, mine in commands.items():
        table.add_row(Text(_(group), style="bold"), Text(" ".join(f"/{one.spelled}" for one in mine)))
    first, mine = list(commands.items())[1]
    more = _(
        "/help {group}: what these do · /help {command}: one with its example · /help all: everything",
        group=_(first),
        command=mine[0].spelled,
    )
    keys = _("Tab completes · Ctrl-R searches what you typed · Ctrl-C stops the line · Ctrl-D leaves")
    return Group(_typing(names), table, Text(more, style="dim"), Text(keys, style="dim"))


def whole(commands: ByGroup, names: Sequence[str], *, two: bool) -> RenderableType:
    """Return all commands with what they do, by group; in `two` columns without their examples."""
    found = list(commands)
    if not two:
        return Group(
            _typing(names),
            *(part for group in found for part in (Text(), of_group(group, commands[group], names))),
            Text(),
            _keys(),
        )
    table = Table.grid(padding=(0, 3), expand=True)
    table.add_column(ratio=1)
    table.add_column(ratio=1)
    halves = [Group(*(of_group(group, commands[group], ()) for group in found[i::2])) for i in (0, 1)]
    table.add_row(*halves)
    return Group(_typing(names), table, _keys())


def of_group(group: str, commands: Sequence[Command], names: Sequence[str]) -> RenderableType:
    """Return the commands of a group with what they do, and their examples where `names` of the play are given."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for command in commands:
        name = Text(f"/{command.names[0]}", style="bold").append(f" /{command.names[1]}", style="dim")
        says = Text(_(command.summary))
        if command.usage and names:
            says.append(f"  {command.shown(names)}", style="dim")
        table.add_row(name, says)
    return Group(Text(_(group), style="bold underline"), table)


def one(command: Command, names: Sequence[str]) -> list[str]:
    """Return what can be said of a command, in rows."""
    spellings = " · ".join(f"/{name}" for name in command.names)
    rows = [f"{spellings} {_(command.usage) if command.usage else ''}".rstrip(), _(command.summary)]
    rows += [_(command.more)] if command.more else []
    return [*rows, _("example: {example}", example=command.shown(names))]


def group_named(groups: Iterable[str], word: str) -> str:
    """Return the group that `word` names or begins, in either language; "" for none."""
    wanted = word.lower()
    return next((g for g in groups if wanted and any(n.lower().startswith(wanted) for n in (g, _(g)))), "")


def _grid() -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    return table


def _typing(names: Sequence[str]) -> RenderableType:
    table = _grid()
    table.add_row(Text("Enter", style="bold"), _("the next line"))
    table.add_row(Text(_("text"), style="bold"), _(_TYPING, a=names[0]))
    return table


def _keys() -> RenderableType:
    table = _grid()
    table.add_row(Text("Tab", style="bold"), _("completes commands and names; Ctrl-R searches what you typed before"))
    table.add_row(Text("Ctrl-C", style="bold"), _("stops the line that is being made; Ctrl-D leaves, all saved"))
    return table

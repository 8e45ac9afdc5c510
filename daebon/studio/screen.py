"""The screen of the studio: the stage with numbered lines, a line that streams while it is made, and a sign of life."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from daebon.console import NARROW, WIDE, Stage
from daebon.messages import _
from daebon.studio.reading import split_line
from scenarios.values import Scenario
from transcript.layout import clean
from transcript.turn import Turn

_GUTTER = 4  # columns of the number of a line


class Screen(Stage):
    """Shows a take to the person who plays it; everything goes to one console, so that nothing is drawn over.

    With `streams` (one candidate per line) a line stands on the screen as it is made, until the committed one takes its
    place; with more, a status line says who is at work.
    """

    def __init__(self, scenario: Scenario, *, streams: bool) -> None:
        """Show nothing yet."""
        super().__init__(scenario)
        self.err = self.out
        self.streams = self._streams = streams
        self._live: Live | None = None
        self._names = {persona.name for persona in scenario.personas}
        self._made = ""

    @contextmanager
    def working(self, *, streams: bool = False) -> Iterator[None]:
        """Show the line in the making (`streams` also where lines don't), or who works, until the block is left."""
        self._streams = streams or self.streams
        self._worker, self._made, self._tokens, self._since = "", "", 0, time.perf_counter()
        spinner = Spinner("dots", style="dim")
        live = Live(
            get_renderable=lambda: self._in_work(spinner),
            console=self.out,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            refresh_per_second=10,
        )
        with live:
            self._live = live
            try:
                yield
            finally:
                self._worker = self._made = ""
                self._live = None

    def on_work(self, who: str) -> None:
        """Note who works now; what was made of a line before is turned down."""
        self._worker, self._made, self._tokens, self._since = who, "", 0, time.perf_counter()

    def on_token(self, piece: str) -> None:
        """Add a decoded piece to the line in the making."""
        self._tokens += 1
        if self._streams and self._live is not None:
            self._made += piece
            self._live.refresh()

    def turn(self, turn: Turn, path: Sequence[int]) -> None:
        """Show one committed turn where the line in the making stood."""
        self._made = ""
        super().turn(turn, path)

    def again(self, turns: Sequence[Turn], path: Sequence[int]) -> None:
        """Show lines again, with the heading of their scene and a mark where some between them are left out."""
        self._scene = 0
        for before, turn in pairwise((None, *turns)):
            if before and turn and before.n + 1 < turn.n:
                self.out.print(Text(f"{'⋯':>{_GUTTER}}", style="dim"))
            if turn:
                self.turn(turn, path)

    def show(self, what: RenderableType, width: int = WIDE) -> None:
        """Show something that is not part of the script, at most `width` columns wide."""
        self.out.print(what, width=min(self.out.width, width))

    def aside(self, name: str, text: str) -> None:
        """Show what a role says outside the scene."""
        spoken = Text.assemble((f"{clean(name)} ", f"bold {self._colours.get(name, 'white')}"), (clean(text), "italic"))
        self.out.print(Padding(spoken, (0, 0, 0, 2)), width=min(self.out.width, WIDE))

    def path(self, path: Path) -> None:
        """Show where a file lies, in one piece that can be copied."""
        self.out.print(Text(f"  {path}"), soft_wrap=True)

    def tell(self, text: str) -> None:
        """Say something that is not part of the script, set off from it."""
        self.out.print(Padding(Text(text, style="dim"), (0, 0, 0, 2)), width=min(self.out.width, WIDE))

    def echo(self, text: str) -> None:
        """Leave a command that was typed on the screen."""
        self.out.print(Text(f"› {clean(text)}", style="dim bold"))

    def wrong(self, text: str) -> None:
        """Say what went wrong."""
        self.out.print(Padding(Text(text, style="red"), (0, 0, 0, 2)), width=min(self.out.width, WIDE))

    def rule(self, text: str) -> None:
        """Draw a line across with a word in it: from here on, something else."""
        self.out.print()
        self.out.rule(Text(text, style="dim"), align="left", style="dim")

    def _in_work(self, spinner: Spinner) -> RenderableType:
        made = self._made.split("\n", 1)[0].strip()
        if made and self._worker in self._names:
            text, parenthetical = split_line(made)
            return Constrain(self._line(self._worker, "", parenthetical, text, ""), WIDE)
        if made:
            return Padding(Text(clean(made), style="italic"), (1, 0, 0, _GUTTER + 1))
        spinner.update(text=Text(self._status_line(), style="dim"))
        return spinner

    def _status_line(self) -> str:
        seconds = time.perf_counter() - self._since
        if not self._worker:
            return _("the director")
        rate = f" · {self._tokens / max(seconds, 1e-6):.0f} tok/s" if self._tokens else ""
        who = self._worker if self._worker in self._names else _("an action line")
        return f"{who} · {seconds:.0f} s{rate}"

    def _dialogue(self, turn: Turn) -> None:
        self.show(self._line(turn.speaker or "", turn.marker or "", turn.parenthetical, turn.text, str(turn.n)))

    def _told(self, turn: Turn) -> None:
        style = "italic" if turn.kind == "action" else "italic bold"
        grid = _grid()
        grid.add_column(overflow="fold")
        grid.add_row(Text(str(turn.n), style="dim"), Text(clean(turn.text), style=style))
        self.out.print()
        self.show(grid)

    def _line(self, speaker: str, marker: str, parenthetical: str | None, text: str, n: str) -> RenderableType:
        name = Text(clean(speaker) + (f" {marker}" if marker else ""))
        name.stylize(f"bold {self._colours.get(speaker, 'white')}")
        line = Text()
        if parenthetical:
            line.append(f"({clean(parenthetical)}) ", style="dim")
        line.append(clean(text))
        if self.out.width < NARROW:
            return Group(Text.assemble((f"{n:>{_GUTTER}} ", "dim"), name), Padding(line, (0, 0, 0, 2)))
        grid = _grid()
        grid.add_column(width=self._width - 3, no_wrap=True, overflow="ellipsis")
        grid.add_column(overflow="fold")
        grid.add_row(Text(n, style="dim"), name, line)
        return grid


def _grid() -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=_GUTTER, justify="right", no_wrap=True)
    return grid

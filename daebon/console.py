"""The terminal: scenes, lines and notices by rich; the script goes to stdout, everything else to stderr."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.status import Status
from rich.table import Table
from rich.text import Text

from agents import prompts
from daebon.messages import _
from emotion.arcs import series, sparkline
from scenarios.values import Scenario
from transcript.layout import clean
from transcript.turn import Turn

_COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red", "bright_cyan", "bright_yellow", "bright_green")
NARROW = 44  # columns under which a name stands on a line of its own
WIDE = 96  # columns over which a script is not stretched


class Stage:
    """Shows one take. Plain text without colours or wrapping when stdout is not a terminal."""

    def __init__(self, scenario: Scenario, *, quiet: bool = False) -> None:
        """Give each role a colour that stays."""
        self.scenario, self.quiet = scenario, quiet
        self.out = Console(highlight=False, soft_wrap=False)
        self.err = Console(stderr=True, highlight=False)
        self._colours = {p.name: _COLOURS[i % len(_COLOURS)] for i, p in enumerate(scenario.personas)}
        self._width = max((cell_len(p.name) for p in scenario.personas), default=4) + 4
        self._scene = 0
        self._status: Status | None = None
        self._worker, self._since, self._tokens = "", 0.0, 0

    def title(self, note: str) -> None:
        """Show the title card."""
        if self.quiet:
            return
        if not self.out.is_terminal:
            self._tell(clean(self.scenario.title))
            return
        self.out.print()
        self.out.print(Text(clean(self.scenario.title), style="bold"))
        if self.scenario.logline:
            self.out.print(Text(clean(self.scenario.logline), style="dim"))
        self.err.print(Text(note, style="dim"))

    def turn(self, turn: Turn, path: Sequence[int]) -> None:
        """Show one committed turn, after the heading when a scene begins; `path` maps scenes played to the scenario's."""
        if self.quiet:
            return
        if turn.scene != self._scene:
            self._scene = turn.scene
            index = path[turn.scene - 1] if turn.scene <= len(path) else turn.scene - 1
            self._heading(prompts.heading(self.scenario.scenes[index], turn.scene))
        if not self.out.is_terminal:
            self._tell(self._plain(turn))
        elif turn.kind == "dialogue" and turn.speaker:
            self._dialogue(turn)
        else:
            self._told(turn)

    def arcs(self, turns: Sequence[Turn]) -> None:
        """Draw each character's arc in one line, planned above measured, on stderr: the script ends before it."""
        for arc in () if self.quiet else series(turns):
            room = max(8, min(self.err.width, WIDE) - self._width - 22)
            for what, points in ((_("planned"), arc.planned), (_("measured"), arc.measured)):
                if points:
                    name = clean(arc.name) if points is arc.planned or not arc.planned else ""
                    gap = " " * max(1, self._width - cell_len(name))
                    what += " " * max(1, 9 - cell_len(what))
                    bars = sparkline([value for _, value in points], room)
                    row = Text(f"{name}{gap}{what}").append(bars, style=self._colours.get(arc.name, "white"))
                    low, high = min(v for _, v in points), max(v for _, v in points)
                    self.err.print(row.append(f" {low:+.2f}…{high:+.2f}", style="dim"), soft_wrap=True)

    def notice(self, text: str) -> None:
        """Say something that is not part of the script."""
        self.err.print(Text(text), soft_wrap=True)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Show a status line while the model works, on a terminal only."""
        if self.quiet or not self.err.is_terminal:
            yield
            return
        self._status = self.err.status("…", spinner="dots")
        with self._status:
            yield
        self._status = None

    def on_work(self, who: str) -> None:
        """Note which agent works now."""
        self._worker, self._since, self._tokens = who, time.perf_counter(), 0
        self._show()

    def on_token(self, piece: str) -> None:
        """Count a decoded token."""
        self._tokens += 1
        if self._tokens % 8 == 0:
            self._show()

    def _show(self) -> None:
        if self._status is not None:
            rate = self._tokens / max(time.perf_counter() - self._since, 1e-6)
            self._status.update(
                Text(f"{self._worker}  {rate:.0f} tok/s" if self._tokens else self._worker, style="dim")
            )

    def _heading(self, text: str) -> None:
        if self.out.is_terminal:
            self.out.print()
            self.out.print(Text(text, style="bold reverse"))
        else:
            self._tell(f"\n{text}\n")

    def _tell(self, text: str) -> None:
        """Print plain text for another program: rich would turn tabs into spaces."""
        print(text, flush=True)

    def _told(self, turn: Turn) -> None:
        self.out.print()
        style = "italic" if turn.kind == "action" else "italic bold"
        self.out.print(Padding(Text(clean(turn.text), style=style), (0, 2)), width=min(self.out.width, WIDE))

    def _dialogue(self, turn: Turn) -> None:
        name = Text(clean(turn.speaker or "") + (f" {turn.marker}" if turn.marker else ""))
        name.stylize(f"bold {self._colours.get(turn.speaker or '', 'white')}")
        line = Text()
        if turn.parenthetical:
            line.append(f"({clean(turn.parenthetical)}) ", style="dim")
        line.append(clean(turn.text))
        if self.out.width < NARROW:
            self.out.print(name)
            self.out.print(Padding(line, (0, 0, 0, 2)))
            return
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=self._width, no_wrap=True, overflow="ellipsis")
        grid.add_column(overflow="fold")
        grid.add_row(Padding(name, (0, 0, 0, 2)), line)
        self.out.print(grid, width=min(self.out.width, WIDE))

    def _plain(self, turn: Turn) -> str:
        if turn.kind != "dialogue" or not turn.speaker:
            return clean(turn.text)
        parenthetical = f"({clean(turn.parenthetical)}) " if turn.parenthetical else ""
        marker = f" {turn.marker}" if turn.marker else ""
        return f"{clean(turn.speaker)}{marker}\t{parenthetical}{clean(turn.text)}"


def ended(over: str) -> str:
    """Return why a take ended, as `Take.over` says it, in the language in use."""
    if over == "finished":
        return _("finished")
    limit = re.fullmatch(r"limit of (\d+) turns", over)
    return _("limit of {n} turns", n=limit[1]) if limit else over

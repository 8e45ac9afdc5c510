"""What a batch shows while it plays, on stderr: a table with rate and remaining time, or a line for each take."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from daebon.batch.plan import Job
from daebon.batch.work import Outcome
from transcript.layout import clean

_MOST = 12  # rows of the table; more groups are summed up in the last one


@dataclass
class _Group:
    takes: int = 0
    done: int = 0
    failed: int = 0
    score: float = 0.0


class Board:
    """Hears outcomes; a live table on a terminal, plain lines elsewhere, nothing when quiet."""

    def __init__(self, jobs: Sequence[Job], done: Mapping[str, Outcome], *, quiet: bool) -> None:
        """Count what there is to do and what was done before."""
        self._console = Console(stderr=True, highlight=False)
        self._quiet, self._lock = quiet, threading.Lock()
        self._groups: dict[tuple[str, str], _Group] = {}
        self._total, self._before, self._now, self._turns = len(jobs), len(done), 0, 0
        self._started = time.monotonic()
        for job in jobs:
            self._group(job).takes += 1
        for job in jobs:
            if outcome := done.get(job.key):
                self._count(job, outcome)
        self._live: Live | None = None
        if not quiet and self._console.is_terminal:
            self._live = Live(get_renderable=self._table, console=self._console, refresh_per_second=2)

    def __enter__(self) -> Board:
        if self._live:
            self._live.start()
        elif not self._quiet and self._before:
            self._say(f"{self._before} of {self._total} takes are there already")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def hear(self, job: Job, outcome: Outcome) -> None:
        """Take in a finished or failed take."""
        with self._lock:
            self._count(job, outcome)
            self._now += 1
            self._turns += outcome.turns
            if not self._quiet and not self._live:
                self._say(self._line(job, outcome))

    def _group(self, job: Job) -> _Group:
        return self._groups.setdefault((job.scenario.title, job.variant), _Group())

    def _count(self, job: Job, outcome: Outcome) -> None:
        group = self._group(job)
        group.failed += bool(outcome.error)
        group.done += not outcome.error
        group.score += outcome.scores.get("score", 0.0)

    def _line(self, job: Job, outcome: Outcome) -> str:
        name = outcome.run or f"{job.scenario.title}-{job.take['seed']}"
        what = f"failed: {outcome.error}" if outcome.error else f"score {outcome.scores.get('score', 0.0):.2f}"
        return f"{self._before + self._now}/{self._total} {name} {what} · {self._rate()}"

    def _rate(self) -> str:
        seconds = time.monotonic() - self._started
        if not self._now:
            return f"{clock(seconds)} gone"
        left = (self._total - self._before - self._now) * seconds / self._now
        rate = f"{60 * self._now / seconds:.1f} takes/min, {self._turns / seconds:.1f} turns/s"
        return f"{rate} · {clock(left)} left" if left else f"{rate} · {clock(seconds)} in all"

    def _table(self) -> Group:
        table = Table(box=None, pad_edge=False)
        for heading in ("scenario", "model, settings", "", "done", "failed", "score"):
            table.add_column(heading, justify="right" if heading in ("done", "failed", "score") else "left")
        with self._lock:
            rows = list(self._groups.items())
            shown, rest = (rows, []) if len(rows) <= _MOST else (rows[: _MOST - 1], rows[_MOST - 1 :])
            for (title, variant), group in shown:
                _add(table, clean(title), variant, group)
            if rest:
                summed = _Group()
                for _, group in rest:
                    summed.takes, summed.done = summed.takes + group.takes, summed.done + group.done
                    summed.failed, summed.score = summed.failed + group.failed, summed.score + group.score
                _add(table, f"… {len(rest)} more", "", summed)
            return Group(table, Text(f"{self._before + self._now}/{self._total} · {self._rate()}", style="dim"))

    def _say(self, text: str) -> None:
        self._console.print(Text(clean(text)), soft_wrap=True)


def clock(seconds: float) -> str:
    """Return a duration as 0:07, 12:03 or 3:04:05."""
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _add(table: Table, title: str, variant: str, group: _Group) -> None:
    score = f"{group.score / group.done:.2f}" if group.done else "–"
    bar = ProgressBar(total=max(1, group.takes), completed=group.done + group.failed, width=20)
    failed = Text(str(group.failed), style="bold red" if group.failed else "dim")
    table.add_row(Text(title), Text(variant), bar, f"{group.done}/{group.takes}", failed, score)

"""What commands show beside their results: the console, a bar of progress, what is going on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

PIPED = 120  # columns of what does not go to a terminal


def stdout(piped: int = PIPED) -> Console:
    """Return the terminal, or a console of `piped` columns where there is none."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=piped)


@contextmanager
def progress(name: str) -> Iterator[Callable[[int, int, str], None]]:
    """Show a bar on stderr where that is a terminal, else a line now and then."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    shown = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=shown, disable=not shown.is_terminal) as progress:
        task = progress.add_task(name, total=None, note="")

        def told(done: int, total: int, note: str) -> None:
            progress.update(task, completed=done, total=total, note=note)
            if not shown.is_terminal and total and done % max(1, total // 20) == 0:
                shown.print(f"{name} {done}/{total} {note}", markup=False, soft_wrap=True)

        yield told


@contextmanager
def working(what: str) -> Iterator[None]:
    """Say on stderr what is going on, where that is a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(Text(f"{what} …")):
        yield


def print_json(found: Mapping[str, Any]) -> None:
    """Print one JSON object, for a program."""
    print(json.dumps(found, ensure_ascii=False, indent=2))

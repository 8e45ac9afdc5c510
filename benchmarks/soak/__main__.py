"""A long take and a large batch: `python -m benchmarks.soak [--turns 2000] [--takes 500] [--model embedded] [--out FOLDER]`.

Turns are played in one scene of two people (the cast of benchmarks/long.yaml), takes are of the short scene of the batch's
benchmark. Each part plays in a process of its own. With `--out` what was played stays there, and the same command goes on after
Ctrl-C or a kill; a part that is done is not played again. `--picture docs` draws what was found to docs/soak-*.svg.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.machine import header
from benchmarks.soak.playing import TAKES, TURNS, play_takes, play_turns, unfinished
from benchmarks.soak.showing import Part, draw, tables
from benchmarks.soak.windows import windows


def main(
    turns: Annotated[int, typer.Option(min=0, max=2_000, help="Of one scene; 0 plays none.")] = 2_000,
    takes: Annotated[int, typer.Option(min=0, help="Of one batch; 0 plays none.")] = 500,
    model: Annotated[str, typer.Option(help="Who says the turns; without it lines are made up.")] = "",
    every: Annotated[int, typer.Option(min=1, help="Turns of a window.")] = 100,
    every_take: Annotated[int, typer.Option(min=1, help="Takes of a window.")] = 25,
    out: Annotated[
        Path | None, typer.Option(help="Where it is played; without it in a folder that is swept away.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="A folder for the pictures.")] = None,
) -> None:
    """Play what is left and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = out or Path(name)
        parts: list[Part] = []
        if turns:
            of_turns = folder / "turns"
            if unfinished(of_turns, TURNS, turns, every):
                _apart(play_turns, of_turns, turns, model, every)
            parts.append(("turn", "tokens" if model else "letters", windows(of_turns / TURNS)))
        if takes:
            of_takes = folder / "takes"
            if unfinished(of_takes, TAKES, takes, every_take):
                _apart(play_takes, of_takes, takes, every_take)
            parts.append(("take", "", windows(of_takes / TAKES)))
    print(header(" ".join(["python -m benchmarks.soak", *sys.argv[1:]])))
    print()
    print(tables(parts))
    for path in draw(parts, picture) if picture else ():
        print(path)


def _apart(play: Callable[..., None], *values: Any) -> None:
    """Play in a new process, so that memory is that of this part alone."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(play, *values).result()


if __name__ == "__main__":
    typer.run(main)

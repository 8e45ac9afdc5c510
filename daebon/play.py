"""Play a take in the terminal: alone with --auto, or in the studio with a person."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from daebon.console import Stage, ended
from daebon.messages import _
from daebon.runner import resuming, write_files
from daebon.signals import StopFlag
from transcript.errors import DaebonError, Interrupted
from transcript.turn import Turn


def play(take: Any, stage: Stage, flag: StopFlag, *, auto: bool) -> int:
    """Play until the curtain, the limit, or a stop; write the files of the take; return the exit code."""
    company = take.company
    company.on_work = stage.on_work

    def hear(piece: str) -> None:
        flag.check()
        stage.on_token(piece)

    company.on_token = hear
    try:
        stopped = _auto(take, stage, flag) if auto else _with_person(take, stage, flag)
    except (Interrupted, BrokenPipeError):  # the person stopped it, or closed what reads the script
        stopped = True
    except DaebonError:
        if take.state():
            _try_files(take, stage)
        raise
    if take.reader:
        return 0
    folder = company.store.run(take.run).folder
    write_files(take)
    stage.arcs(company.turns(take.state().get("head")))
    if stopped:
        played = take.state().get("n", 0)
        resume = resuming(company.store, company.store.run(take.run))
        stage.notice(_("stopped after {n} turns; go on with: {command}", n=played, command=resume))
    elif not stage.quiet:
        stage.notice("\n" + _("{over}; the script is in:", over=ended(take.over)))
    print(folder, flush=True)
    return flag.exit_code if flag.signal else 0


def _auto(take: Any, stage: Stage, flag: StopFlag) -> bool:
    """Play to the end without a person; True when it was stopped."""
    with stage.working():
        for step in take.play():
            stage.turn(step, take.state()["path"])
            flag.check()
    return False


def _with_person(take: Any, stage: Stage, flag: StopFlag) -> bool:
    """Play with the person at the terminal until they leave; True when the story goes on."""
    from daebon.studio.screen import Screen
    from daebon.studio.session import Studio

    assert isinstance(stage, Screen)
    Studio(take, stage, flag).sit()
    return not take.over


def _try_files(take: Any, stage: Stage) -> None:
    """After a failure, leave what was played in the folder when the disk still lets us."""
    try:
        write_files(take)
    except DaebonError as error:
        stage.notice(str(error))


def line_by_line(stage: Stage, turns: Sequence[Turn], path: Sequence[int]) -> None:
    """Show turns, one at each Enter, until Ctrl-D or the last one."""
    from daebon.studio.desk import unechoed

    stage.notice(_("Enter: the next line · Ctrl-D: leave"))
    with unechoed():
        for turn in turns:
            stage.turn(turn, path)
            if turn is not turns[-1] and not sys.stdin.readline():
                return


def is_terminal() -> bool:
    """Say whether a person can type here."""
    return sys.stdin.isatty() and sys.stdout.isatty()

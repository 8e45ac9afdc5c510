"""Play a take in the terminal: alone with --auto, or with a person who goes line by line."""

from __future__ import annotations

import sys
from typing import Any

from daebon.console import Stage
from daebon.runner import write_files
from daebon.signals import StopFlag
from transcript.errors import DaebonError, Interrupted

_HELP = "Enter: next line · text: your line · /direct NOTE: a note to the director · /quit: stop here"


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
    folder = company.store.run(take.run).folder
    write_files(take)
    if stopped:
        played = take.state().get("n", 0)
        stage.notice(f"stopped after {played} turns; go on with: daebon resume {take.run} --out {folder.parent}")
    elif not stage.quiet:
        stage.notice(f"\n{take.over}; the script is in:")
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
    """Go line by line with the person at the terminal; True when they stopped before the end."""
    from graph.take import ChoiceWanted, LineWanted

    stage.notice(_HELP)
    while True:
        question: LineWanted | ChoiceWanted | None = None
        with stage.working():
            for step in take.play(pause=True):
                if isinstance(step, LineWanted | ChoiceWanted):
                    question = step
                else:
                    stage.turn(step, take.state()["path"])
                flag.check()
        if take.over:
            return False
        if isinstance(question, ChoiceWanted):
            index = _pick(question, stage)
            if index is None:
                return True
            take.choose(index)
        elif isinstance(question, LineWanted):
            if not _line(take, stage, question):
                return True
        elif not _pause(take, stage):
            return True


def _pause(take: Any, stage: Stage) -> bool:
    """Wait between two turns; False when the person leaves."""
    while True:
        text = _read("")
        if text is None or text == "/quit":
            return False
        if text.startswith("/direct"):
            _direct(take, stage, text)
        elif text:
            stage.notice(f"not your turn: a role taken with --as speaks when it is asked. {_HELP}")
        else:
            return True


def _line(take: Any, stage: Stage, question: Any) -> bool:
    """Ask for the line of the person's role; False when they leave."""
    cue = question.cue
    wanted = ", ".join(filter(None, [f"→ {cue.to[0]}" if cue.to else "", cue.level or "", cue.intention]))
    stage.notice(f"[{wanted}]")
    while True:
        text = _read(f"{cue.speaker}: ")
        if text is None or text == "/quit":
            return False
        if text.startswith("/direct"):
            _direct(take, stage, text, asked=True)
            return True
        if text.startswith("/"):
            stage.notice(f"unknown command {text.split()[0]}. {_HELP}")
            continue
        parenthetical, line = split_parenthetical(text)
        take.say(line, parenthetical)
        return True


def _direct(take: Any, stage: Stage, text: str, *, asked: bool = False) -> None:
    note = text.removeprefix("/direct").strip()
    if not note:
        stage.notice("write the note after /direct, as in: /direct 더 차갑게")
        if asked:
            take.say("")
        return
    take.note(note)
    stage.notice(f"the director has your note until the end of this beat: {note}")


def _pick(question: Any, stage: Stage) -> int | None:
    for i, choice in enumerate(question.choices, 1):
        stage.notice(f"  {i}. {choice}")
    while True:
        text = _read("> ")
        if text is None or text == "/quit":
            return None
        if text.isdecimal() and 1 <= int(text) <= len(question.choices):
            return int(text) - 1
        stage.notice(f"give a number from 1 to {len(question.choices)}, or /quit")


def split_parenthetical(text: str) -> tuple[str | None, str]:
    """Split `(웃으며) 왔네.` into the parenthetical and the line."""
    if text.startswith("(") and ")" in text:
        parenthetical, _, line = text[1:].partition(")")
        return parenthetical.strip() or None, line.strip()
    return None, text


def _read(prompt: str) -> str | None:
    """Read a line from the terminal; None at Ctrl-D or Ctrl-C."""
    import unicodedata

    from prompt_toolkit import prompt as ask

    try:
        return unicodedata.normalize("NFC", ask(prompt)).strip()
    except (EOFError, KeyboardInterrupt):
        return None


def _try_files(take: Any, stage: Stage) -> None:
    """After a failure, leave what was played in the folder when the disk still lets us."""
    try:
        write_files(take)
    except DaebonError as error:
        stage.notice(str(error))


def is_terminal() -> bool:
    """Say whether a person can type here."""
    return sys.stdin.isatty() and sys.stdout.isatty()

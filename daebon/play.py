"""Play a take in the terminal: alone with --auto, or with a person who goes line by line."""

from __future__ import annotations

import sys
from typing import Any

from daebon.console import Stage
from daebon.runner import write_files
from daebon.signals import StopFlag
from transcript.errors import DaebonError, Interrupted

_AGAIN = "/again"  # the director decides anew, with the note; no line that a person says begins with a slash
_HELP = (
    "Enter: next line · text: your role says it · /direct NOTE: a note to the director · "
    "/next: three things that could happen · /quit: stop here"
)


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
    stage.arcs(company.turns(take.state().get("head")))
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
    ready = ""  # a line that the person typed before their role was asked
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
        flag.check()
        if isinstance(question, ChoiceWanted):
            index = _pick(question, stage)
            if index is None:
                return True
            take.choose(index)
            continue
        text = ready or _command(take, stage, question.cue if question else None)
        ready = ""
        if text is None:
            return True
        if text == _AGAIN:
            continue
        if question:
            take.say(*split_line(text))
        elif text:
            role, ready = _whose(text, take.state()["human"])
            take.ask(role)


def _command(take: Any, stage: Stage, cue: Any) -> str | None:
    """Read until the person goes on: "" for the next line, a text for their line, None to leave.

    `cue` is what their role is asked for, None between two turns.
    """
    human = take.state()["human"]
    if cue:
        wanted = ", ".join(filter(None, [f"→ {cue.to[0]}" if cue.to else "", cue.level or "", cue.intention]))
        stage.notice(f"[{wanted}]")
    while True:
        text = _read(f"{cue.speaker}: " if cue else "")
        if text is None or text == "/quit":
            return None
        if text.startswith("/direct") and (note := text.removeprefix("/direct").strip()):
            take.note(note)
            stage.notice(f"the director has your note until the end of this beat: {note}")
            if cue:
                take.ask(cue.speaker)
                return _AGAIN
            continue
        if text == "/next":
            if _happens(take, stage):
                return _AGAIN
            continue
        if text.startswith("/"):
            stage.notice(f"unknown or incomplete command {text.split()[0]}. {_HELP}")
            continue
        if text and not cue and not human:
            stage.notice(f"you have no role: take one with --as NAME. {_HELP}")
            continue
        return text


def _happens(take: Any, stage: Stage) -> bool:
    """Show three events that could come next and let the person take one; True when they did."""
    if not take.state():
        stage.notice("the curtain has not risen yet; press Enter first")
        return False
    suggestions = take.suggest()
    for i, suggestion in enumerate(suggestions, 1):
        stage.notice(f"  {i}. {suggestion.text}  ({suggestion.in_words()})")
    text = _read("number, or Enter for none: ")
    if not text:
        return False
    if not text.isdecimal() or not 1 <= int(text) <= len(suggestions):
        stage.notice(f"{text}: give a number from 1 to {len(suggestions)}")
        return False
    stage.notice(f"on branch {take.follow(suggestions[int(text) - 1])}")
    return True


def _whose(text: str, human: list[str]) -> tuple[str, str]:
    """Return the role and the line of `지은: 왔어요.`, or the first of the person's roles and the whole text."""
    name, colon, line = text.partition(":")
    return (name.strip(), line.strip()) if colon and name.strip() in human else (human[0], text)


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


def split_line(text: str) -> tuple[str, str | None]:
    """Split `(웃으며) 왔네.` into the line and the parenthetical."""
    if text.startswith("(") and ")" in text:
        parenthetical, _, line = text[1:].partition(")")
        return line.strip(), parenthetical.strip() or None
    return text, None


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

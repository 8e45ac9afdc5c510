"""The talk of `daebon persona talk`: questions at the terminal, or one a line from a pipe; answers stream."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from rich.console import Console
from rich.live import Live
from rich.text import Text

from agents.interview import ASKER, Answer, answer, world_of
from daebon.authoring import command
from daebon.messages import _
from daebon.play import is_terminal
from daebon.signals import StopFlag, stoppable
from model import ModelConfig, load_chat_model
from scenarios.values import Persona, Scenario
from transcript.errors import Interrupted, UsageError


def talk(persona: Persona, scenario: Scenario | None, model: str, seed: int) -> None:
    """Ask and answer until /quit, Ctrl-D or the end of the input; what it cost stands behind each answer on stderr."""
    if scenario is not None and persona.name not in [other.name for other in scenario.personas]:
        raise UsageError(f"{persona.name} is not in the cast of {scenario.title}; leave out --scenario, or add them")
    notes = Console(stderr=True, highlight=False)
    notes.print(_("ask {name}; /quit ends it; nothing said here is left in a scene", name=persona.name), style="dim")
    loaded = load_chat_model(ModelConfig.parse(model))
    told: list[tuple[str, str]] = []
    world = world_of(persona, scenario)
    try:
        for question in _questions():
            with stoppable() as flag:
                try:
                    said = _answered(persona, world, told, question, loaded, seed, flag)
                except UsageError as error:
                    notes.print(str(error), style="yellow")
                    continue
                except Interrupted:
                    notes.print("…", style="dim")
                    continue
            told.append((said.question, said.text))
            notes.print(f"  {said.prefilled}+{said.decoded} tokens, {said.seconds:.1f} s", style="dim")
    finally:
        loaded.close()


def _answered(
    persona: Persona, world: str, told: list[tuple[str, str]], question: str, model: object, seed: int, flag: StopFlag
) -> Answer:
    """Return the answer, shown as it comes; a line that is drawn again takes the place of the one before."""
    from model.base import StageModel

    assert isinstance(model, StageModel)
    out = Console(highlight=False)
    head = Text(f"{persona.name}: ", style="bold cyan")
    if not out.is_terminal:
        said = answer(persona, world, told, question, model, seed=seed, on_token=lambda _piece: flag.check())
        print(f"{persona.name}: {said.text}", flush=True)
        return said
    written = ""
    with Live(head, console=out, transient=True, refresh_per_second=20) as live:

        def hear(piece: str) -> None:
            nonlocal written
            flag.check()
            written = "" if piece == "\n" else written + piece
            live.update(Text.assemble(head, written))

        said = answer(persona, world, told, question, model, seed=seed, on_token=hear)
    out.print(Text.assemble(head, said.text))
    return said


def _questions() -> Iterator[str]:
    if not is_terminal():
        for row in sys.stdin:
            text = command(row)
            if text == "/quit":
                return
            if text:
                yield text
        return
    from prompt_toolkit import PromptSession

    session: PromptSession[str] = PromptSession()
    while True:
        try:
            text = command(session.prompt(f"{ASKER}: "))
        except (EOFError, KeyboardInterrupt):
            return
        if text == "/quit":
            return
        if text:
            yield text

"""The desk: where a person types, by prompt_toolkit; Hangul, history, completion, Ctrl-R, pages that are pasted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import Completer
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from daebon.studio.reading import typed

_MENU = 6  # rows kept for the menu of completions while a command is typed


class Desk:
    """Asks for one input after the other. `input` and `output` are prompt_toolkit's; None is the terminal."""

    def __init__(
        self, completer: Completer, toolbar: Callable[[], str], *, input: Any = None, output: Any = None
    ) -> None:
        """Open the desk with the history of all sittings; without a place for it, with that of this sitting."""
        self._toolbar = toolbar
        self._session: PromptSession[str] = PromptSession(
            history=_history(),
            completer=completer,
            complete_while_typing=Condition(lambda: self._session.default_buffer.text.startswith("/")),
            reserve_space_for_menu=_MENU,
            bottom_toolbar=lambda: FormattedText([("", self._toolbar())]),
            erase_when_done=True,
            input=input,
            output=output,
        )
        self._plain: PromptSession[str] = PromptSession(
            history=InMemoryHistory(), erase_when_done=True, input=input, output=output
        )

    def read(self, prompt: str) -> str:
        """Return a command or a line; raises EOFError at Ctrl-D and KeyboardInterrupt at Ctrl-C."""
        return typed(self._session.prompt(prompt))

    def answer(self, prompt: str, default: str = "") -> str:
        """Return the answer to a question of a command, kept out of the history; raises as `read`."""
        return typed(self._plain.prompt(prompt, default=default))

    def remember(self, text: str) -> None:
        """Have the arrow up bring `text`, as if it had been typed last."""
        self._session.history.append_string(text)

    def leave(self) -> None:
        """End what is being asked as Ctrl-D does; called by a signal."""
        for session in (self._session, self._plain):
            app = session.app
            if app.is_running and app.loop is not None:
                app.loop.call_soon_threadsafe(_end, app)


@contextmanager
def unechoed() -> Iterator[None]:
    """Keep what is typed meanwhile off the screen; the next question reads it."""
    try:
        import termios
    except ImportError:  # Windows
        yield
        return
    try:
        before = termios.tcgetattr(sys.stdin)
    except (termios.error, OSError, ValueError):  # no terminal, as in a test
        yield
        return
    quiet = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(sys.stdin, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        with suppress(termios.error):  # the terminal may have been closed
            termios.tcsetattr(sys.stdin, termios.TCSANOW, before)


def _end(app: Any) -> None:
    if app.is_running:
        app.exit(exception=EOFError())


def _history() -> History:
    import platformdirs

    folder = Path(platformdirs.user_state_dir("daebon", appauthor=False))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "history").open("a", encoding="utf-8"):
            pass
    except OSError:
        return InMemoryHistory()  # a home that cannot be written keeps nobody from playing
    return FileHistory(str(folder / "history"))

"""What the tests of the studio share: a person's typing, fed to the studio through a pipe, and the screen as plain text."""

from __future__ import annotations

import io
from contextlib import contextmanager

from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from daebon.signals import StopFlag
from daebon.studio.screen import Screen
from daebon.studio.session import Studio

LINES = {
    "소라": [
        "그 상자는 내가 들게.",
        "커튼은 안 가져가.",
        "바닥이 차네, 그치.",
        "창문부터 닫아 줘.",
        "달력은 떼지 마.",
        "먼지가 많다, 물러서.",
    ],
    "태오": ["뭐가 들었는데요?", "현관 등이 나갔어요.", "트럭이 곧 와요.", "장갑 하나 드릴까요?", "테이프가 모자라요."],
    "*": ["먼지가 인다."],
}
PASTE = "\x1b[200~{}\x1b[201~"
CTRL_C, CTRL_D, CTRL_R, ENTER = "\x03", "\x04", "\x12", "\r"


class Sitting:
    """One studio after the other on one take; `shown` is what the last one put on the screen."""

    def __init__(self, take, width=100):
        self.take, self.width, self.height = take, width, 25
        self.shown, self.flag = "", StopFlag()
        self.streams = take.company.candidates == 1

    def type(self, *inputs):
        """Type each input and Enter, then leave with Ctrl-D; return what the screen shows."""
        return self.keys("".join(f"{text}\r" for text in inputs) + CTRL_D)

    def keys(self, keys):
        """Send keys as they are; return what the screen shows."""
        with self.opened() as (studio, pipe):
            pipe.send_text(keys)
            studio.sit()
        return self.shown

    @contextmanager
    def opened(self):
        """Yield a studio that has not begun, and the pipe into it."""
        screen = Screen(self.take.company.scenario, streams=self.streams)
        page = io.StringIO()
        screen.out = screen.err = Console(
            file=page, width=self.width, height=self.height, highlight=False, force_terminal=True, color_system=None
        )
        self.take.company.on_work, self.take.company.on_token = screen.on_work, screen.on_token
        with create_pipe_input() as pipe:
            yield Studio(self.take, screen, self.flag, input=pipe, output=DummyOutput()), pipe
        self.shown = page.getvalue()

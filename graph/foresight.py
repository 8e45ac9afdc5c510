"""Foresight: while a person reads a line, the director decides what comes next and the model reads the prompt of it.

Nothing comes of it but time: a decision is a function of the state, and one that was made for another state is not used.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from threading import Event, Thread

from graph.asking import asked_for, cue_of
from graph.context import Company
from graph.nodes import direct, route_direct
from graph.state import StageState, added
from transcript.errors import DaebonError, Interrupted


@dataclass(eq=False)
class _Look:
    """One look ahead from a state. `over` is set at its end: a `Thread.join` that Ctrl-C ends calls the thread dead (3.11)."""

    state: StageState
    stopped: bool = False
    over: Event = field(default_factory=Event)

    def check(self) -> None:
        """Raise Interrupted where nobody needs any more of it."""
        if self.stopped:
            raise Interrupted("stopped")


class Foresight:
    """Looks ahead for one company, in a thread of its own that is over before anybody else asks the model."""

    def __init__(self, company: Company, report: Callable[[Exception], object]) -> None:
        """Look nowhere yet; `report` hears of faults of ours."""
        self._company, self._report = company, report
        self._look: _Look | None = None

    def look(self, state: StageState) -> None:
        """Begin to look ahead from a state between two turns, where the model is one that gains by it; returns at once."""
        if self._company.model.reads_ahead:
            self.stop()
            before, self._look = self._look, _Look(state)
            Thread(target=self._see, args=(self._look, before), name="foresight").start()

    def stop(self) -> None:
        """Have the look end after what the model reads just now; a signal's handler may call it."""
        if self._look is not None:
            self._look.stopped = True

    def wait(self, state: StageState | None = None) -> None:
        """Wait until nobody looks ahead any more: for the whole of a look from `state`, which is needed, else for its next stop.

        Raises Interrupted where `stop` was called on what is needed.
        """
        look = self._look
        if look is None:
            return
        needed = state is not None and look.state == state
        look.stopped = look.stopped or not needed
        look.over.wait()
        self._look = None
        if needed:
            look.check()

    def close(self) -> None:
        """Stop and wait, also under Ctrl-C: a model must not be closed while it reads."""
        pressed: KeyboardInterrupt | None = None
        while self._look is not None:
            try:
                self.wait()
            except KeyboardInterrupt as error:
                pressed = error
        if pressed:
            raise pressed

    def _see(self, look: _Look, before: _Look | None) -> None:
        try:
            if before is not None:
                before.over.wait()
            look.check()
            self._company.foreseen = (look.state, self._following(look))
        except DaebonError:
            return  # stopped; or the call in earnest fails in the same way, and says so
        except Exception as error:  # a fault of ours must not be printed over what the person types
            with suppress(DaebonError, OSError):
                self._report(error)
        finally:
            look.over.set()

    def _following(self, look: _Look) -> StageState:
        """Return what `direct` makes of the state, once the prompt of it was read."""
        company = copy(self._company)  # its memory of the turns is its own from now on
        company.on_work = company.on_token = None
        model = company.model = company.model.until(look.check)
        following = direct(company, look.state)
        if route_direct(following) != "speak":
            return following
        voice = model if following["kind"] == "action" else model.voice(cue_of(following).speaker)
        read = voice.warm(asked_for(company, following).prompt)
        return {**following, "cost": added(following["cost"], read, 0, 0.0, 0)}

"""The playhead: where a take stands among its checkpoints, and how it is moved there and back.

The store's versions (`transcript.branches`) are written first and say where the take stands; the checkpoint follows. When the
process dies between the two, `catch_up` makes the checkpoint again, so that a move happens wholly or not at all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END
from langgraph.types import StateSnapshot

from graph.build import build, config_of
from graph.checkpoints import placed
from graph.context import Company
from graph.effects import felt, learned
from graph.scenes import opening_state
from graph.state import StageState, cleared
from transcript.branches import Branches, Version, Why
from transcript.errors import UsageError
from transcript.preferences import Draft
from transcript.store import MAIN, RunStore
from transcript.turn import Turn

Place = tuple[RunnableConfig, StageState]  # a checkpoint, and the values in which the take differs from it


class Playhead:
    """The graph of a take with its checkpoints. `feed` is what the next step of the graph is given."""

    def __init__(self, company: Company, saver: BaseCheckpointSaver[Any], run: str, limit: int, reader: str) -> None:
        """Build the graph; `reader` says why nothing may be changed, "" where it may."""
        self.company, self.run, self.limit = company, run, limit
        self.graph = build(company, saver)
        self.config = config_of(run, limit)
        self.branches = Branches(company.store, run)
        self.feed: Any = None
        self._saver, self._reader = saver, reader
        self._threads = [config_of(thread, limit) for thread in (run, *_origins(company.store, run))]

    def state(self) -> StageState:
        """Return the values of the last checkpoint, those of the curtain before the first; {} before the start."""
        return cast(StageState, self.committed() or (self.feed if isinstance(self.feed, dict) else {}))

    def committed(self) -> Mapping[str, Any]:
        """Return the values of the last checkpoint, empty before the first."""
        return self.graph.get_state(self.config).values

    def between(self) -> StageState:
        """Return the state as between two turns, where nothing is being decided; UsageError before the start."""
        self._settle()
        snapshot = self.graph.get_state(self.config)
        state = {**snapshot.values, **_between(snapshot)} if snapshot.values else self.state()
        if not state:
            raise UsageError("the curtain has not risen yet: play the first line")
        return cast(StageState, state)

    def undecided(self) -> StageState | None:
        """Return the state from which the director decides next; None where something else comes next."""
        snapshot = self.graph.get_state(self.config)
        return cast(StageState, snapshot.values) if snapshot.next == ("direct",) else None

    def writable(self) -> None:
        """Raise UsageError where this take only reads."""
        if self._reader:
            raise UsageError(self._reader)

    def change(self, values: StageState) -> None:
        """Change the state between two turns; what was being decided is decided anew, a line that stood ready stays next."""
        self.writable()
        self._settle()
        snapshot = self.graph.get_state(self.config)
        if not snapshot.values:
            self.feed = {**self.between(), **values}
            return
        self.feed = None
        self.graph.update_state(snapshot.config, {**_between(snapshot), **values}, as_node="measure")

    def move(
        self,
        fork: int | None,
        why: Why,
        *,
        name: str = "",
        of: str = "",
        revised: Sequence[tuple[Turn, int]] = (),
        preference: Draft | None = None,
    ) -> Version:
        """Go on from turn `fork` in a version of its own; see `Branches.begin`."""
        self.writable()
        state = self.between()
        standing = (state["branch"], state["head"])
        version = self.branches.begin(standing, fork, why, name=name, of=of, revised=revised, preference=preference)
        self.place(version)
        return version

    def enter(self, version: Version) -> None:
        """Go to the end of a version."""
        self.writable()
        self.branches.enter(version.id)
        self.place(version)

    def place(self, version: Version) -> None:
        """Make the checkpoint of a version that the store says the take stands on."""
        now = self.state()
        head = self.company.store.head(self.run, version.id)
        kept = StageState(human=now["human"], person=now["person"], limit=self.limit, branch=version.id)
        self.feed = None
        if version.why == "retry" and head == version.fork:
            config, values = self.asked(self.retried(version))[0]
            kept["began"] = time.time()
            self.graph.update_state(config, {**values, **kept}, as_node="listen")  # listen leads to speak
            return
        config, values = self.at(head, version)
        self.graph.update_state(config, {**cleared(), **values, **kept}, as_node="measure")

    def catch_up(self) -> None:
        """Make the checkpoint of the last move when the process died before it."""
        self._settle()
        here = self.branches.here()
        if here and here.id != self.state()["branch"]:
            self.place(here)

    def _settle(self) -> None:
        """Make a checkpoint of the step that was finished when the process died before it was saved as one."""
        saved = None if self._reader else self._saver.get_tuple(self.config)
        if saved and any(channel in StageState.__annotations__ for _, channel, _ in saved.pending_writes or ()):
            self.graph.update_state(self.config, None, as_node=END)  # LangGraph's way to say: take these writes

    def renew(self, human: Sequence[str], person: bool) -> None:
        """Go on with other roles at the terminal, or with another limit, from where the graph stands."""
        state = self.state()
        changed: StageState = {"human": list(human), "person": person, "limit": self.limit}
        if state["over"].startswith("limit") and state["n"] < self.limit:
            changed["over"] = ""
        if any(state[key] != value for key, value in changed.items()):  # type: ignore[literal-required]
            following = self.graph.get_state(self.config).next
            before = {"choose": "speak", "direct": "measure"}
            node = before.get(following[0], "direct") if following else "measure"
            self.graph.update_state(self.config, changed, as_node=node)
        self.feed = None

    def inherit(self) -> bool:
        """Make the first checkpoint of a take that goes on from another's line, with all that was arranged there; False of any other.

        The other take is only read: its turns and checkpoints never change.
        """
        told = self.company.store.run(self.run).take.get("from")
        if told is None:
            return False
        here = self.branches.here()
        for head in reversed(self.company.store.ids(here.fork if here else told["head"])):
            if found := list(self._history(head)):  # a turn that the other take commits just now has none yet
                break
        else:
            return False
        if here is None:
            self.branches.start(head)
        snapshot = next((one for one in found if one.next in ((), ("direct",))), found[-1])
        state = {**snapshot.values, **_between(snapshot), "run": self.run, "branch": MAIN}
        self.graph.update_state(self.config, state, as_node="measure")
        return True

    def retried(self, version: Version) -> int:
        """Return the turn that a retry's version says anew."""
        line = self.company.store.ids(version.from_head)
        return line[line.index(version.fork) + 1] if version.fork is not None else line[0]

    def at(self, head: int | None, version: Version | None = None) -> Place:
        """Return the state right after turn `head`; at the end of a `version`, with what was arranged there since."""
        if head is None:
            now = self.state()
            start = opening_state(self.company, self.run, now["seed"], self.limit, now["human"], now["person"])
            return self.graph.get_state(self.config).config, start
        if version:
            mine = (one for one in self._history(head, version.id) if one.next in ((), ("direct",)))
            if last := next(mine, None):
                return self._placed(last, StageState())
            if version.why in ("branch", "edit", "pick") and version.from_id and version.from_head:
                old = version.from_head
                if self.branches.root(old) == self.branches.root(head):  # as it was left, the words apart
                    found = (one for one in self._history(old, version.from_id) if one.next in ((), ("direct",)))
                    if last := next(found, None):
                        return self._placed(last, self._revised(head) if head != old else StageState())
        root = self.branches.root(head)
        *_, first = self._history(root, there=True)
        return self._placed(first, self._revised(head) if root != head else StageState())

    def asked(self, turn: int) -> list[Place]:
        """Return the places right before the model was asked for a turn, one for each time it was asked; [] if it wasn't."""
        root = self.branches.root(turn)
        branch, before = self.branches.owner(root)
        found: list[StateSnapshot] = []
        for one in self._history(before, branch, there=True):
            if one.next == ("speak",):
                found.append(one)
                if one.values["attempt"] == 0:
                    break
        line = self.branches.owner(turn)[1]
        values = self._revised(line) if line != before else StageState()
        return [self._placed(one, values) for one in reversed(found)]

    def values(self, place: Place) -> StageState:
        """Return the whole state at a place."""
        return cast(StageState, {**self.graph.get_state(place[0]).values, **place[1]})

    def _history(self, head: int | None, branch: str | None = None, *, there: bool = False) -> Iterator[StateSnapshot]:
        """Yield the checkpoints at turn `head`, of one branch if given, the last first; `there` has to be one."""
        wanted = placed(head, branch)
        found = [one.config for thread in self._threads for one in self._saver.list(thread, filter=dict(wanted))]
        yield from map(self.graph.get_state, found)
        if there and not found:  # written by an older daebon, whose checkpoints don't tell their place
            for one in self.graph.get_state_history(self.config):
                if wanted.items() <= placed(one.values.get("head"), one.values.get("branch")).items():
                    yield one

    def _placed(self, snapshot: StateSnapshot, values: StageState) -> Place:
        """Return a checkpoint as a place; of one in the thread of another take, its values, as nothing is written there."""
        if snapshot.config["configurable"]["thread_id"] == self.run:
            return snapshot.config, values
        state = cast(StageState, {**snapshot.values, **values, "run": self.run})
        return self.graph.get_state(self.config).config, state

    def _revised(self, head: int | None) -> StageState:
        """Return what differs after turn `head`, itself or one before it a revision, from the turns it is a version of."""
        if head is None:
            return StageState(head=None)
        line = self.company.store.ids(head)
        first = next((i for i, number in enumerate(line) if self.branches.root(number) != number), len(line))
        before = self.values(self.at(line[first - 1] if first else None))
        state = cast(StageState, {**before, "relations": self._relations(head)})
        for turn in self.company.turns(head)[first:]:
            state = cast(StageState, {**state, **learned(self.company, state, turn)})
            state["feelings"] = felt(self.company, state, turn)
        return StageState(head=head, feelings=state["feelings"], known=state["known"], out=state["out"])

    def _relations(self, head: int) -> list[dict[str, Any]]:
        *_, first = self._history(self.branches.root(head), there=True)
        return list(first.values["relations"])


def _origins(store: RunStore, run: str) -> Iterator[str]:
    """Yield the takes from whose lines a take goes on, the nearest first."""
    while told := store.run(run).take.get("from"):
        run = told["run"]
        yield run


def _between(snapshot: StateSnapshot) -> StageState:
    """Return the fields of the turn in the making, empty; a line that was ready and needs no model stays pending."""
    line = snapshot.values["line"]
    if snapshot.next == ("measure",) and line and not line.get("candidates"):
        return {**cleared(), "pending": [line, *snapshot.values["pending"]]}
    return cleared()

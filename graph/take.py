"""A take: one run of a scenario under one seed, started or resumed, stepped through, and made into a transcript."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import Command

from agents.suggestions import Suggestion
from emotion.arcs import planned_and_measured
from graph.build import build, config_of
from graph.context import Company
from graph.scenes import as_line, opening_state, suggested
from graph.state import StageState
from transcript.record import Transcript
from transcript.store import Status, now
from transcript.turn import Cue, Turn


@dataclass(frozen=True)
class LineWanted:
    """The person is to say the line for `cue`; answer with `Take.say`."""

    cue: Cue


@dataclass(frozen=True)
class ChoiceWanted:
    """The person is to take one of the ways on; answer with `Take.choose`."""

    choices: tuple[str, ...]


Step = Turn | LineWanted | ChoiceWanted


class Take:
    """The take `run` of a company. Every turn that `play` yields is on disk already."""

    def __init__(self, company: Company, saver: BaseCheckpointSaver[Any], run: str, limit: int) -> None:
        """Build the graph; `limit` is the most turns of the take."""
        self.company, self.run = company, run
        self._graph = build(company, saver)
        self._config = config_of(run, limit)
        self._limit = limit
        self._next: Any = None

    def start(self, seed: int, human: Sequence[str], *, person: bool) -> None:
        """Raise the curtain; `human` roles are asked for their lines, `person` says whether branches are asked too."""
        self._next = opening_state(self.company, self.run, seed, self._limit, human, person)

    def resume(self, seed: int, human: Sequence[str], *, person: bool) -> None:
        """Go on from the last checkpoint, or from the start when the process died before the first one."""
        state = self.state()
        if not state:
            self.start(seed, human, person=person)
            return
        changed: StageState = {"human": list(human), "person": person, "limit": self._limit}
        if state["over"].startswith("limit") and state["n"] < self._limit:
            changed["over"] = ""
        if any(state[key] != value for key, value in changed.items()):
            following = self._graph.get_state(self._config).next
            before = {"choose": "speak", "direct": "measure"}
            node = before.get(following[0], "direct") if following else "measure"
            self._graph.update_state(self._config, changed, as_node=node)
        self._next = None

    def play(self, *, pause: bool = False) -> Iterator[Step]:
        """Yield each turn once it is committed; ends at the curtain, at a question, or with `pause` after one turn."""
        after = ["measure"] if pause else None
        feed, self._next = self._next, None
        if feed is None and not self._graph.get_state(self._config).next:
            return
        stream = self._graph.stream(feed, self._config, stream_mode="updates", durability="sync", interrupt_after=after)
        for update in stream:
            if "measure" in update:
                yield self.company.turns(update["measure"]["head"])[-1]
            for question in update.get("__interrupt__", ()):
                yield _question(question.value)

    def say(self, text: str, parenthetical: str | None = None) -> None:
        """Answer LineWanted; an empty `text` lets the model speak this once."""
        self._next = Command(resume={"text": text, "parenthetical": parenthetical})

    def choose(self, index: int) -> None:
        """Answer ChoiceWanted."""
        self._next = Command(resume={"choice": index})

    def note(self, text: str) -> None:
        """Give the director a note that holds for the rest of the beat."""
        self._graph.update_state(self._config, {"note": text}, as_node="measure")

    def ask(self, name: str) -> None:
        """Have `name` speak next, whoever else would."""
        self._graph.update_state(self._config, {"asked": name}, as_node="measure")

    def suggest(self) -> tuple[Suggestion, ...]:
        """Return three events that could come next, as different from one another as can be."""
        found, _ = suggested(self.company, cast(StageState, dict(self.state())))
        return found

    def follow(self, suggestion: Suggestion) -> str:
        """Let `suggestion` happen next, on a branch of its own in the store; return the branch. What was played stays."""
        state = self.state()
        branch, number = f"{state['branch']}.{state['n']}", 2
        while self.company.store.head(self.run, branch) is not None:
            branch, number = f"{state['branch']}.{state['n']}-{number}", number + 1
        changed: StageState = {"branch": branch, "pending": [as_line(suggestion, "chosen by the person")]}
        if suggestion.enters:
            changed["present"] = [*state["present"], suggestion.enters]
        self._graph.update_state(self._config, changed, as_node="measure")
        return branch

    @property
    def over(self) -> str:
        """Return why the take ended, "" while it plays."""
        return str(self.state().get("over", ""))

    def state(self) -> Mapping[str, Any]:
        """Return the values of the last checkpoint, empty before the first."""
        return self._graph.get_state(self._config).values

    def drawing(self) -> str:
        """Return the graph as Mermaid text."""
        return self._graph.get_graph().draw_mermaid()

    def transcript(self) -> Transcript:
        """Return the take so far as a transcript, and note its state in the store."""
        state, run = self.state(), self.company.store.run(self.run)
        turns = tuple(self.company.turns(state.get("head")))
        over = str(state.get("over", ""))
        status: Status = "finished" if over == "finished" else "stopped"
        take = {**run.take, "finished": now() if over else None, "over": over or "stopped"}
        take |= {"path": list(state.get("path", [])), "beats": list(state.get("beats", []))}
        self.company.store.update(self.run, status, take)
        return transcript_of(run.title, run.scenario, take, turns)


def transcript_of(
    title: str, scenario: Mapping[str, Any], take: Mapping[str, Any], turns: Sequence[Turn]
) -> Transcript:
    """Put together the transcript of a take from what the store holds."""
    arc = {**planned_and_measured(turns), "shape": dict(scenario.get("arc") or {})}
    beats = take.get("beats") or []
    met = sum(beat["reason"].startswith("condition") for beat in beats)
    told = sum(turn.kind != "dialogue" for turn in turns)
    scores = {"narration": round(told / len(turns), 4)} if turns else {}
    if beats:
        scores["beats_by_condition"] = round(met / len(beats), 4)
    return Transcript(title, scenario, take, tuple(turns), arc, scores)


def _question(value: Mapping[str, Any]) -> LineWanted | ChoiceWanted:
    if "choices" in value:
        return ChoiceWanted(tuple(value["choices"]))
    return LineWanted(Cue(**{**value["cue"], "to": tuple(value["cue"]["to"])}))

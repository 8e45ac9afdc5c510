"""A take: one run of a scenario under one seed, started or resumed, played, rewritten, and made into a transcript."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import Command

from agents.suggestions import Suggestion
from emotion.arcs import planned_and_measured
from graph import choices, moves, rehearsal
from graph.context import Company
from graph.foresight import Foresight
from graph.playhead import Playhead
from graph.rehearsal import Costs, Who
from graph.scenes import opening_state, suggested
from graph.state import StageState
from transcript.branches import Branch
from transcript.errors import UsageError
from transcript.preferences import Preference, forget
from transcript.record import Transcript
from transcript.store import Status, now
from transcript.turn import Candidate, Cue, Turn


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
    """The take `run` of a company. Every turn that `play` yields is on disk already.

    All that changes it may be called between two turns, and while a question waits for its answer; the question is then
    put again by the next `play` where it still stands.
    """

    def __init__(
        self, company: Company, saver: BaseCheckpointSaver[Any], run: str, limit: int, *, reader: str = ""
    ) -> None:
        """Build the graph; `limit` is the most turns of the take, `reader` says why it may only be read, "" where it may be played."""
        self.company, self.run, self.reader = company, run, reader
        self._head = Playhead(company, saver, run, limit, reader)
        self._foresight = Foresight(company, self.report)
        self._talks: dict[str, list[tuple[str, str]]] = {}

    def start(self, seed: int, human: Sequence[str], *, person: bool) -> None:
        """Raise the curtain; `human` roles are asked for their lines, `person` says whether branches are asked too."""
        self._head.feed = opening_state(self.company, self.run, seed, self._head.limit, human, person)

    def resume(self, seed: int, human: Sequence[str], *, person: bool) -> None:
        """Go on from the last checkpoint, or from the start when the process died before the first one."""
        if not self.state() and not (not self.reader and self._head.inherit()):
            self.start(seed, human, person=person)
        elif not self.reader:
            self._head.catch_up()
            if here := self._head.branches.here():
                choices.learn_retry(self._head, here)
            self._head.renew(human, person)

    def play(self, *, pause: bool = False) -> Iterator[Step]:
        """Yield each turn once it is committed; ends at the curtain, at a question, or with `pause` after one turn."""
        head = self._head
        head.writable()
        self.wait()
        feed, head.feed = head.feed, None
        if feed is None and not head.graph.get_state(head.config).next:
            return
        after = ["measure"] if pause else None
        stream = head.graph.stream(feed, head.config, stream_mode="updates", durability="sync", interrupt_after=after)
        for update in stream:
            if "measure" in update:
                here = head.branches.here()
                if here and here.why == "retry" and head.branches.moved(here) == update["measure"]["head"]:
                    choices.learn_retry(head, here)
                yield self.company.turns(update["measure"]["head"])[-1]
            for question in update.get("__interrupt__", ()):
                yield _question(question.value)

    def foresee(self) -> None:
        """Have what the next `play` needs be read by the model meanwhile; whatever comes instead is as right as without."""
        if not self.reader and self._head.feed is None and (state := self._head.undecided()):
            self._foresight.look(state)

    def wait(self) -> None:
        """Wait for what the next `play` needs of what `foresee` began, and stop the rest; Interrupted after `stop_foreseeing`."""
        self._foresight.wait(self._head.undecided() if self._head.feed is None else None)

    def stop_foreseeing(self) -> None:
        """End what `foresee` began as soon as the model can; a signal's handler may call it."""
        self._foresight.stop()

    def close(self) -> None:
        """End what still runs; the model may be closed then."""
        self._foresight.close()

    def report(self, error: Exception) -> Path:
        """Add where a fault of ours came from to a file in the take's folder; return its path."""
        path = self.company.store.run(self.run).folder / "errors.log"
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(traceback.format_exception(error)) + "\n")
        return path

    def say(self, text: str, parenthetical: str | None = None) -> None:
        """Answer LineWanted; an empty `text` lets the model speak this once."""
        self._head.feed = Command(resume={"text": text, "parenthetical": parenthetical})

    def choose(self, index: int) -> None:
        """Answer ChoiceWanted."""
        self._head.feed = Command(resume={"choice": index})

    def note(self, text: str) -> None:
        """Give the director a note that holds for the rest of the beat."""
        self._head.change({"note": text})

    def ask(self, name: str) -> None:
        """Have `name` speak next, whoever else would."""
        self._head.change({"asked": name})

    def suggest(self) -> tuple[Suggestion, ...]:
        """Return three events that could come next, as different from one another as can be."""
        self._foresight.wait()
        found, _ = suggested(self.company, self._head.between())
        return found

    def follow(self, suggestion: Suggestion) -> str:
        """Let `suggestion` happen next, on a branch of its own; return the branch. What was played stays."""
        return moves.follow(self._head, suggestion)

    def retry(self) -> Turn:
        """Have the last line said anew by the same speaker under the same cue; the next `play` yields it. Return the old one.

        What came after the line is cut with it; the old version stays (`undo`, `branches`). Raises UsageError where there
        is no line yet and for a line that a person typed.
        """
        return moves.retry(self._head)

    def alternatives(self) -> tuple[Candidate, ...]:
        """Return every candidate of the last line, the best first, with scores and why some were turned down; () of none."""
        return moves.alternatives(self._head)

    def pick(self, index: int) -> Turn:
        """Let candidate `index` (from 0) of `alternatives` stand in place of the last line; return the turn."""
        return moves.pick(self._head, index)

    def edit(self, n: int, text: str, parenthetical: str | None = None, *, keep: bool = True) -> Turn:
        """Replace the words of turn `n`, which is `by="edited"` from then on; later turns are kept, or cut; return the turn.

        `parenthetical` stands as given, None for none. Raises UsageError for an `n` that is not there or an empty text.
        """
        return moves.edit(self._head, n, text, parenthetical, keep)

    def undo(self, n: int = 1) -> str:
        """Take back the last retry, edit or pick, else the last turn, `n` times; return where the take stands (`main:12`)."""
        moves.undo(self._head, n)
        return moves.where(self._head)

    def redo(self) -> str:
        """Take the last `undo` (or `goto`) back, as long as nothing was played since; return where the take stands."""
        moves.redo(self._head)
        return moves.where(self._head)

    def branch(self, name: str) -> None:
        """Go on from here on a new branch `name`; raises UsageError for a name that is taken, a number, or has `:` or `~`."""
        moves.branch(self._head, name)

    def branches(self) -> tuple[Branch, ...]:
        """Return the branches, each after its parent; versions left behind are among them (`named` is False)."""
        return moves.branches(self._head)

    def goto(self, place: str | int) -> None:
        """Go to the end of a branch (`결말 B`), to its turn n (`결말 B:12`), or to turn n of this one (`12`, 0: the start).

        Later turns stay where they are: what is played from there is a new version of the branch.
        """
        moves.goto(self._head, place)

    def event(self, text: str) -> None:
        """Let `text` happen; the next `play` yields it."""
        self._head.change(rehearsal.event(self._head.between(), text))

    def enter(self, name: str) -> None:
        """Have `name` come in; the next `play` yields the action line."""
        self._head.change(rehearsal.enter(self.company, self._head.between(), name))

    def leave(self, name: str) -> None:
        """Have `name` go out; the next `play` yields the action line. Somebody has to stay."""
        self._head.change(rehearsal.leave(self.company, self._head.between(), name))

    def take_role(self, name: str) -> None:
        """Have the person play `name` from now on, also after `resume`."""
        self._cast(name, human=True)

    def release(self, name: str) -> None:
        """Give `name` back to the model."""
        self._cast(name, human=False)

    def next_beat(self) -> None:
        """Close this beat whatever is missing; the next one opens."""
        self._head.change(rehearsal.next_beat(self.company, self._head.between()))

    def level(self, from_: str, to: str, level: str) -> None:
        """Have `from_` speak to `to` at `level` (해요체…) from the next line on."""
        self._head.change(rehearsal.level(self.company, self._head.between(), from_, to, level))

    def whisper(self, name: str, text: str) -> None:
        """Tell `name` something that only their prompt hears, until the scene ends."""
        self._head.change(rehearsal.whisper(self.company, self._head.between(), name, text))

    def interview(self, name: str, question: str) -> str:
        """Ask `name` something out of the scene and return the answer, streamed through `company.on_token`.

        Neither turns nor state change; the talk is remembered by this object only.
        """
        self._foresight.wait()
        talk = self._talks.setdefault(name, [])
        talk.append(rehearsal.interview(self.company, self._head.between(), name, talk, question))
        return talk[-1][1]

    def who(self, name: str) -> Who:
        """Return how `name` is now: feelings, knowledge, relations."""
        return rehearsal.who(self.company, self._head.between(), name)

    def cost(self) -> Costs:
        """Return what the take cost so far."""
        return rehearsal.costs(self.company.turns(self.state().get("head")), self._head.branches.made())

    def preferences(self) -> tuple[Preference, ...]:
        """Return the pairs this run made of retries, edits and picks, in order."""
        return choices.learned_from(self.company.store, self.run)

    def forget(self, id_: int) -> None:
        """Delete one preference for good; UsageError when there is none of this id."""
        self._head.writable()
        if not forget(self.company.store, self.run, id_):
            raise UsageError(f"preference {id_}: this run has none of this number")

    def record_preferences(self, on: bool) -> None:
        """Say whether this run makes preferences from now on; also after `resume`."""
        self._head.writable()
        choices.record(self.company.store, self.run, on)

    @property
    def records(self) -> bool:
        """Say whether retries, edits and picks are kept as preferences."""
        return choices.records(self.company.store, self.run)

    @property
    def over(self) -> str:
        """Return why the take ended, "" while it plays."""
        return str(self.state().get("over", ""))

    def state(self) -> Mapping[str, Any]:
        """Return the values of the last checkpoint, empty before the first."""
        return self._head.committed()

    def transcript(self) -> Transcript:
        """Return the take so far as a transcript, and note its state in the store."""
        state, run = self.state(), self.company.store.run(self.run)
        turns = tuple(self.company.turns(state.get("head")))
        over = str(state.get("over", ""))
        status: Status = "finished" if over == "finished" else "stopped"
        take = {**run.take, "finished": now() if over else None, "over": over or "stopped"}
        take |= {"path": list(state.get("path", [])), "beats": list(state.get("beats", []))}
        if not self.reader:
            self.company.store.update(self.run, status, take)
        return transcript_of(run.title, run.scenario, take, turns)

    def _cast(self, name: str, *, human: bool) -> None:
        roles = rehearsal.roles(self.company, self._head.between(), name, human=human)
        self._head.change(StageState(human=roles))
        run = self.company.store.run(self.run)
        self.company.store.update(self.run, run.status, {**run.take, "human": roles})


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

"""Company: what the nodes work with and no checkpoint holds — scenario, agents, model, store, and the turns in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from agents import narration, prompts
from agents.character import Character
from agents.director import Director
from agents.knowledge import Fact, facts_of
from agents.psychology import Disposition, disposition
from emotion.dynamics import Temper
from emotion.measure import EmotionModel
from graph.state import StageState
from model.base import OnToken, StageModel
from scenarios.values import Persona, Relation, Scenario
from transcript.store import RunStore
from transcript.turn import Turn

OnWork = Callable[[str], None]


@dataclass
class Company:
    """One take's agents and tools.

    `steer` has the plan followed; `on_work` hears who works now, `on_token` each decoded piece (may raise Interrupted).
    """

    scenario: Scenario
    model: StageModel
    store: RunStore
    emotion: EmotionModel
    candidates: int
    steer: bool = True
    on_work: OnWork | None = None
    on_token: OnToken | None = None
    foreseen: tuple[StageState, StageState] | None = None  # a state, and what `direct` makes of it
    facts: tuple[Fact, ...] = field(init=False)
    director: Director = field(init=False)
    characters: Mapping[str, Character] = field(init=False)
    dispositions: Mapping[str, Disposition] = field(init=False)
    temperaments: Mapping[str, Temper] = field(init=False)
    world: str = field(init=False)
    _head: int | None = field(init=False, default=None)
    _line: list[int] = field(init=False, default_factory=list)  # the ids of _turns
    _turns: list[Turn] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        """Bind one agent to each role."""
        self.facts = facts_of(self.scenario)
        events = [event for scene in self.scenario.scenes for event in scene.events]
        acts = [line for persona in self.scenario.personas for line in narration.gestures(persona)]
        moods = {line: self.emotion.read(line).valence for line in (*events, *acts)}
        self.director = Director(self.scenario, self.facts, moods, self.steer)
        self.characters = {persona.name: Character(persona) for persona in self.scenario.personas}
        self.dispositions = {persona.name: disposition(persona) for persona in self.scenario.personas}
        self.temperaments = {
            persona.name: _temper(persona, self.dispositions[persona.name]) for persona in self.scenario.personas
        }
        self.world = prompts.world(self.scenario)

    def turns(self, head: int | None) -> list[Turn]:
        """Return the turns up to `head`, from memory when nothing else was committed or rewound since."""
        if head != self._head:
            line = self.store.ids(head)
            here = line == self._line[: len(line)]  # taken back: what is known already is not read again
            self._turns = self._turns[: len(line)] if here else self.store.turns(head)
            self._line, self._head = line, head
        return self._turns

    def commit(self, run: str, branch: str, parent: int | None, turn: Turn) -> tuple[int, Turn]:
        """Write a turn to the store, then to memory; return its id and the committed value."""
        before = self.turns(parent)
        number, committed = self.store.append(run, branch, parent, turn)
        self._turns, self._line, self._head = [*before, committed], [*self._line, number], number
        return number, committed

    def heard(self, head: int | None, path: Sequence[int], names: Sequence[str]) -> str:
        """Return the prompt part that everyone in `names` knows: world, scene, and the lines said in their presence."""
        headings = {i + 1: prompts.heading(self.scenario.scenes[scene], i + 1) for i, scene in enumerate(path)}
        turns, wanted = self.turns(head), set(names)
        there = {present for present in {turn.present for turn in turns} if wanted <= set(present)}
        turns = [turn for turn in turns if turn.present in there]
        return self.world + prompts.history(turns, headings)

    def relations(self, changed: Sequence[Mapping[str, object]]) -> dict[tuple[str, str], Relation]:
        """Return the relations as they are now, by (from, to)."""
        now = {(relation.from_, relation.to): relation for relation in self.scenario.relations}
        for row in changed:
            pair = (str(row["from"]), str(row["to"]))
            now[pair] = merged(now.get(pair), row)
        return now

    def affections(self, changed: Sequence[Mapping[str, object]]) -> dict[tuple[str, str], float]:
        """Return the affections as they are now, -1..1 by (who, toward whom); one that nobody wrote is 0."""
        return {pair: relation.affection or 0.0 for pair, relation in self.relations(changed).items()}


def _temper(persona: Persona, found: Disposition) -> Temper:
    return Temper(persona.emotion.baseline, found.volatility, found.contagion, found.half_life, found.rest)


def merged(old: Relation | None, row: Mapping[str, object]) -> Relation:
    """Return `old` with the keys that `row` gives; what it leaves open stays."""
    base = {"level": None, "address": None, "affection": None}
    if old is not None:
        base = {"level": old.level, "address": old.address, "affection": old.affection}  # type: ignore[dict-item]
    given = {key: row[key] for key in base if row.get(key) is not None}
    return Relation(from_=str(row["from"]), to=str(row["to"]), **{**base, **given})  # type: ignore[arg-type]

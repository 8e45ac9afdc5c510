"""The time of a turn deep in a chat: the history is filled with lines of the corpus, and the turns before a mark are timed."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from itertools import cycle, islice
from pathlib import Path

from benchmarks.engine import LONG
from benchmarks.huggingface import LAST, LINE
from benchmarks.peers.prompts import Written, request
from benchmarks.peers.voices import MODELS, Said, Voice, Weights
from benchmarks.peers.ways import Row, Talk, opened, plain, robin
from daebon.runner import Order, begin, open_store, settled, staged
from scenarios import Scenario, load_scenario
from training.corpus import read_corpus
from training.gather import CORPUS
from transcript.turn import Turn

TALKS = {"plain": plain, "robin": robin}
_SCRIPT = 3  # lines of a script that are timed at a mark
_AROUND = 4  # turns of ours before and after a mark, as in benchmarks.engine
_BEAT = 100  # turns of a beat, of which a scenario allows 200
_SEED = 3


@dataclass(frozen=True)
class Pace:
    """Medians of some turns around a mark: seconds of the clock and of the processor, tokens prefilled."""

    turn: int
    seconds: float
    processor: float
    prefilled: float


def of(costs: Sequence[Said], turn: int) -> Pace:
    """Return the medians."""
    return Pace(
        turn,
        *(statistics.median(getattr(one, key) for one in costs) for key in ("seconds", "processor", "prefilled")),
    )


def long_scenario(turns: int) -> Scenario:
    """Return benchmarks/long.yaml with as many of its beat as take `turns` and more."""
    row = load_scenario(LONG).to_dict()
    scene = row["scenes"][0]
    scene["beats"] = [{**scene["beats"][0], "turns": [_BEAT, _BEAT + 10]}] * (turns // _BEAT + 1)
    return Scenario.from_dict(row)


@cache
def corpus_lines() -> tuple[str, ...]:
    """Return the spoken lines of the corpus, read once."""
    return tuple(line.text for scene in read_corpus(CORPUS) for line in scene.lines if line.speaker)


def filled(scenario: Scenario, lines: int) -> list[Row]:
    """Return a chat of `lines` lines of the corpus, spoken in turn, below the opening of the first scene."""
    rows = opened(scenario, 0, 1)
    names = cycle(persona.name for persona in scenario.personas)
    said = islice(zip(cycle(corpus_lines()), names, strict=False), lines)
    return rows + [Row(Written(text, name)) for text, name in said]


def as_long_as_a_line(voice: Voice) -> Voice:
    """Return `voice` saying as many tokens as the corpus's median line has, and a line of the corpus in place of what it said."""
    lines = cycle(corpus_lines())

    def measured(messages: Sequence[str], seed: int, _most: int, _stop: Sequence[str] = ()) -> Said:
        return replace(voice(messages, seed, LINE), text=next(lines))

    return measured


def talking(way: str, voice: Voice, marks: Sequence[int]) -> list[Pace]:
    """Time the last turns before each mark of a peer that speaks line by line.

    First every agent speaks once, untimed, so that llama.cpp has read the chat for it, as it would have by then.
    """
    scenario = long_scenario(marks[-1])
    talk: Talk = TALKS[way](scenario, as_long_as_a_line(voice), _SEED)
    agents = len(scenario.personas)
    paces = []
    for mark in marks:
        rows = filled(scenario, max(0, mark - LAST - agents))
        said = [row.said for row in talk(rows, min(mark, LAST + agents)) if row.said]
        paces.append(of(said[agents:], mark))
    return paces


def writing(voice: Voice, marks: Sequence[int]) -> list[Pace]:
    """Time a line of a script from one call: some lines' tokens more against one token, after so many lines of the corpus.

    The request is read once for all lines of a script, so that a mark's line pays its part of that only.
    """
    scenario = long_scenario(marks[-1])
    asked = request(scenario)
    once = of([voice([asked], _SEED + n, 1) for n in range(2)], 0)
    paces = []
    for mark in marks:
        rows = filled(scenario, mark)[len(opened(scenario, 0, 1)) :]
        prompt = ["\n".join([asked.rpartition("\n")[0], *map(str, rows)])]
        short = of([voice(prompt, _SEED + n, 1) for n in range(2)], mark)
        long = of([voice(prompt, _SEED + n, 1 + _SCRIPT * LINE) for n in range(2)], mark)
        clock, processor = (
            (getattr(long, key) - getattr(short, key)) / _SCRIPT + getattr(once, key) / mark
            for key in ("seconds", "processor")
        )
        paces.append(Pace(mark, clock, processor, once.prefilled / mark))
    return paces


def ours(weights: Weights, marks: Sequence[int], model: str | None = None) -> list[Pace]:
    """Play the long scenario with the engine as it is shipped, and time whole turns: director, candidates, guards, commit."""
    limit = marks[-1] + _AROUND
    scenario = long_scenario(limit)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        order = Order(str(LONG), out, model=model or MODELS[weights], seed=_SEED, turns=limit)
        with closing(open_store(out, create=True)) as store:
            run = begin(store, out, scenario, settled(order, scenario), ())
            with staged(store, run, limit) as take:
                take.start(_SEED, (), person=False)
                costs = list(_timed(take.play()))
    return [of([said for n, said in costs if abs(n - mark) <= _AROUND], mark) for mark in marks]


def _timed(steps: Iterator[Turn]) -> Iterator[tuple[int, Said]]:
    """Yield number and cost of each spoken turn."""
    while True:
        clock, processor = time.perf_counter(), time.process_time()
        turn = next(steps, None)
        if turn is None:
            return
        seconds, worked = time.perf_counter() - clock, time.process_time() - processor
        if turn.kind == "dialogue":
            yield turn.n, Said(turn.text, turn.cost.prefilled, turn.cost.decoded, seconds, worked)

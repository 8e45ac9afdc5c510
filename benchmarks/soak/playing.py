"""The two soaks: one take of one long scene, one batch of many takes; each goes on where its folder says that it was stopped."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr

from benchmarks.batch import HOUSE, script
from benchmarks.engine import LONG
from benchmarks.soak.windows import Meter, windows
from model.base import OnToken, Proposal, Sampling
from model.scripted import ScriptedModel

TURNS, TAKES = "turns.jsonl", "takes.jsonl"
_BEAT = 200  # most turns of a beat
_PROMPTS = 4  # a cache that keeps the prefixes of as many prompts
_SEED = 1


class Reader(ScriptedModel):
    """Lines that are made up, and never repeat; reads no prompt, but says how many of its letters no cached prefix has."""

    _last: list[str] = PrivateAttr(default_factory=list)

    def propose(
        self,
        prompt: str,
        n: int,
        *,
        seed: int,
        sampling: Sampling,
        stop: Sequence[str] = (),
        on_token: OnToken | None = None,
    ) -> Proposal:
        """Return made-up lines; `prefilled` counts letters."""
        said = super().propose(prompt, n, seed=seed, sampling=sampling, stop=stop, on_token=on_token)
        new = len(prompt) - max((shared(prompt, other) for other in self._last), default=0)
        self._last = [*self._last, prompt][-_PROMPTS:]
        return Proposal(said.completions, new, said.decoded)


def shared(one: str, other: str) -> int:
    """Return how many letters two texts have in common at their start."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def long_scene(turns: int) -> dict[str, Any]:
    """Return benchmarks/long.yaml with one scene of at least `turns` turns, in beats that ask for feelings by turns."""
    from scenarios import load_scenario

    scenario = load_scenario(LONG).to_dict()
    (scene,) = scenario["scenes"]
    (beat,) = scene["beats"]
    feelings = [beat["emotion"], {name: {"안심/신뢰": 0.5} for name in beat["emotion"]}]
    beats = [{**beat, "turns": [_BEAT, _BEAT], "emotion": feelings[i % 2]} for i in range(-(-turns // _BEAT))]
    return {**scenario, "scenes": [{**scene, "beats": beats}]}


def play_turns(folder: Path, turns: int, model: str, every: int) -> None:
    """Play the take in `folder` on to `turns` turns in one scene, with a window every `every` of them.

    `model` is a model's name, "" for lines that are made up.
    """
    from daebon.runner import Order, begin, on_stage, open_store, settled
    from emotion.measure import ClassifierEmotion
    from model import ModelConfig, load_chat_model
    from scenarios import Scenario
    from transcript.turn import Turn

    folder.mkdir(parents=True, exist_ok=True)
    store = open_store(folder, create=True)
    name = model or script(folder)
    if not store.runs():
        scenario = Scenario.from_dict(long_scene(turns))
        order = Order(str(LONG), folder, name, _SEED, turns)
        begin(store, folder, scenario, settled(order, scenario), ())
    run = store.run("latest")
    speaks = load_chat_model(ModelConfig.parse(name)) if model else Reader(lines={"*": [""]}, invent=True)
    with on_stage(store, run, turns, speaks, ClassifierEmotion()) as take:
        take.resume(_SEED, [], person=False)
        meter = Meter(folder / TURNS, folder / "daebon.sqlite", every, run.turns + 1)
        for turn in take.play():
            if isinstance(turn, Turn):
                meter.count(turn.n, turn.cost.prefilled)
    speaks.close()
    store.close()


def play_takes(folder: Path, takes: int, every: int) -> None:
    """Play the batch in `folder` on to `takes` takes of a short scene, with made-up lines and a window every `every` of them."""
    from daebon.batch.ledger import Ledger
    from daebon.batch.plan import Batch, Job, Matrix, jobs_of
    from daebon.batch.run import play_here
    from daebon.batch.work import Outcome
    from daebon.runner import open_store
    from transcript.errors import DaebonError

    folder.mkdir(parents=True, exist_ok=True)
    plan = Batch(scenarios=(str(HOUSE),), takes=takes, seed=_SEED, matrix=Matrix(model=(script(folder),)))
    store = open_store(folder, create=True)
    ledger, jobs = Ledger(store, folder), jobs_of(plan)
    left = [job for job in jobs if not ledger.done(job.key)]
    numbers = itertools.count(len(jobs) - len(left) + 1)
    meter = Meter(folder / TAKES, folder / "daebon.sqlite", every, len(jobs) - len(left) + 1)

    def hear(_job: Job, outcome: Outcome) -> None:
        if outcome.error:
            raise DaebonError(outcome.error)
        meter.count(next(numbers))

    play_here(left, ledger, lambda: None, hear)
    store.close()


def unfinished(folder: Path, file: str, total: int, every: int) -> bool:
    """Say whether a soak has something left to play."""
    found = windows(folder / file)
    return not found or found[-1].at < total - total % every

"""What a batch is to play: scenarios x takes x models x settings, from the command line or a YAML file, without excludes."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from daebon.runner import MOST_TURNS, Order, settled
from scenarios._explain import explain
from scenarios._fields import CONFIG, Filled, Flag, Seed, key
from scenarios._keys import Translation
from scenarios._problems import first_error
from scenarios._yaml import read
from scenarios.json_schema import DIALECT
from scenarios.json_schema import _with_both_languages as with_both_languages
from transcript.errors import UsageError

if TYPE_CHECKING:
    from scenarios import Scenario

MOST_TAKES = 1_000_000
SHARED = "shared"
"""`prefix` of a take that begins on what the model has cached of the take before; see docs/batch.md."""
CACHED = ("embedded", "gguf")
"""Runtimes of which a take can tell whether it began on an empty cache."""
Many = Annotated[int, Field(strict=True, ge=1, le=MOST_TAKES)]
Limit = Annotated[int, Field(strict=True, ge=1, le=MOST_TURNS)]
Candidates = Annotated[int, Field(strict=True, ge=1, le=8)]
Models = Annotated[tuple[Filled, ...], Field(max_length=100)]
Sizes = Annotated[tuple[Candidates, ...], Field(max_length=8)]
Flags = Annotated[tuple[Flag, ...], Field(max_length=2)]
Limits = Annotated[tuple[Limit, ...], Field(max_length=100)]
Scenarios = Annotated[tuple[Filled, ...], Field(min_length=1, max_length=10_000)]


@checked(frozen=True, config=CONFIG)
class Matrix:
    """The settings that are combined, each with each."""

    model: Annotated[Models, key("모델", "models, as --model takes them", "--model에 쓰는 모델 이름들")] = ()
    candidates: Annotated[Sizes, key("후보", "candidates per line, 1 to 8", "대사마다 만들 후보 수, 1~8")] = ()
    steer: Annotated[Flags, key("조종", "whether the planned emotion is followed", "계획한 감정을 따를지")] = ()
    turns: Annotated[Limits, key("턴", "most turns of a take", "테이크의 최대 턴 수")] = ()


@checked(frozen=True, config=CONFIG)
class Exclude:
    """Combinations that are left out: those that have every value given here."""

    scenario: Annotated[Filled | None, key("시나리오", "a scenario, as written above", "위에 적은 시나리오")] = None
    model: Annotated[Filled | None, key("모델", "a model", "모델")] = None
    candidates: Annotated[Candidates | None, key("후보", "candidates per line", "후보 수")] = None
    steer: Annotated[Flag | None, key("조종", "whether the plan is followed", "감정 계획을 따르는지")] = None
    turns: Annotated[Limit | None, key("턴", "most turns", "최대 턴 수")] = None


@checked(frozen=True, config=CONFIG)
class Batch:
    """Scenarios, how many takes of each, and the settings to play them with."""

    scenarios: Annotated[
        Scenarios,
        key("시나리오", "files (paths from this file) or shipped titles", "파일(이 파일 기준 경로)이나 실린 제목"),
    ]
    takes: Annotated[Many, key("테이크", "takes of each scenario and setting", "시나리오와 설정마다 테이크 수")] = 1
    seed: Annotated[
        Seed | None, key("시드", "seed of the first take; the next are one more each", "첫 테이크의 시드")
    ] = None
    matrix: Annotated[Matrix, key("조합", "settings that are combined, each with each", "서로 조합할 설정")] = Field(
        default_factory=Matrix
    )
    exclude: Annotated[tuple[Exclude, ...], key("제외", "combinations to leave out", "뺄 조합")] = ()
    exact: Annotated[
        Flag, key("똑같이", "each take is to the letter that of `play`", "테이크마다 play와 글자까지 같게")
    ] = False
    keep_best: Annotated[
        Many | None, key("상위", "takes of each scenario to gather in best/", "시나리오마다 best/에 모을 테이크 수")
    ] = None


@dataclass(frozen=True)
class Job:
    """One take to play: its scenario, all that decides it (`daebon.runner.settled`), and the digest of its weights."""

    scenario: Scenario
    take: Mapping[str, Any]
    weights: str
    """What tells the model's files from others, "" where nothing does (a server)."""

    @property
    def key(self) -> str:
        """Return what this take is recognised by: a hash of scenario, personas, model, adapter, seed, settings, version."""
        parts = [self.scenario.to_dict(), dict(self.take), self.weights]
        text = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def variant(self) -> str:
        """Return the model and the settings in words: takes that differ in the seed only have the same."""
        words = [self.take["model"], f"candidates={self.take['candidates']}"]
        words += [] if self.take["steer"] else ["no steer"]
        words += [] if self.take["turns"] == MOST_TURNS else [f"turns<={self.take['turns']}"]
        return " ".join(words)


def read_batch(path: Path) -> Batch:
    """Read a batch file; paths of scenarios are taken from its folder. FileError names file, line, key and remedy."""
    found = Translation()
    data = found.translate(read(path), Batch)
    batch: Batch | None = None
    try:
        batch = TypeAdapter(Batch).validate_python(data)
    except ValidationError as error:
        found.problems += filter(None, (explain(detail, found) for detail in error.errors(include_url=False)))
    if problem := first_error(found.problems):
        raise problem
    assert batch is not None
    beside = {name: path.parent / name for name in batch.scenarios}
    return replace(batch, scenarios=tuple(str(file) if file.is_file() else name for name, file in beside.items()))


def batch_schema() -> dict[str, Any]:
    """Return the JSON Schema of a batch file, with the keys of both languages."""
    schema = TypeAdapter(Batch).json_schema(by_alias=False)
    with_both_languages(schema, Batch)
    for kind in (Matrix, Exclude):
        with_both_languages(schema["$defs"][kind.__name__], kind)
    return {"$schema": DIALECT, **schema, "title": "daebon batch"}


def jobs_of(batch: Batch) -> list[Job]:
    """Return every take of a batch, model by model so that each is loaded once, and the same take never twice.

    Raises FileError or UsageError before anything is played: a faulty scenario, an unknown model, a role for a person, an
    exclude that fits nothing.
    """
    from model import ModelConfig
    from model.load import digest
    from scenarios import find, load_scenario

    digests: dict[str, str] = {}
    jobs: dict[str, Job] = {}
    unused = set(range(len(batch.exclude)))
    for name in batch.scenarios:
        scenario = load_scenario(find(name))
        if person := next((member.persona.name for member in scenario.cast if member.play == "human"), ""):
            raise UsageError(f"{name}: {person} is played by a person; a batch has none, write play: model")
        for order in _orders(name, batch):
            dropped = [at for at, rule in enumerate(batch.exclude) if _fits(rule, order)]
            unused.difference_update(dropped)
            if dropped:
                continue
            first = next(seed for seed in (batch.seed, scenario.seed, 1) if seed is not None)
            for i in range(batch.takes):
                take = settled(replace(order, seed=(first + i) % 2**32), scenario)
                if not batch.exact and take["model"].partition(":")[0] in CACHED:
                    take["prefix"] = SHARED
                if take["model"] not in digests:
                    digests[take["model"]] = digest(ModelConfig.parse(take["model"]))
                job = Job(scenario, take, digests[take["model"]])
                jobs.setdefault(job.key, job)
    if unused:
        raise UsageError(f"exclude[{min(unused)}] fits no combination; correct or delete it")
    if not jobs:
        raise UsageError("every combination is excluded; delete an exclude")
    order_of_models = list(digests)
    return sorted(jobs.values(), key=lambda job: order_of_models.index(job.take["model"]))


def _orders(name: str, batch: Batch) -> Iterator[Order]:
    matrix = batch.matrix
    axes: Sequence[Sequence[Any]] = (
        matrix.model or (None,), matrix.candidates or (None,), matrix.steer or (True,), matrix.turns or (None,),
    )  # fmt: skip
    for model, candidates, steer, turns in itertools.product(*axes):
        yield Order(name, Path(), model, None, turns, candidates, (), steer)


def _fits(rule: Exclude, order: Order) -> bool:
    wanted = {"scenario": rule.scenario, "model": rule.model, "candidates": rule.candidates, "turns": rule.turns}
    given = {name: value for name, value in {**wanted, "steer": rule.steer}.items() if value is not None}
    return bool(given) and all(_same(name, value, getattr(order, name)) for name, value in given.items())


def _same(name: str, value: Any, other: Any) -> bool:
    return bool(value == other or (name == "scenario" and Path(str(other)).match(str(value))))

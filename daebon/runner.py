"""Start or go on with a take in an output folder: the run's id, its store, its model, its files."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daebon import __version__
from transcript.errors import DaebonError, ModelError, StoreError, UsageError
from transcript.exports import export, safe_name
from transcript.store import Run, RunStore, now

STORE = "daebon.sqlite"
FORMATS = ("json", "txt", "md", "fountain")
MOST_TURNS = 2_000


@dataclass(frozen=True)
class Order:
    """What the command line asks for; None leaves it to the scenario."""

    scenario: str
    out: Path
    model: str | None = None
    seed: int | None = None
    turns: int | None = None
    candidates: int | None = None
    human: tuple[str, ...] = ()
    steer: bool = True


def open_store(out: Path, *, create: bool) -> RunStore:
    """Open `OUT/daebon.sqlite`; without `create` a missing one is an error that says where runs come from."""
    path = out / STORE
    if not create and not path.is_file():
        raise StoreError(f"{path}: no run store here; play a scenario first, or give its folder with --out")
    return RunStore(path)


def new_run(store: RunStore, out: Path, order: Order) -> Run:
    """Load and check the scenario, make the take's folder and the run of the same name; nothing is overwritten."""
    from model import ModelConfig
    from scenarios import find, load_scenario

    scenario = load_scenario(find(order.scenario))
    limit = order.turns or MOST_TURNS
    if not 1 <= limit <= MOST_TURNS:
        most = sum(beat.turns[1] for scene in scenario.scenes for beat in scene.beats)
        raise UsageError(
            f"--turns {limit}: give 1 to {MOST_TURNS}; {scenario.title} ends by itself after at most {most} beat turns"
        )
    human = {*order.human, *(member.persona.name for member in scenario.cast if member.play == "human")}
    names = [persona.name for persona in scenario.personas]
    for name in order.human:
        if name not in names:
            raise UsageError(f"--as {name}: no such role; the cast is {', '.join(names)}")
    seed = order.seed if order.seed is not None else scenario.seed
    take: dict[str, Any] = {
        "seed": secrets.randbelow(10_000) if seed is None else seed,
        "model": str(ModelConfig.parse(order.model or scenario.model or "embedded")),
        "started": now(),
        "finished": None,
        "version": __version__,
        "turns": limit,
        "candidates": order.candidates or scenario.director.candidates,
        "steer": order.steer,
        "human": [name for name in names if name in human],
    }
    run, folder = _new_folder(out, f"{safe_name(scenario.title)}-{take['seed']}", {run.id for run in store.runs()})
    store.create(run, scenario.title, folder, scenario.to_dict(), take)
    return store.run(run)


@contextmanager
def staged(store: RunStore, run: Run, limit: int) -> Iterator[Any]:
    """Load the run's model and yield its Take (a graph.take.Take), ready to start or resume."""
    from emotion.measure import ClassifierEmotion
    from graph.checkpoints import checkpointer
    from graph.context import Company
    from graph.take import Take
    from model import ModelConfig, load_chat_model
    from scenarios import Scenario

    scenario = Scenario.from_dict(run.scenario)
    model = load_chat_model(ModelConfig.parse(run.take["model"]))
    try:
        weights = {"model_sha256": model.sha256, "adapter": model.adapter_sha256 or None}
        if any(run.take.get(key, value) != value for key, value in weights.items()):
            raise ModelError(f"{run.id} was played on other weights than {run.take['model']} has now; play it again")
        store.update(run.id, "playing", {**run.take, **weights})
        company = Company(scenario, model, store, ClassifierEmotion(), run.take["candidates"], run.take["steer"])
        with checkpointer(store.path) as saver:
            yield Take(company, saver, run.id, limit)
    finally:
        model.close()


def write_files(take: Any, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write the transcript, its exports, `run.log` and the picture of its arcs into the take's folder; return the paths."""
    from emotion.arcs import series, spans

    transcript = take.transcript()
    folder = take.company.store.run(take.run).folder
    paths = export(transcript, formats, folder)
    rows = [json.dumps({key: value for key, value in transcript.take.items() if key != "beats"}, ensure_ascii=False)]
    rows += [json.dumps(beat, ensure_ascii=False) for beat in transcript.take["beats"]]
    rows += [
        f"{turn.n}\t{turn.scene}.{turn.beat}\t{turn.kind}\t{turn.cost.seconds:.2f}s\t{turn.cost.calls} calls\t"
        f"{turn.cost.prefilled}+{turn.cost.decoded} tokens\t{turn.why}"
        for turn in transcript.turns
    ]
    from transcript.record import write_atomically

    write_atomically(folder / "run.log", "\n".join(rows) + "\n")
    paths.append(folder / "run.log")
    if arcs := series(transcript.turns):
        from emotion.drawing import draw

        draw(folder / "arc.svg", arcs, title=transcript.title, beats=spans(transcript))
        paths.append(folder / "arc.svg")
    return paths


def _new_folder(out: Path, name: str, known: Collection[str]) -> tuple[str, Path]:
    """Make a new folder `name`, or `name-2`, `name-3`… when it is taken; safe against another process.

    A run that is `known` to the store keeps its name, also when somebody removed its folder.
    """
    for i in range(1, 10_000):
        run = name if i == 1 else f"{name}-{i}"
        if run in known:
            continue
        try:
            (out / run).mkdir(parents=True)
            return run, (out / run).resolve()
        except FileExistsError as error:
            if not (out / run).exists() or not out.is_dir():
                raise DaebonError(f"{out}: not a folder; choose another --out") from error
        except OSError as error:
            raise DaebonError(f"{out / run}: cannot be made ({error.strerror}); choose another --out folder") from error
    raise DaebonError(f"{out}: 10,000 takes named {name} are there; choose another --out folder")

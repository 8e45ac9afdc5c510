"""Start or go on with a take in an output folder: the run's id, its store, its model, its files."""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daebon import __version__
from transcript.errors import DaebonError, ModelError, StoreError, UsageError
from transcript.exports import export, safe_name
from transcript.record import Transcript, write_atomically
from transcript.sqlite import copied
from transcript.store import Run, RunStore, now

if TYPE_CHECKING:
    from emotion.measure import EmotionModel
    from model.base import StageModel
    from scenarios import Scenario

STORE = "daebon.sqlite"
FORMATS = ("json", "txt", "md", "fountain")
MOST_TURNS = 2_000
_ITS_OWN = ("key", "prefix", "scores", "over", "path", "beats")  # what a take knows that one forked from it does not


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


def open_store(out: Path, url: str | None = None, *, create: bool) -> RunStore:
    """Open the store at a URL of PostgreSQL, else `OUT/daebon.sqlite`.

    Without `create` a missing file is an error that says where runs come from.
    """
    if url:
        return RunStore(url)
    path = out / STORE
    if not create and not path.is_file():
        raise StoreError(f"{path}: no run store here; play a scenario first, or give its folder with --out")
    return RunStore(path)


@contextmanager
def reading(out: Path, url: str | None = None) -> Iterator[RunStore]:
    """Open a store that is there, to read; of a file that cannot be written (a disc, an archive) a copy, for as long."""
    path = out / STORE
    if url or not path.is_file() or (os.access(path, os.W_OK) and os.access(out, os.W_OK)):
        with closing(open_store(out, url, create=False)) as store:
            yield store
        return
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="daebon-"))
        except OSError as error:
            raise StoreError(
                f"{path}: no folder for a copy of it ({error}); set TMPDIR to one that can be written"
            ) from error
        yield stack.enter_context(closing(RunStore(copied(path, Path(folder)), of=path)))


def new_run(store: RunStore, out: Path, order: Order) -> Run:
    """Load and check the scenario, make the take's folder and the run of the same name; nothing is overwritten."""
    from scenarios import find, load_scenario

    scenario = load_scenario(find(order.scenario))
    return begin(store, out, scenario, settled(order, scenario), {run.id for run in store.runs()})


def settled(order: Order, scenario: Scenario) -> dict[str, Any]:
    """Check an order against its scenario and return all that a take of it will be; UsageError for what cannot be done."""
    from model import ModelConfig

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
    model = ModelConfig.parse(order.model or scenario.model or "embedded")
    for role, adapter in model.voices:
        if role not in names:
            raise UsageError(f"--model …,{role}={adapter}: no such role; the cast is {', '.join(names)}")
    return {
        "seed": secrets.randbelow(10_000) if seed is None else seed,
        "model": str(model),
        "version": __version__,
        "turns": limit,
        "candidates": order.candidates or scenario.director.candidates,
        "steer": order.steer,
        "human": [name for name in names if name in human],
    }


def begin(
    store: RunStore,
    out: Path,
    scenario: Scenario,
    take: Mapping[str, Any],
    known: Collection[str],
    *,
    adopt: bool = False,
) -> Run:
    """Make the folder of a take and its run, both named after title and seed; a run that is `known` keeps its name.

    With `adopt` an empty folder that no run knows is taken: a process left it that died before its run was in the store.
    Where another caller of the store began a take of this `key` first, that run is returned.
    """
    name = f"{safe_name(scenario.title)}-{take['seed']}"
    return _added(store, out, name, (scenario.title, scenario.to_dict(), take), known, adopt)


def fork(store: RunStore, out: Path, run: Run, name: str) -> Run:
    """Make a take of its own, `RUN.NAME`, that goes on from where a run stands now; the run itself stays as it is.

    Raises UsageError where nothing was played yet.
    """
    head = store.here(run.id)
    if head is None:
        raise UsageError(f"{run.id}: nothing was played yet; play it first")
    known = {other.id for other in store.runs()}
    kept = {key: value for key, value in run.take.items() if key not in _ITS_OWN}
    take = {**kept, "from": {"run": run.id, "head": head}}
    return _added(store, out, f"{run.id}.{safe_name(name)}", (run.title, run.scenario, take), known, adopt=False)


def home(out: Path, run: str) -> Path:
    """Return the folder of a run on this machine; another one may have begun it elsewhere."""
    return (out / run).resolve()


def resuming(store: RunStore, run: Run) -> str:
    """Return the command that goes on with a run."""
    url = f" --store {_word(store.place)}" if isinstance(store.place, str) else ""
    return f"daebon resume {_word(run.id)} --out {_word(str(run.folder.parent))}{url}"


def _word(text: str) -> str:
    """Return `text` as one word of a shell; unlike shlex, Korean alone needs no quotes."""
    return text if re.fullmatch(r"[\w@%+=:,./-]+", text) else shlex.quote(text)


@contextmanager
def staged(store: RunStore, run: Run, limit: int, *, read: bool = False) -> Iterator[Any]:
    """Load the run's model and yield its Take (a graph.take.Take), ready to start or resume; `read` as for `on_stage`."""
    from emotion.measure import ClassifierEmotion
    from model import ModelConfig, load_chat_model

    model = load_chat_model(ModelConfig.parse(run.take["model"]))
    try:
        with on_stage(store, run, limit, model, ClassifierEmotion(), read=read) as take:
            yield take
    finally:
        model.close()


@contextmanager
def on_stage(
    store: RunStore, run: Run, limit: int, model: StageModel, emotion: EmotionModel, *, read: bool = False
) -> Iterator[Any]:
    """Hold a run and yield its Take on a model that is loaded, as `opened` does.

    While another daebon plays the run, the take only reads (`Take.reader` says who plays); StoreError without `read`.
    """
    from transcript.lock import playing

    with playing(store, run.id) as owner:
        reader = owner.in_words(run.id) if owner else ""
        if reader and not read:
            raise StoreError(reader)
        with opened(store, run, limit, model, emotion, reader=reader) as take:
            yield take


@contextmanager
def opened(
    store: RunStore, run: Run, limit: int, model: StageModel, emotion: EmotionModel, *, reader: str = ""
) -> Iterator[Any]:
    """Yield the Take of a run that this process holds, or of one that it only reads (`reader` says why).

    Its files go to `run.folder` from now on. Raises ModelError when the run was begun on other weights.
    """
    from graph.checkpoints import checkpointer
    from graph.context import Company
    from graph.take import Take
    from model import ModelConfig
    from scenarios import Scenario

    voices = {role: model.voice(role).adapter_sha256 for role, _ in ModelConfig.parse(run.take["model"]).voices}
    weights: dict[str, Any] = {"model_sha256": model.sha256, "adapter": model.adapter_sha256 or None}
    if voices:
        weights["adapters"] = voices
    if any(run.take.get(key, value) != value for key, value in weights.items()):
        raise ModelError(f"{run.id} was played on other weights than {run.take['model']} has now; play it again")
    if not reader:
        store.update(run.id, "playing", {**store.run(run.id).take, **weights}, run.folder)
    try:
        scenario, candidates, steer = Scenario.from_dict(run.scenario), run.take["candidates"], run.take["steer"]
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{store.place}: what it says of {run.id} is damaged; play the scenario again") from error
    company = Company(scenario, model, store, emotion, candidates, steer)
    with checkpointer(store.place) as saver:
        take = Take(company, saver, run.id, limit, reader=reader)
        try:
            yield take
        finally:
            take.close()


def write_files(take: Any, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write the files of a take as it stands into its folder; return the paths."""
    return write_take(take.transcript(), take.company.store.run(take.run).folder, formats)


def write_take(transcript: Transcript, folder: Path, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write the transcript, its exports, `run.log` and the picture of its arcs into `folder`; return the paths."""
    from emotion.arcs import series, spans

    paths = export(transcript, formats, folder)
    rows = [json.dumps({key: value for key, value in transcript.take.items() if key != "beats"}, ensure_ascii=False)]
    rows += [json.dumps(beat, ensure_ascii=False) for beat in transcript.take.get("beats") or ()]
    rows += [
        f"{turn.n}\t{turn.scene}.{turn.beat}\t{turn.kind}\t{turn.cost.seconds:.2f}s\t{turn.cost.calls} calls\t"
        f"{turn.cost.prefilled}+{turn.cost.decoded} tokens\t{turn.why}"
        for turn in transcript.turns
    ]
    write_atomically(folder / "run.log", "\n".join(rows) + "\n")
    paths.append(folder / "run.log")
    if arcs := series(transcript.turns):
        from emotion.drawing import draw

        draw(folder / "arc.svg", arcs, title=transcript.title, beats=spans(transcript))
        paths.append(folder / "arc.svg")
    return paths


def _added(
    store: RunStore,
    out: Path,
    name: str,
    what: tuple[str, Mapping[str, Any], Mapping[str, Any]],
    known: Collection[str],
    adopt: bool,
) -> Run:
    """Make the folder of a take and its run; `what` is its title, scenario and take. See `begin`."""
    title, scenario, take = what
    told = {**take, "started": now(), "finished": None}
    taken = set(known)
    while True:
        run, folder = _new_folder(out, name, taken, adopt)
        found = store.create(run, title, folder, scenario, told)
        if found == run:
            return store.run(run)
        with suppress(OSError):  # somebody put something there: it stays
            folder.rmdir()
        if found:
            return store.run(found)
        taken.add(run)


def _new_folder(out: Path, name: str, known: Collection[str], adopt: bool) -> tuple[str, Path]:
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
            if adopt and (out / run).is_dir() and not any((out / run).iterdir()):
                return run, (out / run).resolve()
        except OSError as error:
            raise DaebonError(f"{out / run}: cannot be made ({error.strerror}); choose another --out folder") from error
    raise DaebonError(f"{out}: 10,000 takes named {name} are there; choose another --out folder")

"""Every reader of files that somebody else wrote: good inputs for it, how they are changed, and how it is called."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from benchmarks.fuzz import mutations as change
from benchmarks.fuzz import seeds
from benchmarks.fuzz.mutations import Mutation

Read = Callable[[Path], object]


@dataclass(frozen=True)
class Target:
    """One reader. `seeds` gives good inputs, `change` a new one out of one of them, `read` is called with the file's path."""

    name: str
    suffix: str
    seeds: Callable[[], Sequence[bytes]]
    change: Mutation
    read: Read


def target(name: str, data: Path | None = None) -> Target:
    """Return the reader called `name`; real documents below `data` join its seeds. KeyError for an unknown name."""
    found = _targets()[name]
    if data is None:
        return found
    real = [
        path.read_bytes() for path in sorted(data.rglob(f"*{found.suffix}")) if path.stat().st_size < change.LONGEST
    ]
    return replace(found, seeds=lambda: [*found.seeds(), *real]) if real and found.suffix in _REAL else found


def names() -> list[str]:
    """Return the names of all readers."""
    return list(_targets())


_REAL = (".hwp", ".hwpx", ".fountain", ".fdx")


@cache
def _targets() -> dict[str, Target]:
    xml = change.archive(change.mutated)
    scripts = {".fountain": change.lines, ".md": change.lines, ".txt": change.lines, ".json": change.values}
    ours = {
        **scripts,
        ".jsonl": change.rows,
        ".csv": change.lines,
        ".fdx": change.mutated,
        ".docx": xml,
        ".hwpx": xml,
        ".hwp": change.compound,
    }
    documents = {
        ".hwp": change.compound,
        ".hwpx": xml,
        ".docx": xml,
        ".pdf": change.mutated,
        ".fdx": change.mutated,
        ".fountain": change.lines,
        ".txt": change.lines,
    }
    card = seeds.cards
    found = [
        Target("scenario", ".yaml", seeds.scenarios, change.lines, _scenario),
        Target("persona", ".yaml", seeds.personas, change.lines, _persona),
        Target("card.json", ".json", partial(card, "json"), change.values, _card),
        Target("card.png", ".png", partial(card, "png"), change.picture(change.values), _card),
        Target("card.charx", ".charx", partial(card, "charx"), change.archive(change.values), _card),
        Target("import.charx", ".charx", partial(card, "charx"), change.archive(change.values), _imported),
        *(
            Target(f"document{suffix}", suffix, partial(seeds.exported, suffix), how, _document)
            for suffix, how in documents.items()
        ),
        *(
            Target(f"script{suffix}", suffix, partial(seeds.exported, suffix), how, _script)
            for suffix, how in scripts.items()
        ),
        *(Target(f"ours{suffix}", suffix, partial(seeds.exported, suffix), how, _ours) for suffix, how in ours.items()),
        Target("people", ".txt", partial(seeds.exported, ".txt"), change.lines, _people),
        Target("store", ".sqlite", seeds.stores, change.database, _store),
        Target("take", ".sqlite", seeds.stores, change.database, _take),
        Target("gguf", ".gguf", seeds.weights, change.mutated, _gguf),
        Target("adapter", ".gguf", seeds.adapters, change.mutated, _adapter),
        Target("safetensors", ".safetensors", seeds.tensors, change.mutated, _tensors),
        Target("adapter_config", ".json", seeds.configs, change.values, _config),
        Target("answer", ".json", seeds.answers, change.values, _answer),
        Target("scripted", ".json", seeds.scripted, change.values, _scripted),
        Target("rows", ".jsonl", seeds.rows, change.rows, _rows),
        Target("recipe", ".yaml", seeds.recipes, change.lines, _recipe),
    ]
    return {one.name: one for one in found}


def _scenario(path: Path) -> object:
    from scenarios import Scenario, load_scenario

    play = load_scenario(path)
    assert Scenario.from_dict(json.loads(json.dumps(play.to_dict()))) == play
    return play


def _persona(path: Path) -> object:
    from scenarios import load_persona
    from scenarios.writing import persona_yaml

    persona = load_persona(path)
    again = path.with_name("again.yaml")
    again.write_text(persona_yaml(persona), encoding="utf-8")
    assert load_persona(again) == persona
    return persona


def _card(path: Path) -> object:
    from scenarios.cards import persona_of, read_card

    return persona_of(read_card(path).value)


def _imported(path: Path) -> object:
    from scenarios.cards import import_card

    with tempfile.TemporaryDirectory(dir=path.parent) as out:
        written = import_card(path, Path(out))
        assert written.file.resolve().is_relative_to(Path(out).resolve())
        return written


def _document(path: Path) -> object:
    from training.documents import read_document

    return read_document(path)


def _script(path: Path) -> object:
    from transcript.reading import read_script

    return read_script(path)


def _ours(path: Path) -> object:
    from transcript.importing import read_scenes

    return read_scenes(path)


def _people(path: Path) -> object:
    from training.extract import read_people

    return read_people(path)


def _store(path: Path) -> object:
    from transcript.branches import Branches
    from transcript.preferences import preferences_of
    from transcript.store import RunStore

    store = RunStore(path)
    try:
        for run in store.runs():
            store.turns(store.here(run.id))
            branches = Branches(store, run.id)
            branches.shown()
            preferences_of(store, run.id, branches.standing())
    finally:
        store.close()
        for rest in path.parent.glob(f"{path.name}-*"):
            rest.unlink()
    return None


def _take(path: Path) -> object:
    """Go on with a run whose store was damaged, by one turn."""
    from daebon.runner import on_stage
    from emotion.measure import LexiconEmotion
    from transcript.store import RunStore

    store = RunStore(path)
    try:
        run = store.run("latest")
        with on_stage(store, run, 50, seeds.model(path.parent), LexiconEmotion()) as take:
            take.resume(7, [], person=False)
            list(take.play(pause=True))
            return take.transcript()
    finally:
        store.close()
        for rest in path.parent.glob(f"{path.name}-*"):
            rest.unlink()


def _gguf(path: Path) -> object:
    from model._gguf import trim_vocabulary
    from model.checked import check_weights

    check_weights(path)
    return trim_vocabulary(path.read_bytes(), io.BytesIO(), path.name)


def _adapter(path: Path) -> object:
    from model.checked import check_adapter

    check_adapter(path)
    return path


def _tensors(path: Path) -> object:
    from safetensors import safe_open

    from model.repository import named

    with named(path.name), safe_open(path, "np") as file:
        return {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118 - not a dict


def _config(path: Path) -> object:
    from model.repository import ADAPTER, ADAPTER_WEIGHTS, adapter_config

    folder = path.parent / "adapter"
    folder.mkdir(exist_ok=True)
    (folder / ADAPTER_WEIGHTS).touch()
    (folder / ADAPTER).write_bytes(path.read_bytes())
    return adapter_config(folder)


def _answer(path: Path) -> object:
    from model._endpoint import _read
    from transcript.errors import ModelError

    try:
        return _read(json.loads(path.read_bytes()))
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:  # what Endpoint._named catches
        raise ModelError("refused") from error


def _scripted(path: Path) -> object:
    from model.base import Sampling
    from model.scripted import ScriptedModel

    model = ScriptedModel.load(path)
    model.score("", ["민수", "지은"])
    return model.propose("[민수. ]\n민수:", 3, seed=1, sampling=Sampling())


def _rows(path: Path) -> object:
    from training.rows import read_rows

    return read_rows(path)


def _recipe(path: Path) -> object:
    from training.recipe import SftRecipe, load_recipe

    return load_recipe(path, SftRecipe)


def allowed(error: BaseException) -> bool:
    """Say whether a reader may end so: with one of our errors, of one short line."""
    from training.documents import Unreadable
    from transcript.errors import DaebonError

    text: Any = str(error)
    return isinstance(error, DaebonError | Unreadable) and "\n" not in text and len(text) < 4_000 and not _memory(error)


def _memory(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        error = error.__cause__ or error.__context__
    return False

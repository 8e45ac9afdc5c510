"""Shared pieces of the tests: small scenarios, a company on the scripted model, and takes in a temporary folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emotion.measure import LexiconEmotion
from graph.checkpoints import checkpointer
from graph.context import Company
from graph.take import Take
from model.scripted import ScriptedModel
from scenarios import load_scenario
from transcript.store import RunStore

FILES = Path(__file__).parent / "files"


@pytest.fixture
def scripted(tmp_path):
    """Return a function that makes a scripted model from lines by speaker."""

    def make(lines, **options):
        path = tmp_path / "script.json"
        path.write_text(json.dumps({"lines": lines, **options}, ensure_ascii=False), encoding="utf-8")
        return ScriptedModel.load(path)

    return make


@pytest.fixture
def staged(tmp_path):
    """Return a function that stages a scenario file with a model and yields an opened Take; closed after the test."""
    opened = []

    def make(model, scenario=FILES / "둘.yaml", *, limit=200, candidates=2, run="take", store=None, seed=7):
        store = store or RunStore(tmp_path / "daebon.sqlite")
        loaded = load_scenario(scenario)
        if not any(known.id == run for known in store.runs()):
            store.create(run, loaded.title, tmp_path / run, loaded.to_dict(), {"seed": seed, "model": "scripted"})
        context = checkpointer(store.path)
        saver = context.__enter__()
        opened.append((context, store))
        return Take(Company(loaded, model, store, LexiconEmotion(), candidates), saver, run, limit)

    yield make
    for context, store in opened:
        context.__exit__(None, None, None)
        store.close()

"""Shared pieces of the tests: small scenarios, a company on the scripted model, and takes in a temporary folder."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

import pytest

from emotion.measure import LexiconEmotion
from graph.checkpoints import checkpointer
from graph.context import Company
from graph.take import Take
from model.scripted import ScriptedModel
from scenarios import load_scenario
from tests.postgres import binaries, server
from transcript.store import RunStore

FILES = Path(__file__).parent / "files"
BOTH_STORES = pytest.mark.parametrize("place", ["sqlite", "postgres"], indirect=True)


@pytest.fixture(scope="session")
def postgres():
    """Return the URL, without a database, of a PostgreSQL server that runs for this session."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'daebon[postgres]'")
    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL server is installed here; Debian's is: apt install postgresql")
    with server(folder) as url:
        yield url


@pytest.fixture(scope="session")
def new_schema(postgres):
    """Return a function that makes an empty schema on the server and returns the URL of a run store in it."""
    import psycopg

    names = count(1)
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as db:

        def make():
            name = f"s{next(names)}"
            db.execute(f"CREATE SCHEMA {name}")
            return f"{postgres}/postgres?application_name={name}&options=-csearch_path%3D{name}"

        yield make


@pytest.fixture
def place(request, tmp_path):
    """Return where the run store of a test is: a file, or with BOTH_STORES a file and then a PostgreSQL server."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return tmp_path / "daebon.sqlite"
    return request.getfixturevalue("new_schema")()


@pytest.fixture
def scripted(tmp_path):
    """Return a function that makes a scripted model from lines by speaker."""

    def make(lines, **options):
        path = tmp_path / "script.json"
        path.write_text(json.dumps({"lines": lines, **options}, ensure_ascii=False), encoding="utf-8")
        return ScriptedModel.load(path)

    return make


@pytest.fixture
def staged(tmp_path, place):
    """Return a function that stages a scenario file with a model and yields an opened Take; closed after the test."""
    opened = []

    def make(model, scenario=FILES / "둘.yaml", *, limit=200, candidates=2, run="take", store=None, seed=7):
        store = store or RunStore(place)
        loaded = load_scenario(scenario)
        if not any(known.id == run for known in store.runs()):
            store.create(run, loaded.title, tmp_path / run, loaded.to_dict(), {"seed": seed, "model": "scripted"})
        context = checkpointer(store.place)
        saver = context.__enter__()
        opened.append((context, store))
        return Take(Company(loaded, model, store, LexiconEmotion(), candidates), saver, run, limit)

    yield make
    for context, store in opened:
        context.__exit__(None, None, None)
        store.close()

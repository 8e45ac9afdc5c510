"""The run store: a line has a head, branches share their past, and what an older daebon wrote is still read."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from tests.conftest import BOTH_STORES
from transcript import store as store_module
from transcript.branches import Branches
from transcript.errors import StoreError
from transcript.preferences import Draft, forget, preferences_of
from transcript.store import RunStore
from transcript.turn import Turn


@pytest.fixture
def store(tmp_path, place):
    made = RunStore(place)
    made.create("바다-7", "바다", tmp_path, {}, {"seed": 7})
    yield made
    made.close()


def played(store, branch, words, parent=None, n=1):
    """Append a turn for each word; return the id of the last."""
    for i, text in enumerate(words):
        parent, _ = store.append("바다-7", branch, parent, Turn(n + i, 1, 1, "dialogue", text, "지은"))
    return parent


def texts(store, head):
    return [turn.text for turn in store.turns(head)]


@BOTH_STORES
def test_the_head_of_a_run_is_the_last_turn_of_the_branch_it_stands_on(store):
    branches = Branches(store, "바다-7")
    assert store.here("바다-7") is None
    head = played(store, "main", ["왔네.", "응.", "그래."])
    assert store.here("바다-7") == store.head("바다-7") == head
    second = store.ids(head)[1]
    made = branches.begin(("main", head), second, "undo")
    assert (made.id, made.name, store.here("바다-7"), store.run("바다-7").turns) == ("main~2", "main", second, 2)
    new = played(store, "main~2", ["아니."], second, 3)
    assert texts(store, store.here("바다-7")) == ["왔네.", "응.", "아니."]
    branches.enter("main")
    assert store.here("바다-7") == head and store.run("바다-7").turns == 3
    assert store.head("바다-7", "main~2") == new


@BOTH_STORES
def test_a_turn_is_committed_once(store):
    first = store.append("바다-7", "main", None, Turn(1, 1, 1, "dialogue", "왔네.", "지은"))
    again = store.append("바다-7", "main", None, Turn(1, 1, 1, "dialogue", "다른 말.", "지은"))
    assert again == first


@BOTH_STORES
def test_an_id_and_a_key_are_taken_once(store, tmp_path):
    again = RunStore(store.place)
    assert again.create("바다-7", "바다", tmp_path, {}, {"seed": 7}) is None
    assert again.create("바다-8", "바다", tmp_path / "여기", {}, {"seed": 8, "key": "k"}) == "바다-8"
    assert store.create("바다-8", "바다", tmp_path / "저기", {}, {"seed": 8, "key": "k"}) is None
    assert store.create("바다-8-2", "바다", tmp_path / "저기", {}, {"seed": 8, "key": "k"}) == "바다-8"
    assert [(run.id, run.folder) for run in store.runs()] == [("바다-8", tmp_path / "여기"), ("바다-7", tmp_path)]
    assert store.run("latest").id == "바다-8"
    again.close()


@BOTH_STORES
def test_a_whole_take_is_put_in_at_once_or_not_at_all(store, monkeypatch):
    turns = [Turn(n, 1, 1, "dialogue", text, "지은") for n, text in enumerate(["왔네.", "응.", "그래."], 1)]
    append, done = store_module.append_turn, []

    def dies_at_the_third(*values):
        done.append(values)
        if len(done) == 3:
            raise KeyboardInterrupt
        return append(*values)

    monkeypatch.setattr(store_module, "append_turn", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        store.fill("바다-7", "main", None, turns)
    monkeypatch.undo()
    assert store.here("바다-7") is None
    store.fill("바다-7", "main", None, turns)
    store.fill("바다-7", "main", None, turns)
    assert store.turns(store.here("바다-7")) == turns
    assert store.run("바다-7").turns == 3


@BOTH_STORES
def test_what_is_known_of_a_take_stays_where_only_the_status_changes(store, tmp_path):
    store.update("바다-7", "finished", {"seed": 7, "over": "finished"}, tmp_path / "저기")
    store.update("바다-7", "stopped")
    run = store.run("바다-7")
    assert (run.status, run.take, run.folder) == ("stopped", {"seed": 7, "over": "finished"}, tmp_path / "저기")


@BOTH_STORES
def test_a_mend_is_all_there_or_not_at_all(store, monkeypatch):
    branches = Branches(store, "바다-7")
    head = played(store, "main", ["왔네.", "응.", "그래."])
    ids, turns = store.ids(head), store.turns(head)
    pair = Draft("지은:", " 네.\n", " 왔네.\n", "edit")
    revised = list(zip(turns, ids, strict=True))
    monkeypatch.setattr("transcript.branches.insert", lambda db, *_: db.execute("INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(StoreError):
        branches.begin(("main", head), None, "edit", revised=revised, preference=pair)
    monkeypatch.undo()
    assert (store.here("바다-7"), branches.versions()) == (head, {})
    branches.begin(("main", head), None, "edit", revised=revised, preference=pair)
    assert texts(store, store.here("바다-7")) == ["왔네.", "응.", "그래."]
    assert store.here("바다-7") != head and branches.root(store.here("바다-7")) == head
    assert len(branches.made()) == 3 and len(branches.made(revised=True)) == 6
    (kept,) = preferences_of(store, "바다-7", branches.standing())
    assert (kept.prompt, kept.chosen, kept.rejected, kept.reason, kept.kept) == (
        "지은:",
        " 네.\n",
        " 왔네.\n",
        "edit",
        True,
    )
    assert not forget(store, "바다-8", kept.id) and forget(store, "바다-7", kept.id)


@BOTH_STORES
def test_branches_are_listed_after_their_parents_and_versions_left_behind_last(store):
    branches = Branches(store, "바다-7")
    assert branches.shown() == ()
    head = played(store, "main", ["왔네.", "응.", "그래."])
    at = store.ids(head)
    branches.begin(("main", head), head, "branch", name="밤")
    night = played(store, "밤", ["자자."], head, 4)
    branches.begin(("밤", night), night, "branch", name="꿈")
    branches.begin(("꿈", night), at[0], "goto", of="main")
    played(store, "main~2", ["응?"], at[0], 2)
    shown = [(one.name, one.parent, one.forked_at, one.turns, one.current, one.named) for one in branches.shown()]
    assert shown == [
        ("main", None, 0, 2, True, True),
        ("밤", "main", 1, 4, False, True),
        ("꿈", "밤", 4, 4, False, True),
    ]
    branches.begin(("main~2", store.here("바다-7")), at[0], "undo")
    played(store, "main~3", ["뭐?"], at[0], 2)
    left = [one for one in branches.shown() if not one.named]
    assert [(one.name, one.parent, one.forked_at, one.last.text) for one in left] == [("main~2", "main", 1, "응?")]


def test_a_store_of_an_older_daebon_opens_on_the_turn_it_ended_with(tmp_path):
    path = tmp_path / "old.sqlite"
    with sqlite3.connect(path) as db:
        db.executescript(
            """CREATE TABLE runs (id TEXT PRIMARY KEY, title TEXT NOT NULL, folder TEXT NOT NULL, status TEXT NOT NULL,
               started TEXT NOT NULL, updated TEXT NOT NULL, scenario TEXT NOT NULL, take TEXT NOT NULL);
               CREATE TABLE turns (id INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs(id), branch TEXT NOT NULL,
               parent INTEGER REFERENCES turns(id), n INTEGER NOT NULL, turn TEXT NOT NULL, UNIQUE (run, branch, n));"""
        )
    store = RunStore(path)
    store.create("바다-7", "바다", Path("."), {}, {"seed": 7})
    first = played(store, "main", ["왔네.", "응."])
    followed = played(store, "main.2", ["비가 온다."], first, 3)
    assert store.here("바다-7") == followed
    made = Branches(store, "바다-7").begin(("main.2", followed), first, "undo")
    assert (made.id, store.here("바다-7")) == ("main.2~2", first)
    assert {one.name for one in Branches(store, "바다-7").shown()} == {"main", "main.2", "main.2~1"}
    store.close()


def test_many_may_open_the_same_new_store_at_once(tmp_path):
    together = Barrier(6)

    def opened(path):
        together.wait()
        RunStore(path).close()

    with ThreadPoolExecutor(6) as pool:
        for n in range(80):
            list(pool.map(opened, [tmp_path / f"{n}" / "daebon.sqlite"] * 6))
    assert len(list(tmp_path.glob("*/daebon.sqlite"))) == 80

"""The same batch on dask workers: takes come back once, are those of one process, and failures are listed.

Killed and late workers are in `python -m benchmarks.batch --only cluster`: processes that start cost too much here.
"""

import json
import resource
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from daebon import __version__, batch_commands
from daebon.batch.cluster import _room, play_one, play_there
from daebon.batch.ledger import Ledger
from daebon.batch.plan import Batch, Matrix, jobs_of
from daebon.batch.run import play_here
from daebon.batch.work import Lane, finish
from daebon.runner import open_store
from tests.conftest import BOTH_STORES, FILES
from tests.postgres import cut
from transcript.branches import Branches
from transcript.errors import DaebonError, Interrupted, StoreError, UsageError
from transcript.record import Transcript
from transcript.store import RunStore
from transcript.turn import Turn

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
pytest.importorskip("cryptography")


@pytest.fixture
def jobs(tmp_path):
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"lines": {"*": [""]}, "invent": True}), encoding="utf-8")
    batch = Batch(scenarios=(str(FILES / "둘.yaml"),), takes=3, seed=1, matrix=Matrix(model=(f"scripted:{script}",)))
    return jobs_of(batch)


@pytest.fixture
def address():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def ledger(tmp_path):
    store = open_store(tmp_path / "o", create=True)
    yield Ledger(store, tmp_path / "o")
    store.close()


def lines(out):
    with sqlite3.connect(out / "daebon.sqlite") as db:
        rows = db.execute("SELECT run, turn FROM turns ORDER BY run, n").fetchall()
    return [(run, json.loads(turn)["text"]) for run, turn in rows]


def test_the_takes_are_those_of_one_process_and_a_failure_is_its_own(tmp_path, jobs, address, ledger, monkeypatch):
    monkeypatch.setattr("daebon.batch.work.PAUSE", 0.0)
    play = Lane.play

    def tired(self, store, run, check):
        if run.take["seed"] == 2:
            raise RuntimeError("out of breath")
        return play(self, store, run, check)

    monkeypatch.setattr(Lane, "play", tired)
    heard = {}

    def hear(job, outcome):
        heard[job.take["seed"]] = outcome.error

    play_there(jobs, ledger, lambda: None, hear, scheduler=address)
    assert heard == {1: "", 2: "RuntimeError: out of breath", 3: ""}
    monkeypatch.setattr(Lane, "play", play)
    play_there([job for job in jobs if not ledger.done(job.key)], ledger, lambda: None, hear, scheduler=address)
    assert heard == {1: "", 2: "", 3: ""}
    other = open_store(tmp_path / "one", create=True)
    play_here(jobs, Ledger(other, tmp_path / "one"), lambda: None, lambda *_: None)
    other.close()
    assert lines(tmp_path / "o") == lines(tmp_path / "one")
    again = Ledger(ledger.store, ledger.out)
    assert all(again.done(job.key) for job in jobs)


def test_a_take_that_comes_back_twice_is_there_once(jobs, ledger):
    row = play_one(__version__, jobs[0].scenario.to_dict(), dict(jobs[0].take))
    turns = tuple(Turn.from_dict(turn) for turn in row["turns"])
    transcript = Transcript(row["title"], row["scenario"], row["take"], turns, row["arc"], row["scores"])
    with ledger.claim(jobs[0]) as run:
        first, second = ledger.admit(run, transcript), ledger.admit(run, transcript)
    assert (first.id, first.turns) == (second.id, len(turns))
    assert [run.id for run in ledger.store.runs()] == [first.id]
    assert ledger.store.turns(ledger.store.head(first.id)) == list(turns)


def test_a_take_that_was_begun_here_with_other_lines_is_not_mixed_with_the_one_that_comes_back(jobs, ledger):
    row = play_one(__version__, jobs[0].scenario.to_dict(), dict(jobs[0].take))
    turns = tuple(Turn.from_dict(turn) for turn in row["turns"])
    transcript = Transcript(row["title"], row["scenario"], row["take"], turns, row["arc"], row["scores"])
    with ledger.claim(jobs[0]) as run:
        begun = replace(turns[0], text="불 꺼진 거실.")
        ledger.store.append(run.id, "main", None, begun)
        for _ in range(2):
            assert ledger.admit(run, transcript).turns == len(turns)
    assert tuple(ledger.store.turns(ledger.store.here(run.id))) == turns
    assert Branches(ledger.store, run.id).made() == [begun, *turns]


@BOTH_STORES
def test_a_take_goes_on_where_its_branch_forked_and_no_turn_stands_there_twice(tmp_path, jobs, place):
    store = RunStore(place)
    ledger = Ledger(store, tmp_path / "o")
    row = play_one(__version__, jobs[0].scenario.to_dict(), dict(jobs[0].take))
    turns = tuple(Turn.from_dict(turn) for turn in row["turns"])
    transcript = Transcript(row["title"], row["scenario"], row["take"], turns, row["arc"], row["scores"])
    with ledger.claim(jobs[0]) as run:
        fork = None
        for turn in turns[:2]:
            fork, _ = store.append(run.id, "main", fork, turn)
        branches = Branches(store, run.id)
        made = branches.begin(("main", fork), fork, "branch")
        assert ledger.admit(run, transcript).turns == len(turns)
        assert tuple(store.turns(store.here(run.id))) == turns
        assert len(branches.own(made.id)) == len(turns) - 2
        assert branches.made() == list(turns)
    store.close()


def test_a_take_that_another_caller_plays_is_left_to_it_and_its_files_are_made_here(tmp_path, jobs, address, ledger):
    store, heard, two_done = RunStore(ledger.store.place), {}, threading.Event()
    other = Ledger(store, tmp_path / "other")

    def hear(job, outcome):
        heard[job.take["seed"]] = outcome
        if len(heard) == 2:
            two_done.set()

    with other.claim(jobs[0]) as run:
        options = {"scheduler": address}
        beside = threading.Thread(target=play_there, args=(jobs, ledger, lambda: None, hear), kwargs=options)
        beside.start()
        assert two_done.wait(300)
        assert sorted(heard) == [2, 3]
        scores = finish(store, run, Lane(1).play(store, run, lambda: None))
    beside.join(300)
    store.close()
    assert (heard[1].run, heard[1].scores, heard[1].error) == (run.id, scores, "")
    assert (tmp_path / "o" / run.id / "report.html").is_file()
    with ledger.claim(jobs[2]):
        pass  # what was taken in is let go of


def test_a_lost_connection_fails_no_take_and_loses_nothing_that_was_played(
    tmp_path, jobs, address, new_schema, monkeypatch
):
    monkeypatch.setattr("daebon.batch.work.PAUSE", 0.0)
    store = RunStore(new_schema())
    ledger, handed_out, played, heard = Ledger(store, tmp_path / "o"), threading.Event(), [], {}
    claim, admit, play, cuts = ledger.claim, ledger.admit, Lane.play, [2, 1]

    @contextmanager
    def claim_and_lose(job):
        if job is jobs[2] and cuts[0]:
            cuts[0] -= 1
            cut(store.place)
        with claim(job) as run:
            if job is jobs[2]:
                handed_out.set()
            yield run

    def admit_and_lose(run, transcript):
        if cuts[1]:
            cuts[1] -= 1
            cut(store.place)
        return admit(run, transcript)

    def wait_and_play(self, there, run, check):
        assert handed_out.wait(300)
        played.append(run.take["seed"])
        return play(self, there, run, check)

    monkeypatch.setattr(ledger, "claim", claim_and_lose)
    monkeypatch.setattr(ledger, "admit", admit_and_lose)
    monkeypatch.setattr(Lane, "play", wait_and_play)

    def hear(job, outcome):
        heard[job.take["seed"]] = outcome.error

    play_there(jobs, ledger, lambda: None, hear, scheduler=address)
    assert (heard, sorted(played), cuts) == ({1: "", 2: "", 3: ""}, [1, 2, 3], [0, 0])
    assert all(Ledger(store, tmp_path / "o").done(job.key) for job in jobs)
    other = RunStore(store.place)
    for job in jobs:
        with Ledger(other, tmp_path / "other").claim(job):
            pass  # what was taken in is let go of
    other.close()
    store.close()


def test_a_store_that_fails_for_good_ends_the_batch_once_what_flies_is_taken_in(jobs, address, ledger, monkeypatch):
    monkeypatch.setattr("daebon.batch.work.PAUSE", 0.0)
    claim, heard = ledger.claim, {}

    def fails_at_the_third(job):
        if job is jobs[2]:
            raise StoreError("the disk is full")
        return claim(job)

    monkeypatch.setattr(ledger, "claim", fails_at_the_third)
    with pytest.raises(StoreError, match="the disk is full"):
        play_there(
            jobs, ledger, lambda: None, lambda job, outcome: heard.update({job.key: outcome.error}), scheduler=address
        )
    assert heard == {job.key: "" for job in jobs[:2]}


def test_a_batch_that_its_store_ended_says_how_many_takes_are_left(tmp_path, jobs, monkeypatch, capsys):
    def play(*_, **__):
        raise StoreError("the disk is full")

    monkeypatch.setattr("daebon.batch.cluster.play_there", play)
    options = {"quiet": True, "as_json": False, "store": None, "workers": 2, "scheduler": None}
    with pytest.raises(StoreError, match="the disk is full"):
        batch_commands._perform(Batch(scenarios=("x",)), jobs, tmp_path / "o", **options)
    assert "3 takes are left; go on with: daebon" in capsys.readouterr().err
    assert json.loads((tmp_path / "o" / "batch.json").read_text(encoding="utf-8"))["missing"] == 3


def test_no_more_takes_fly_than_files_may_be_open_where_each_holds_one(ledger, monkeypatch):
    limits = [300, 1000]
    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", lambda _, wanted: limits.__setitem__(slice(None), wanted))
    assert (_room(2, ledger), limits) == (64, [328, 1000])
    assert (_room(100, ledger), limits) == (344, [1000, 1000])
    monkeypatch.setattr(ledger.store, "place", "postgresql://db.example/daebon")
    assert _room(1000, ledger) == 4000


def test_a_worker_of_another_version_says_so(jobs):
    with pytest.raises(UsageError, match=r"this worker has daebon .*, the batch comes from 0\.0\.1"):
        play_one("0.0.1", jobs[0].scenario.to_dict(), dict(jobs[0].take))


def test_a_stop_calls_off_what_is_played_there(jobs, address, ledger):
    def check():
        raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        play_there(jobs, ledger, check, lambda *_: None, scheduler=address)
    assert ledger.store.runs() == []


def test_a_scheduler_that_does_not_answer_is_named(jobs, ledger, monkeypatch):
    monkeypatch.setattr("daebon.batch.cluster._PATIENCE", 0.3)
    with pytest.raises(DaebonError, match=r"tcp://127\.0\.0\.1:9: does not answer"):
        play_there(jobs, ledger, lambda: None, lambda *_: None, scheduler="tcp://127.0.0.1:9")


def test_a_scheduler_with_tls_is_reached_with_the_certificates_of_dasks_configuration(tmp_path, jobs, ledger):
    security, heard = distributed.Security.temporary(), {}
    for name, text in (("ca.pem", security.tls_ca_file), ("key.pem", security.tls_client_key)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    options = {"threads_per_worker": 1, "processes": False, "protocol": "tls", "dashboard_address": None}
    with distributed.LocalCluster(n_workers=1, host="127.0.0.1", security=security, **options) as cluster:
        address = cluster.scheduler_address
        with pytest.raises(DaebonError, match=r"tls://.*: dask knows no certificates"):
            play_there(jobs, ledger, lambda: None, lambda *_: None, scheduler=address)
        files = {"ca-file": "ca.pem", "client.cert": "ca.pem", "client.key": "key.pem"}
        with dask.config.set({f"distributed.comm.tls.{key}": str(tmp_path / name) for key, name in files.items()}):
            play_there(
                jobs, ledger, lambda: None, lambda job, one: heard.update({job.key: one.error}), scheduler=address
            )
    assert heard == {job.key: "" for job in jobs}


def test_a_scheduler_that_knows_another_certificate_is_named(tmp_path, jobs, ledger, monkeypatch):
    monkeypatch.setattr("daebon.batch.cluster._PATIENCE", 3)
    mine, theirs = distributed.Security.temporary(), distributed.Security.temporary()
    (tmp_path / "mine.pem").write_text(mine.tls_client_cert + mine.tls_client_key, encoding="utf-8")
    options = {"processes": False, "protocol": "tls", "dashboard_address": None, "silence_logs": 50}
    tls = {f"distributed.comm.tls.{key}": str(tmp_path / "mine.pem") for key in ("ca-file", "client.cert")}
    with (
        distributed.LocalCluster(n_workers=0, host="127.0.0.1", security=theirs, **options) as cluster,
        dask.config.set(tls),
        pytest.raises(DaebonError, match="certificates of both"),
    ):
        play_there(jobs, ledger, lambda: None, lambda *_: None, scheduler=cluster.scheduler_address)

"""The same batch on dask workers: takes come back once, are those of one process, and failures are listed.

Killed and late workers are in `python -m benchmarks.batch --only cluster`: processes that start cost too much here.
"""

import json
import sqlite3

import pytest

from daebon import __version__
from daebon.batch.cluster import play_one, play_there
from daebon.batch.ledger import Ledger
from daebon.batch.plan import Batch, Matrix, jobs_of
from daebon.batch.run import play_here
from daebon.batch.work import Lane
from daebon.runner import open_store
from tests.conftest import FILES
from transcript.errors import DaebonError, Interrupted, UsageError
from transcript.record import Transcript
from transcript.turn import Turn

distributed = pytest.importorskip("distributed")


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
    first, second = ledger.admit(jobs[0], transcript), ledger.admit(jobs[0], transcript)
    assert (first.id, first.turns) == (second.id, len(turns))
    assert [run.id for run in ledger.store.runs()] == [first.id]
    assert ledger.store.turns(ledger.store.head(first.id)) == list(turns)


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

"""A run store on a PostgreSQL server from the command line, and several callers on one store: nothing is lost or doubled."""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from daebon.batch.ledger import Ledger
from daebon.batch.plan import Batch, Matrix, jobs_of
from daebon.batch.run import play_here
from daebon.batch.work import Busy, Lane, finish
from daebon.runner import fork, resuming
from tests.conftest import BOTH_STORES
from tests.daebon.test_batch import FIXED, HOUSE, ROOT, command, daebon, story
from tests.postgres import cut
from transcript.errors import Interrupted, StoreLost
from transcript.record import read_transcript
from transcript.store import RunStore

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'daebon[postgres]'")


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"lines": {"*": [""]}, "invent": True}), encoding="utf-8")
    return f"scripted:{path}"


@pytest.fixture
def caller(place):
    """Return a function that makes a caller of the store with an output folder of its own."""
    opened = []

    def make(out):
        opened.append(RunStore(place))
        return Ledger(opened[-1], out)

    yield make
    for store in opened:
        store.close()


def jobs(script, takes, **axes):
    return jobs_of(Batch(scenarios=(str(HOUSE),), takes=takes, seed=1, matrix=Matrix(model=(script,), **axes)))


@BOTH_STORES
def test_what_another_caller_plays_is_waited_for_and_its_files_are_made_here_too(caller, script, tmp_path, monkeypatch):
    plan, play, played = jobs(script, 3), Lane.play, []
    monkeypatch.setattr(
        Lane, "play", lambda self, store, run, check: played.append(run.id) or play(self, store, run, check)
    )
    one, other, heard, two_done = caller(tmp_path / "a"), caller(tmp_path / "b"), [], threading.Event()

    def hear(_job, outcome):
        heard.append(outcome)
        if len(heard) == 2:
            two_done.set()

    with one.claim(plan[0]) as run:
        beside = threading.Thread(target=play_here, args=(plan, other, lambda: None, hear))
        beside.start()
        assert two_done.wait(300)
        assert run.id not in [outcome.run for outcome in heard]
        with pytest.raises(Busy, match="빈집-1 is being played by process"), other.claim(plan[0]):
            pass
        scores = finish(one.store, run, Lane(1).play(one.store, run, lambda: None))
    beside.join(300)
    assert [outcome.error for outcome in heard] == ["", "", ""]
    assert (heard[2].run, heard[2].scores) == (run.id, scores)
    assert sorted(played) == ["빈집-1", "빈집-2", "빈집-3"]
    assert {path.name for path in (tmp_path / "b" / run.id).iterdir()} >= FIXED
    written = [read_transcript(tmp_path / folder / run.id / "transcript.json") for folder in "ab"]
    assert written[0] == written[1]
    assert all(caller(tmp_path / "b").done(job.key) for job in plan)
    assert [caller(tmp_path / "a").done(job.key) is not None for job in plan] == [True, False, False]


@BOTH_STORES
def test_takes_of_two_callers_get_names_of_their_own_and_one_take_has_one_run(caller, script, tmp_path):
    one, other = caller(tmp_path / "a"), caller(tmp_path / "b")  # both read the store while it was empty
    (few,), (many,) = jobs(script, 1, candidates=(1,)), jobs(script, 1, candidates=(2,))
    with one.claim(few) as first, other.claim(many) as second:
        assert (first.id, second.id) == ("빈집-1", "빈집-1-2")
    with other.claim(few) as again:
        assert again.id == first.id
        assert (first.folder, again.folder) == (tmp_path / "a" / first.id, tmp_path / "b" / first.id)
    assert len(one.store.runs()) == 2


@BOTH_STORES
def test_a_stop_while_another_caller_plays_is_heard(caller, script, tmp_path):
    plan, heard = jobs(script, 1), []

    def check():
        heard.append(1)
        if len(heard) == 3:
            raise Interrupted("stopped")

    with caller(tmp_path / "a").claim(plan[0]), pytest.raises(Interrupted):
        play_here(plan, caller(tmp_path / "b"), check, lambda *_: pytest.fail("it was never played"))


def test_a_connection_lost_during_a_long_call_of_one_lane_fails_no_take_of_the_others(
    new_schema, script, tmp_path, monkeypatch
):
    monkeypatch.setattr("daebon.batch.work.PAUSE", 0.0)
    monkeypatch.setattr("daebon.batch.run._LOOK_AGAIN", 0.0)
    monkeypatch.setattr("daebon.batch.run.lanes_for", lambda *_: (2, 1))
    url, plan, play = new_schema(), jobs(script, 3), Lane.play
    store = RunStore(url)
    ledger, heard, lost, called, back = Ledger(store, tmp_path / "o"), [], [], threading.Event(), threading.Event()
    claim = ledger.claim

    @contextmanager
    def claim_and_count(job):
        try:
            with claim(job) as run:
                yield run
        except StoreLost:
            lost.append(job)
            if len(lost) == 6:  # as often as two takes may fail
                back.set()
            raise

    def long_or_losing(self, there, run, check):
        if run.take["seed"] == 1 and not called.is_set():
            called.set()
            assert back.wait(300)
        elif not lost:
            assert called.wait(300)
            cut(url)
        return play(self, there, run, check)

    monkeypatch.setattr(ledger, "claim", claim_and_count)
    monkeypatch.setattr(Lane, "play", long_or_losing)

    def hear(_job, outcome):
        heard.append(outcome.error)
        if outcome.error:
            back.set()

    play_here(plan, ledger, lambda: None, hear)
    assert heard == ["", "", ""]
    assert all(Ledger(store, tmp_path / "o").done(job.key) for job in plan)
    store.close()


@BOTH_STORES
def test_two_takes_forked_under_one_name_are_two_and_neither_has_the_scores_of_the_first(caller, script, tmp_path):
    (job,), one, other = jobs(script, 1), caller(tmp_path / "a"), caller(tmp_path / "b")
    with one.claim(job) as run:
        finish(one.store, run, Lane(1).play(one.store, run, lambda: None))
    scored, known = one.store.run(run.id), one.store.runs()
    one.store.runs = other.store.runs = lambda: known  # both look before either begins
    first, second = (fork(each.store, each.out, scored, "다른 길") for each in (one, other))
    assert (first.id, second.id) == ("빈집-1.다른 길", "빈집-1.다른 길-2")
    assert second.folder == tmp_path / "b" / second.id
    assert [path.name for path in (tmp_path / "b").iterdir()] == [second.id]
    assert scored.take["scores"] and not {"scores", "prefix", "key"} & first.take.keys()
    assert shlex.split(resuming(one.store, first))[:5] == ["daebon", "resume", first.id, "--out", str(tmp_path / "a")]


def turns(url):
    """Return (run, n, text) of every turn in a store, read past our own code."""
    with psycopg.connect(url) as db:
        if db.execute("SELECT to_regclass('turns')").fetchone() == (None,):
            return []
        return [
            (run, n, json.loads(turn)["text"])
            for run, n, turn in db.execute("SELECT run, n, turn FROM turns ORDER BY run, n, id")
        ]


def test_two_batches_at_once_and_one_is_killed(new_schema, script, tmp_path):
    url, environment = new_schema(), {**os.environ, "PYTHONPATH": str(ROOT)}

    def start(out):
        plan = ["batch", HOUSE, "--model", script, "--takes", 6, "--seed", 1, "--quiet", "--store", url]
        nowhere = subprocess.DEVNULL
        return subprocess.Popen(
            command(*plan, "--out", tmp_path / out), cwd=ROOT, env=environment, stdout=nowhere, stderr=subprocess.PIPE
        )

    killed, other = start("a"), start("b")
    deadline = time.monotonic() + 300
    while (len(turns(url)) < 8 or not list((tmp_path / "a").glob("빈집-*"))) and killed.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    before = set(turns(url))
    assert before
    _, problems = other.communicate(timeout=300)
    assert other.returncode == 0, problems.decode()
    after = turns(url)
    assert before <= set(after)
    again = start("a")
    _, problems = again.communicate(timeout=300)
    assert again.returncode == 0, problems.decode()
    assert turns(url) == after
    whole = RunStore(tmp_path / "whole" / "daebon.sqlite")
    play_here(jobs(script, 6), Ledger(whole, tmp_path / "whole"), lambda: None, lambda *_: None)
    names = [run.id for run in whole.runs()]
    whole.close()
    assert sorted({run for run, _, _ in after}) == sorted(names)
    for name in names:
        numbers = [n for run, n, _ in after if run == name]
        assert numbers == list(range(1, len(numbers) + 1))
        for out in "ab":
            assert story(tmp_path / out / name) == story(tmp_path / "whole" / name)
            assert {path.name for path in (tmp_path / out / name).iterdir()} >= FIXED


def test_every_command_takes_its_url(new_schema, script, tmp_path):
    url = new_schema()
    there, elsewhere = ["--store", url, "--out", tmp_path / "a"], ["--store", url, "--out", tmp_path / "b"]
    played = daebon("play", HOUSE, "--auto", "--model", script, "--seed", 3, "--turns", 3, *there)
    assert (played.returncode, played.stdout.splitlines()[-1]) == (0, str(tmp_path / "a" / "빈집-3")), played.stderr
    went_on = daebon("resume", "빈집-3", "--auto", "--quiet", "--turns", 5, *elsewhere)
    assert (went_on.returncode, went_on.stdout) == (0, f"{tmp_path / 'b' / '빈집-3'}\n"), went_on.stderr
    texts = [turn["text"] for turn in story(tmp_path / "b" / "빈집-3")]
    assert [text for _, _, text in turns(url)] == texts
    assert texts[:3] == [turn["text"] for turn in story(tmp_path / "a" / "빈집-3")]
    shown = daebon("replay", "latest", "--auto", *there)
    assert shown.returncode == 0 and all(text in shown.stdout for text in texts)
    assert "빈집-3  stopped  5" in daebon("runs", *there).stdout
    exported = daebon("export", "latest", "--to", "txt", "--store", url, "--out", tmp_path / "c")
    assert exported.stdout == f"{tmp_path / 'c' / '빈집-3' / '빈집.txt'}\n"
    assert not list(tmp_path.rglob("daebon.sqlite"))
    store = RunStore(url)
    words = shlex.split(resuming(store, store.run("latest")))
    store.close()
    assert words == ["daebon", "resume", "빈집-3", "--out", str(tmp_path / "b"), "--store", url]


def test_wrong_use_is_one_line_that_holds_no_password(tmp_path):
    for args in (["runs"], ["batch", HOUSE], ["play", HOUSE, "--auto"]):
        done = daebon(*args, "--store", "postgresql://소라:비밀8@127.0.0.1:1/daebon", "--out", tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("daebon: --store: leave the password out of the URL")
        assert len(done.stderr.splitlines()) == 1 and "비밀" not in done.stderr


def test_a_reader_learns_who_plays_on_the_server(new_schema, script, tmp_path):
    url = new_schema()
    options = ["--model", script, "--seed", 3, "--turns", 2, "--quiet", "--store", url, "--out", tmp_path]
    assert daebon("play", HOUSE, "--auto", *options).returncode == 0
    code = (
        "import sys\nfrom transcript.lock import playing\nfrom transcript.store import RunStore\n"
        f"with playing(RunStore({url!r}), '빈집-3'):\n    print('plays', flush=True)\n    sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "plays\n"
        done = daebon("resume", "빈집-3", "--auto", "--store", url, "--out", tmp_path)
        assert done.returncode == 1
        assert f"빈집-3 is being played by process {holder.pid} on " in done.stderr
    finally:
        holder.communicate()

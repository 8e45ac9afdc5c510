"""A batch as a writer uses it: the same scripts as `play`, stopped anywhere and gone on with, failures listed, nothing twice."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from daebon.batch.ledger import Ledger, alone
from daebon.batch.plan import Batch, Matrix, jobs_of
from daebon.batch.run import play_here
from daebon.batch.work import Lane, fresh
from daebon.runner import open_store
from model.scripted import ScriptedModel
from tests.conftest import FILES
from transcript.errors import Interrupted, UsageError

ROOT = Path(__file__).parents[2]
HOUSE = FILES / "둘.yaml"
FIXED = {"transcript.json", "빈집.txt", "빈집.md", "빈집.fountain", "run.log", "report.html"}


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"lines": {"*": [""]}, "invent": True}), encoding="utf-8")
    return f"scripted:{path}"


def command(*args):
    return [sys.executable, "-m", "daebon", *map(str, args)]


def daebon(*args):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    done = subprocess.run(command(*args), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert "Traceback" not in done.stderr
    return done


def story(folder):
    """Return what a take says, without times and other figures of the run."""
    turns = json.loads((folder / "transcript.json").read_text(encoding="utf-8"))["turns"]
    return [{key: value for key, value in turn.items() if key != "cost"} for turn in turns]


def played(batch, out, check=lambda: None):
    store = open_store(out, create=True)
    ledger = Ledger(store, out)
    jobs = jobs_of(batch)
    heard = []
    try:
        play_here(
            [job for job in jobs if not ledger.done(job.key)], ledger, check, lambda _, outcome: heard.append(outcome)
        )
    finally:
        store.close()
    return heard


def test_a_take_of_a_batch_is_the_take_of_play_and_a_second_call_plays_nothing(tmp_path, script):
    plan = ["batch", HOUSE, "--model", script, "--takes", 2, "--seed", 4, "--candidates", 2, "--keep-best", 1]
    done = daebon(*plan, "--json", "--out", tmp_path / "b")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["run"] for row in rows[:-1]] == ["빈집-4", "빈집-5"]
    assert rows[-1] == {"batch": {"takes": 2, "failed": 0, "missing": 0, "out": str(tmp_path / "b")}}
    alone = daebon(
        "play", HOUSE, "--auto", "--quiet", "--model", script, "--seed", 4, "--candidates", 2, "--out", tmp_path / "p"
    )
    assert alone.returncode == 0, alone.stderr
    both = [tmp_path / "b" / "빈집-4", tmp_path / "p" / "빈집-4"]
    assert story(both[0]) == story(both[1])
    assert (both[0] / "빈집.fountain").read_bytes() == (both[1] / "빈집.fountain").read_bytes()
    assert {path.name for path in both[0].iterdir()} >= FIXED
    assert {path.name for path in both[1].iterdir()} <= {path.name for path in both[0].iterdir()}
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "b").glob("빈집-*/*")}
    again = daebon(*plan, "--quiet", "--out", tmp_path / "b")
    assert (again.returncode, again.stdout, again.stderr) == (0, f"{tmp_path / 'b'}\n", "")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "b").glob("빈집-*/*")} == before
    record = json.loads((tmp_path / "b" / "batch.json").read_text(encoding="utf-8"))
    assert [row["rank"] for row in record["takes"]] == [1, 2]
    assert [path.name for path in (tmp_path / "b" / "best" / "빈집").iterdir()] == [f"01-{record['takes'][0]['run']}"]
    assert 'href="' in (tmp_path / "b" / "batch.html").read_text(encoding="utf-8")


def committed(out):
    """Return (run, n) of every turn in the store, read straight from SQLite."""
    if not (out / "daebon.sqlite").is_file():
        return []
    with sqlite3.connect(out / "daebon.sqlite") as db:
        try:
            return db.execute("SELECT run, n, turn FROM turns ORDER BY id").fetchall()
        except sqlite3.OperationalError:
            return []


def test_killed_at_random_points_it_finishes_the_rest_and_doubles_nothing(tmp_path, script):
    plan = command("batch", HOUSE, "--model", script, "--takes", 3, "--seed", 1, "--quiet", "--out", tmp_path / "k")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    rng, before, kills = random.Random(8), [], 0
    while kills < 3:
        process = subprocess.Popen(plan, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wanted = len(before) + rng.randint(2, 9)
        while len(committed(tmp_path / "k")) < wanted and process.poll() is None:
            time.sleep(rng.uniform(0.0, 0.03))
        process.send_signal(rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGINT]))
        process.communicate()
        now = committed(tmp_path / "k")
        assert now[: len(before)] == before
        if process.returncode == 0:
            break
        before, kills = now, kills + 1
    assert kills >= 2
    assert subprocess.run(plan, cwd=ROOT, env=environment, capture_output=True).returncode == 0
    now = committed(tmp_path / "k")
    assert now[: len(before)] == before
    whole = played(Batch(scenarios=(str(HOUSE),), takes=3, seed=1, matrix=Matrix(model=(script,))), tmp_path / "whole")
    assert sorted(path.name for path in (tmp_path / "k").glob("빈집-*")) == sorted(outcome.run for outcome in whole)
    for outcome in whole:
        numbers = [n for run, n, _ in now if run == outcome.run]
        assert numbers == list(range(1, len(numbers) + 1))
        assert story(tmp_path / "k" / outcome.run) == story(tmp_path / "whole" / outcome.run)
        assert {path.name for path in (tmp_path / "k" / outcome.run).iterdir()} == {
            path.name for path in (tmp_path / "whole" / outcome.run).iterdir()
        }


def test_stopped_between_the_last_turn_and_the_files_it_writes_them_and_plays_nothing(tmp_path, script, monkeypatch):
    batch = Batch(scenarios=(str(HOUSE),), takes=1, seed=1, matrix=Matrix(model=(script,)))
    monkeypatch.setattr("daebon.batch.run.finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        played(batch, tmp_path)
    monkeypatch.undo()
    turns = committed(tmp_path)
    monkeypatch.setattr(ScriptedModel, "propose", lambda *_, **__: pytest.fail("a line was asked for again"))
    (outcome,) = played(batch, tmp_path)
    assert (outcome.error, outcome.run) == ("", "빈집-1")
    assert committed(tmp_path) == turns
    assert {path.name for path in (tmp_path / "빈집-1").iterdir()} >= FIXED


def test_an_empty_folder_of_a_process_that_died_is_taken_and_a_full_one_never(tmp_path, script):
    (tmp_path / "빈집-1").mkdir()
    (tmp_path / "빈집-2").mkdir()
    (tmp_path / "빈집-2" / "메모.txt").write_text("지우지 마", encoding="utf-8")
    heard = played(Batch(scenarios=(str(HOUSE),), takes=2, seed=1, matrix=Matrix(model=(script,))), tmp_path)
    assert [outcome.run for outcome in heard] == ["빈집-1", "빈집-2-2"]
    assert [path.name for path in (tmp_path / "빈집-2").iterdir()] == ["메모.txt"]


def test_a_take_that_fails_is_tried_again_and_then_listed_and_the_others_go_on(tmp_path, script, monkeypatch):
    calls = []
    propose = ScriptedModel.propose

    def shaky(self, prompt, n, **options):
        calls.append(options["seed"])
        if len(calls) == 3:
            raise RuntimeError("the model\nfell over")
        return propose(self, prompt, n, **options)

    monkeypatch.setattr(ScriptedModel, "propose", shaky)
    batch = Batch(scenarios=(str(HOUSE),), takes=2, seed=1, matrix=Matrix(model=(script, "scripted:/없다.json")))
    heard = played(batch, tmp_path)
    assert [bool(outcome.error) for outcome in heard] == [False, False, True, True]
    assert all("/없다.json" in outcome.error and "\n" not in outcome.error for outcome in heard[2:])
    clean = tmp_path / "clean"
    monkeypatch.setattr(ScriptedModel, "propose", propose)
    played(Batch(scenarios=(str(HOUSE),), takes=2, seed=1, matrix=Matrix(model=(script,))), clean)
    assert story(tmp_path / "빈집-1") == story(clean / "빈집-1")


def test_the_exit_code_says_that_a_take_failed_and_it_is_played_when_the_reason_is_gone(tmp_path, script):
    path = Path(script.removeprefix("scripted:"))
    missing = tmp_path / "나중에.json"
    plan = ["batch", HOUSE, "--takes", 1, "--seed", 2, "--model", f"scripted:{missing}", "--out", tmp_path / "o"]
    done = daebon(*plan, "--quiet")
    assert done.returncode == 1
    assert "failed: 빈집-2" in done.stderr
    assert str(missing) in done.stderr
    shutil.copy(path, missing)
    done = daebon(*plan)
    assert done.returncode == 0, done.stderr
    assert "1/1 빈집-2" in done.stderr
    assert "takes/min" in done.stderr


def test_ctrl_c_in_a_lane_stops_all_and_the_rest_is_played_next_time(tmp_path, script):
    batch = Batch(scenarios=(str(HOUSE),), takes=3, seed=1, matrix=Matrix(model=(script,)))
    heard = []

    def check():
        heard.append(1)
        if len(heard) == 20:
            raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        played(batch, tmp_path, check)
    before = committed(tmp_path)
    assert before
    assert len(played(batch, tmp_path)) >= 1
    assert committed(tmp_path)[: len(before)] == before
    assert len({run for run, _, _ in committed(tmp_path)}) == 3


def test_one_batch_at_a_time_writes_to_a_folder(tmp_path):
    with alone(tmp_path), pytest.raises(UsageError, match="another batch is playing there"), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass


def test_what_the_command_line_refuses(tmp_path):
    for args, words in [
        (["batch"], "give scenarios"),
        (["batch", "바다", "--workers", "2", "--scheduler", "tcp://127.0.0.1:1"], "give one of the two"),
        (["batch", "바다", "--model", "gpt"], "unknown model"),
        (["batch", "없는대본"], "no scenario file"),
    ]:
        done = daebon(*args, "--out", tmp_path)
        assert done.returncode == 2
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1


class Weights:
    """Stands for a loaded model."""

    def close(self):
        pass


def test_takes_share_a_loaded_model_and_its_prefix_unless_they_are_to_be_those_of_play(monkeypatch):
    loaded = []
    monkeypatch.setattr("model.load_chat_model", lambda config: loaded.append(str(config)) or Weights())
    takes = {
        exact: [job.take for job in jobs_of(Batch(scenarios=(str(HOUSE),), takes=3, seed=1, exact=exact))]
        for exact in (False, True)
    }
    assert [take.get("prefix") for take in takes[False]] == ["shared"] * 3
    assert [take.get("prefix") for take in takes[True]] == [None] * 3
    for exact, loads in ((False, 1), (True, 3)):
        loaded.clear()
        lane = Lane(1)
        for take in takes[exact]:
            with lane.lend(take["model"], fresh=fresh(take)):
                pass
        assert loaded == ["embedded"] * loads

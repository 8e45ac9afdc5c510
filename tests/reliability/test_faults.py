"""Faults: a clock that jumps, a model that is ill or dies, a damaged log, kills, signals, read-only media, two processes."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from langgraph.checkpoint.base import id as ids

from model.base import Completion, Proposal, Sampling
from model.scripted import ScriptedModel
from model.server import ServerModel
from tests.daebon.test_cli import GOOD, ROOT, daebon, failed
from tests.graph.test_moves import INVENTED, LATE, line, step, stored, texts
from tests.graph.test_take import turns
from tests.model.test_server import serving, streamed
from transcript.errors import ModelError, StoreError
from transcript.sqlite import copied
from transcript.store import RunStore
from transcript.turn import Turn

DAY = 86_400 * 10**9  # nanoseconds
TURNS = "SELECT turn FROM turns ORDER BY n, id"


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"lines": INVENTED, "invent": True}, ensure_ascii=False), encoding="utf-8")
    return f"scripted:{path}"


@pytest.fixture
def long(tmp_path):
    """Return the path of a scenario that does not end by itself."""
    path = tmp_path / "오래.yaml"
    path.write_text(GOOD.replace("title: 둘", "title: 오래").replace("[2, 3]", "[200, 200]"), encoding="utf-8")
    return path


@pytest.mark.parametrize("days", [-400, -1, 400])
def test_a_clock_that_jumps_between_two_processes_loses_and_doubles_nothing(staged, scripted, monkeypatch, days):
    take = staged(scripted(INVENTED, invent=True), LATE)
    take.start(7, [], person=True)
    step(take, 3)
    real, wall = time.time_ns, time.time
    monkeypatch.setattr(time, "time_ns", lambda: real() + days * DAY)
    monkeypatch.setattr(time, "time", lambda: wall() + days * DAY / 10**9)
    monkeypatch.setattr(ids, "_last_v6_timestamp", None)  # as in a new process
    fresh = staged(scripted(INVENTED, invent=True), LATE, store=RunStore(take.company.store.place))
    fresh.resume(7, [], person=True)
    assert [turn.n for turn in step(fresh, 3)] == [4, 5, 6]
    fresh.undo(2)
    assert step(fresh)[0].n == 5
    assert texts(fresh) == stored(fresh)
    assert [turn.n for turn in line(fresh)] == [1, 2, 3, 4, 5]
    assert all(turn.cost.seconds >= 0 for turn in line(fresh))


class Ill(ScriptedModel):
    """A model that answers every call alike."""

    answer: object = None

    def propose(self, prompt, n, **given):
        return self.answer(n)


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: Proposal(()),
        lambda n: Proposal((Completion(""),) * n),
        lambda n: Proposal((Completion("\ud800\x00\x1b[2J"),) * n),
        lambda n: Proposal((Completion("가" * 100_000, -1.0),) * n),
        lambda n: Proposal((Completion("(" * 30_000, float("nan")),) * n),
        lambda n: Proposal((Completion("그래, 맞아.", float("nan"), True, ((0, float("-inf")),)),) * n),
        lambda n: Proposal((Completion("태오: 소라: [끝] ### Answer:"),) * n),
    ],
    ids=["nothing", "empty", "no text", "endless", "brackets", "no numbers", "marks"],
)
def test_a_model_that_gives_nothing_or_only_junk_does_not_stop_the_take(staged, answer):
    take = staged(Ill(lines={"*": ["x"]}, answer=answer))
    take.start(7, [], person=False)
    played = turns(take)
    assert take.over == "finished"
    assert len(played) >= 5
    said = {turn.text for turn in played if turn.by == "model"}
    assert not any("#" in text or "(" in text or "\x1b" in text or len(text) > 90 for text in said), said
    assert len(said) <= 3, "one answer at the levels of two people"
    assert json.dumps(take.transcript().to_dict(), allow_nan=False)


def test_a_model_that_dies_in_the_middle_leaves_what_was_played(staged, scripted):
    calls = []

    def dies(n):
        calls.append(n)
        if len(calls) == 4:
            raise ModelError("the model died; try another --model")
        return Proposal((Completion(f"상자 {len(calls)}번은 저쪽에 둬."), Completion("그래."))[:n])

    take = staged(Ill(lines={"*": ["x"]}, answer=dies))
    take.start(7, [], person=False)
    with pytest.raises(ModelError, match="died"):
        turns(take)
    before = [turn.text for turn in line(take)]
    assert before
    fresh = staged(scripted(INVENTED, invent=True), store=RunStore(take.company.store.place))
    fresh.resume(7, [], person=False)
    turns(fresh)
    assert fresh.over == "finished"
    assert [turn.text for turn in line(fresh)][: len(before)] == before


def test_a_server_whose_answer_does_not_end_is_given_up():
    def answer(_path, body):
        endless = body.get("max_tokens") != 1
        row = json.dumps({"choices": [{"index": 0, "text": "가", "finish_reason": None}]})
        return 200, (f"data: {row}\n\n" * 20_000 if endless else streamed("가"))

    with serving(answer) as server:
        model = ServerModel.load(server.path, timeout=5.0, retries=0)
        with pytest.raises(ModelError, match="does not end"):
            model.propose("대본\n", 2, seed=1, sampling=Sampling(max_tokens=16), stop=["\n"])


@pytest.mark.parametrize("odd", ["NaN", "Infinity", '"-0.1"x', "[" * 100_000])
def test_a_server_that_answers_garbage_is_named_and_not_believed(odd):
    def answer(_path, body):
        if body.get("max_tokens") == 1 and body.get("stream"):
            return 200, streamed("가")
        row = '{"choices": [{"index": 0, "text": "가", "logprobs": {"tokens": ["가"], "token_logprobs": [%s]}}]}'
        return 200, f"data: {row % odd}\n\ndata: [DONE]\n\n"

    with serving(answer) as server:
        model = ServerModel.load(server.path, timeout=5.0, retries=0)
        with pytest.raises(ModelError) as told:
            model.propose("대본\n", 1, seed=1, sampling=Sampling(max_tokens=16), stop=["\n"])
    assert server.path.partition("#")[0] in str(told.value)
    assert len(str(told.value).splitlines()) == 1


def test_a_damaged_log_costs_whole_turns_at_most_and_the_rest_goes_on(staged, scripted, tmp_path):
    take = staged(scripted(INVENTED, invent=True), LATE)
    take.start(7, [], person=True)
    step(take, 8)
    path = take.company.store.place
    whole = [turn.text for turn in line(take)]
    log = path.with_name(f"{path.name}-wal").read_bytes()
    assert len(log) > 20_000
    rng, kept = random.Random(3), []
    for number in range(6):
        folder = tmp_path / f"damaged-{number}"
        folder.mkdir()
        shutil.copy(path, folder / "daebon.sqlite")
        at = rng.randrange(len(log))
        damaged = log[:at] + bytes(b ^ 0x5A for b in log[at : at + 64]) + log[at + 64 :]
        (folder / "daebon.sqlite-wal").write_bytes(damaged[: at + 64] if number % 2 else damaged)
        store = RunStore(folder / "daebon.sqlite")
        fresh = staged(scripted(INVENTED, invent=True), LATE, store=store)
        fresh.resume(7, [], person=True)
        kept.append(len(line(fresh)))
        assert [turn.text for turn in line(fresh)] == whole[: kept[-1]]
        assert step(fresh)[0].n == kept[-1] + 1
    assert min(kept) < 8, "no damage was seen"


def test_a_damaged_turn_is_told_with_the_remedy(staged, scripted):
    take = staged(scripted(INVENTED, invent=True), LATE)
    take.start(7, [], person=True)
    step(take, 3)
    path = take.company.store.place
    with sqlite3.connect(path) as db:
        db.execute('UPDATE turns SET turn = replace(turn, \'"text":"\', \'"text":\') WHERE n = 2')
        db.execute("UPDATE runs SET take = '[]'")
    store = RunStore(path)
    for ask in (lambda: store.turns(store.here("take")), lambda: store.turn(2)):
        with pytest.raises(StoreError, match="damaged; move the file away"):
            ask()
    store.close()


@pytest.mark.parametrize("change", ["checkpoint = X'c1c1'", "checkpoint = X'ff'"])
def test_a_damaged_checkpoint_is_told_with_the_remedy(staged, scripted, change):
    take = staged(scripted(INVENTED, invent=True), LATE)
    take.start(7, [], person=True)
    step(take, 2)
    with sqlite3.connect(take.company.store.place) as db:
        db.execute(f"UPDATE checkpoints SET {change}")
    fresh = staged(scripted(INVENTED, invent=True), LATE, store=RunStore(take.company.store.place))
    with pytest.raises(StoreError, match="daebon export"):
        fresh.resume(7, [], person=True)


def test_kills_at_any_moment_lose_and_double_nothing(tmp_path):
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.kills", "--kills", "8", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "8 kills" in done.stdout
    assert "0 lost" in done.stdout and "0 doubled" in done.stdout


def test_the_check_of_the_kills_sees_what_is_lost_or_changed():
    from benchmarks.kills import problem

    one, two = ("take", "main", None, 1, "{}"), ("take", "main", 1, 2, "{}")
    assert problem({1: one}, {1: one, 2: two}, [2]) == ""
    assert "lost" in problem({1: one, 2: two}, {1: one}, [])
    assert "changed" in problem({1: one}, {1: (*one[:4], "[]")}, [])
    assert "shown" in problem({}, {1: one}, [1, 2])
    assert "parent" in problem({}, {1: one, 2: ("take", "main", 2, 2, "{}")}, [])
    assert "parent" in problem({}, {1: one, 2: ("take", "main", 1, 3, "{}")}, [])


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP here")
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_the_take_with_its_files_written(tmp_path, script, long, number):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "daebon", "play", str(long), "--auto", "--model", script, "--seed", "1"]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    shown = 0
    while shown < 4:
        shown += "\t" in process.stdout.readline()
    process.send_signal(number)
    rest, problems = process.communicate(timeout=120)
    shown += sum("\t" in row for row in rest.splitlines())
    assert process.returncode == 128 + number
    assert "Traceback" not in problems
    record = json.loads((tmp_path / "오래-1" / "transcript.json").read_text(encoding="utf-8"))
    assert sum(turn["kind"] == "dialogue" for turn in record["turns"]) >= shown
    assert [turn["n"] for turn in record["turns"]] == list(range(1, len(record["turns"]) + 1))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="mounting needs root")
def test_a_read_only_store_is_named_with_the_remedy(tmp_path, script, long):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small], capture_output=True).returncode:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        play = ("play", long, "--auto", "--model", script, "--seed", 1, "--out", small)
        assert daebon(*play, "--turns", 3).returncode == 0
        before = (small / "daebon.sqlite").read_bytes()
        subprocess.run(["mount", "-o", "remount,ro", small], check=True)
        failed(daebon("resume", "latest", "--auto", "--out", small), 1, str(small), "choose another --out folder")
        failed(daebon(*play), 1, str(small), "choose another --out folder")
        assert daebon("runs", "--out", small).stdout.count("stopped") == 1
        seen = daebon("replay", "--auto", "--out", small)
        (take,) = small.glob("*/transcript.json")
        texts = [turn["text"] for turn in json.loads(take.read_text(encoding="utf-8"))["turns"]]
        assert seen.returncode == 0 and len(texts) == 3
        assert [text for text in texts if text.split()[0] not in seen.stdout] == []
        failed(daebon("export", "latest", "--out", small), 2, str(small), "copy daebon.sqlite")
        failed(daebon("replay", "nosuch", "--out", small), 1, str(small / "daebon.sqlite"))
        assert daebon("export", take, "--out", tmp_path / "elsewhere").returncode == 0
        assert (small / "daebon.sqlite").read_bytes() == before
    finally:
        subprocess.run(["umount", "-l", small], check=True)


def test_a_copy_of_a_store_that_is_being_written_has_every_turn(tmp_path):
    store = RunStore(tmp_path / "daebon.sqlite")
    store.create("r", "제목", tmp_path / "r", {}, {"seed": 1})
    store.append("r", "main", None, Turn(1, 1, 1, "dialogue", "하나", "민수"))
    assert (tmp_path / "daebon.sqlite-wal").stat().st_size  # the turn stands in the log alone
    for number, name in enumerate(("one", "two")):
        (tmp_path / name).mkdir()
        copy = copied(tmp_path / "daebon.sqlite", tmp_path / name)
        with closing(RunStore(copy)) as read:
            assert read.run("r").turns == number + 1
        store.append("r", "main", None, Turn(2, 1, 1, "dialogue", "둘", "민수"))
    store.close()


def test_a_store_whose_log_cannot_be_opened_is_copied_with_it(tmp_path, monkeypatch):
    store = RunStore(tmp_path / "daebon.sqlite")
    store.create("r", "제목", tmp_path / "r", {}, {"seed": 1})
    connect = sqlite3.connect

    def refused(name, **options):
        if options.get("uri"):
            raise sqlite3.OperationalError("unable to open database file")
        return connect(name, **options)

    monkeypatch.setattr(sqlite3, "connect", refused)
    (tmp_path / "copy").mkdir()
    with closing(RunStore(copied(tmp_path / "daebon.sqlite", tmp_path / "copy"))) as read:
        assert [run.id for run in read.runs()] == ["r"]
    store.close()


def test_two_processes_play_two_takes_in_one_store(tmp_path, script, long):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [
        sys.executable,
        "-m",
        "daebon",
        "play",
        str(long),
        "--auto",
        "--quiet",
        "--model",
        script,
        "--turns",
        "25",
    ]
    both = [
        subprocess.Popen([*command, "--seed", seed, "--out", str(tmp_path)], env=environment, stdout=subprocess.DEVNULL)
        for seed in ("1", "2")
    ]
    assert [process.wait(timeout=300) for process in both] == [0, 0]
    with sqlite3.connect(tmp_path / "daebon.sqlite") as db:
        for run in ("오래-1", "오래-2"):
            numbers = [n for (n,) in db.execute("SELECT n FROM turns WHERE run = ? ORDER BY id", (run,))]
            assert numbers == list(range(1, 26))
    for run in ("오래-1", "오래-2"):
        assert len(json.loads((Path(tmp_path) / run / "transcript.json").read_text(encoding="utf-8"))["turns"]) == 25

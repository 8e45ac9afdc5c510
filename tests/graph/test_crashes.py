"""A process that dies between any two writes of a move, or is killed: nothing is lost, nothing doubled, the move stands or not."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import BOTH_STORES
from tests.graph.test_moves import INVENTED, LATE, line, step, stored, texts, to_a_line, where
from transcript.store import RunStore

pytestmark = BOTH_STORES
MOVES = {
    "undo": lambda take: take.undo(2),
    "retry": lambda take: take.retry(),
    "pick": lambda take: take.pick(1),
    "edit": lambda take: take.edit(2, "아무 말도 하지 마."),
    "cut": lambda take: take.edit(2, "아무 말도 하지 마.", keep=False),
    "branch": lambda take: take.branch("다른 밤"),
    "goto": lambda take: take.goto(1),
}


class Died(BaseException):
    """Stands for the end of the process: nothing in the code catches it."""


def dies(*_, **__):
    raise Died


@pytest.fixture
def take(staged, scripted):
    made = staged(scripted(INVENTED, invent=True), LATE)
    made.start(7, [], person=True)
    return made


@pytest.fixture
def again(take, staged, scripted):
    """Return a function that takes the run up again, as another process would."""

    def make():
        fresh = staged(scripted(INVENTED, invent=True), LATE, store=RunStore(take.company.store.place))
        fresh.resume(7, [], person=True)
        return fresh

    return make


@pytest.mark.parametrize("move", MOVES)
def test_a_move_that_is_in_the_store_is_finished_by_the_next_process(take, again, monkeypatch, move):
    step(take, 4)
    to_a_line(take)
    monkeypatch.setattr(type(take._head.graph), "update_state", dies)
    with pytest.raises(Died):
        MOVES[move](take)
    monkeypatch.undo()
    left = stored(take)
    fresh = again()
    assert texts(fresh) == stored(fresh) == left
    new = step(fresh)[0]
    assert new.n == len(left) + 1
    if move == "retry":
        old = next(branch.last for branch in fresh.branches() if not branch.named)
        assert (new.speaker, new.cue) == (old.speaker, old.cue)


@pytest.mark.parametrize("move", MOVES)
def test_a_move_that_is_not_in_the_store_was_never_made(take, again, monkeypatch, move):
    step(take, 4)
    to_a_line(take)
    before = texts(take)
    monkeypatch.setattr("transcript.branches.Branches._insert", dies)
    with pytest.raises(Died):
        MOVES[move](take)
    monkeypatch.undo()
    fresh = again()
    assert texts(fresh) == stored(fresh) == before
    assert len(fresh.branches()) == 1
    assert step(fresh)[0].n == len(before) + 1


def test_a_turn_whose_step_was_not_saved_as_a_checkpoint_is_kept_by_what_comes_next(take, again, monkeypatch):
    step(take, 3)
    put = type(take._head._saver).put

    def dies_after_measure(self, config, checkpoint, metadata, versions):
        if checkpoint["channel_values"].get("head") == 4:
            raise Died
        return put(self, config, checkpoint, metadata, versions)

    monkeypatch.setattr(type(take._head._saver), "put", dies_after_measure)
    with pytest.raises(Died):
        list(take.play(pause=True))
    monkeypatch.undo()
    fresh = again()
    fresh.note("더 낮은 목소리로")
    assert len(line(fresh)) == 4
    assert texts(fresh) == stored(fresh)
    assert step(fresh)[0].n == 5


def test_a_turn_committed_on_a_branch_before_its_checkpoint_is_not_doubled(take, again, monkeypatch):
    step(take, 3)
    take.undo()
    commit = type(take.company.store).append
    done = []

    def dies_after(self, *values):
        done.append(commit(self, *values))
        raise Died

    monkeypatch.setattr(type(take.company.store), "append", dies_after)
    with pytest.raises(Died):
        list(take.play(pause=True))
    monkeypatch.undo()
    fresh = again()
    assert stored(fresh)[-1] == done[0][1].text
    assert step(fresh)[0] == done[0][1]
    assert texts(fresh) == stored(fresh)
    assert len(line(fresh)) == 3


def test_a_turn_committed_before_its_checkpoint_is_taken_in_once_by_the_next_process(take, again, monkeypatch):
    step(take, 4)
    before = len(stored(take))
    saver = type(take._head._saver)
    for name in ("put", "put_writes"):
        real = getattr(saver, name)
        monkeypatch.setattr(
            saver, name, lambda *a, _real=real, **k: dies() if len(stored(take)) > before else _real(*a, **k)
        )
    with pytest.raises(Died):
        step(take)
    monkeypatch.undo()
    fresh = again()
    *_, last = kept = stored(fresh)
    assert texts(fresh) == kept[:-1]
    assert step(fresh)[0].text == last
    assert texts(fresh) == stored(fresh) == kept


_PLAYER = """
import random, sys
sys.path.insert(0, {root!r})
from pathlib import Path, PosixPath
from emotion.measure import LexiconEmotion
from graph.checkpoints import checkpointer
from graph.context import Company
from graph.take import Take
from model.scripted import ScriptedModel
from scenarios import load_scenario
from transcript.errors import UsageError
from transcript.store import RunStore

store = RunStore({place!r})
scenario = load_scenario(Path({scenario!r}))
if not store.runs():
    store.create("take", scenario.title, Path({folder!r}), scenario.to_dict(), {{"seed": 7, "model": "scripted"}})
with checkpointer(store.place) as saver:
    take = Take(Company(scenario, ScriptedModel.load(Path({script!r})), store, LexiconEmotion(), 2), saver, "take", 2000)
    take.resume(7, [], person=False)
    rng = random.Random({seed})
    while True:
        print("on", flush=True)
        for _ in range(3):
            list(take.play(pause=True))
        if take.over:
            take.undo(3)
        move = rng.choice(["retry", "undo", "edit", "branch", "goto", "redo"])
        n = take.state()["n"]
        try:
            if move == "retry":
                take.retry()
            elif move == "undo":
                take.undo(rng.randint(1, 2))
            elif move == "edit":
                take.edit(rng.randint(1, n), f"고친 말 {{n}} {{rng.random()}}.", keep=rng.random() < 0.5)
            elif move == "branch":
                take.branch(f"가지 {{n}} {{rng.random()}}")
            elif move == "goto":
                take.goto(rng.randint(1, n))
            else:
                take.redo()
        except UsageError:
            pass
"""


def rows(place):
    """Return all rows of the turns by id, as they stand."""
    store = RunStore(place)
    with store.session() as db:
        found = {row[0]: row for row in db.execute("SELECT id, run, branch, parent, n, turn FROM turns")}
    store.close()
    return found


def test_kill_9_in_the_middle_of_playing_and_moving_loses_and_doubles_nothing(tmp_path, place, staged, scripted):
    script = tmp_path / "invent.json"
    script.write_text(json.dumps({"lines": INVENTED, "invent": True}, ensure_ascii=False), encoding="utf-8")
    before = {}
    for seed in range(4):
        code = _PLAYER.format(
            root=str(Path(__file__).parents[2]),
            place=place,
            folder=str(tmp_path),
            scenario=str(LATE),
            script=str(script),
            seed=seed,
        )
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3):
            assert process.stdout.readline() == b"on\n", process.stderr.read().decode()
        time.sleep(0.03 * seed)  # somewhere in the next three lines or the move after them
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        after = rows(place)
        assert after.items() >= before.items()
        before = after
    fresh = staged(scripted(INVENTED, invent=True), LATE, store=RunStore(place), limit=2000)
    fresh.resume(7, [], person=True)
    assert len(before) > 12
    if stored(fresh) != texts(
        fresh
    ):  # killed between a turn and its checkpoint: the next step takes it in as it stands
        *_, last = kept = stored(fresh)
        assert texts(fresh) == kept[:-1]
        assert step(fresh)[0].text == last
        assert stored(fresh) == kept
    assert texts(fresh) == stored(fresh)
    assert [turn.n for turn in line(fresh)] == list(range(1, len(line(fresh)) + 1))
    assert sum(branch.current for branch in fresh.branches()) == 1
    if fresh.over:
        fresh.undo()
    assert list(fresh.play(pause=True)) or fresh.over
    assert where(fresh).turns == len(line(fresh))

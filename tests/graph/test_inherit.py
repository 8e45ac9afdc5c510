"""A take that goes on from another's line while that one is being played: nothing of the other changes, nothing is lost."""

import pytest

from daebon.runner import fork
from graph.checkpoints import checkpointer
from graph.take import Take
from tests.graph.test_moves import INVENTED, step, texts, to_a_line
from transcript.errors import UsageError
from transcript.store import RunStore


@pytest.fixture
def first(staged, scripted):
    take = staged(scripted(INVENTED, invent=True), run="take")
    take.start(7, [], person=True)
    return take


@pytest.fixture
def second(first, tmp_path):
    """Return a function that opens the take of its own that a second studio begins, with a store and saver of its own."""
    opened = []

    def begin(name="side", *, run=None):
        store = RunStore(tmp_path / "daebon.sqlite")
        context = checkpointer(store.place)
        made = run or fork(store, tmp_path, store.run("take"), name).id
        company = type(first.company)(first.company.scenario, first.company.model, store, first.company.emotion, 2)
        take = Take(company, context.__enter__(), made, 200)
        opened.append((context, store))
        take.resume(7, [], person=True)
        return take

    yield begin
    for context, store in opened:
        context.__exit__(None, None, None)
        store.close()


def rows(store):
    with store.session() as db:
        return db.execute("SELECT * FROM turns WHERE run = 'take' ORDER BY id").fetchall()


def checkpoints(take):
    with take.company.store.session() as db:
        return db.execute("SELECT count(*) FROM checkpoints WHERE thread_id = 'take'").fetchone()[0]


def test_both_are_played_on_and_neither_sees_the_other(first, second):
    step(first, 4)
    before, kept = rows(first.company.store), checkpoints(first)
    mine = second()
    assert texts(mine) == texts(first)
    step(mine, 2)
    shared = texts(first)
    step(first, 2)
    assert rows(first.company.store)[: len(before)] == before
    assert texts(mine)[:4] == texts(first)[:4] == shared
    assert len(texts(mine)) == len(texts(first)) == 6
    assert [run.id for run in first.company.store.runs() if run.id != "take"] == ["take.side"]
    assert checkpoints(first) > kept
    assert first.branches()[0].turns == 6


def test_what_was_arranged_at_the_line_is_there_too(first, second):
    step(first, 3)
    first.whisper("태오", "열쇠는 강물에 있다")
    first.level("소라", "태오", "해요체")
    mine = second()
    assert mine.who("태오").whispers == ("열쇠는 강물에 있다",)
    assert mine.who("소라").toward["태오"].level == "해요체"


def test_moves_go_back_beyond_the_place_where_it_began_and_write_only_here(first, second):
    step(first, 3)
    to_a_line(first)
    before = texts(first)
    mine = second()
    kept = checkpoints(first)
    mine.undo(2)
    assert texts(mine) == before[:-2]
    step(mine, 1)
    mine.goto(len(before) - 3)
    mine.redo()
    mine.undo()
    mine.goto("main")
    again = second("retry")
    old = again.retry()
    new = step(again)[0]
    assert (new.n, new.speaker, new.cue) == (old.n, old.speaker, old.cue) and new.text != old.text
    edited = second("edit")
    edited.edit(2, "고친 줄.")
    assert texts(edited)[1] == "고친 줄." and texts(edited)[2:] == before[2:]
    assert checkpoints(first) == kept
    assert texts(first) == before


def test_it_goes_on_after_it_was_closed_and_when_its_process_died_before_its_first_checkpoint(first, second, tmp_path):
    step(first, 3)
    store = RunStore(tmp_path / "daebon.sqlite")
    died = fork(store, tmp_path, store.run("take"), "side").id
    store.close()
    step(first, 2)
    mine = second(run=died)
    assert texts(mine) == texts(first)[:3]
    played = texts(mine) + [turn.text for turn in step(mine, 2)]
    assert texts(second(run=died)) == played
    other = second("three")
    assert texts(other) == texts(first)


def test_a_take_that_was_not_begun_has_nothing_to_go_on_from(first, tmp_path):
    store = first.company.store
    with pytest.raises(UsageError, match="nothing was played yet"):
        fork(store, tmp_path, store.run("take"), "side")

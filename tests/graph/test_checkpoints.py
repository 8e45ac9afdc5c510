"""Checkpoints in a file and on a PostgreSQL server: the same take, made by many at once, and a server that goes away."""

import threading

import pytest

from graph.checkpoints import checkpointer
from tests.conftest import BOTH_STORES
from tests.graph.test_moves import INVENTED, LATE, line, step, stored, texts
from tests.postgres import cut
from transcript.errors import StoreError
from transcript.store import RunStore

pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'daebon[postgres]'")


def test_a_take_is_the_same_on_both_stores(staged, scripted, tmp_path, new_schema):
    lines, states = [], []
    for place in (tmp_path / "daebon.sqlite", new_schema()):
        take = staged(scripted(INVENTED, invent=True), LATE, store=RunStore(place))
        take.start(7, [], person=False)
        played = list(take.play())
        lines.append([(turn.speaker, turn.text, turn.why, turn.emotion) for turn in played])
        states.append({key: value for key, value in take.state().items() if key not in ("began", "head")})
    assert len(lines[0]) > 6
    assert lines[0] == lines[1]
    assert states[0] == states[1]


def test_many_first_callers_make_the_tables_once(new_schema):
    place, faults, together = new_schema(), [], threading.Barrier(6)

    def first():
        try:
            together.wait()
            store = RunStore(place)
            with checkpointer(place):
                store.runs()
            store.close()
        except Exception as error:
            faults.append(error)

    callers = [threading.Thread(target=first) for _ in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert faults == []


def test_a_connection_that_is_cut_in_the_middle_loses_nothing_and_the_take_is_taken_up(staged, scripted, new_schema):
    place = new_schema()
    take = staged(scripted(INVENTED, invent=True), LATE, store=RunStore(place))
    take.start(7, [], person=True)
    step(take, 3)
    before = texts(take)
    cut(place)
    with pytest.raises(StoreError, match="every turn shown so far is saved") as told:
        step(take)
    assert len(str(told.value).splitlines()) == 1
    again = staged(scripted(INVENTED, invent=True), LATE, store=RunStore(place))
    again.resume(7, [], person=True)
    assert texts(again) == stored(again) == before
    assert step(again)[0].n == len(line(again)) == 4


@BOTH_STORES
def test_a_note_with_a_letter_that_databases_refuse_is_kept(staged, scripted):
    take = staged(scripted(INVENTED, invent=True), LATE)
    take.start(7, [], person=True)
    step(take)
    take.note("더 낮은 목소리로\x00")
    assert take.state()["note"].startswith("더 낮은 목소리로")
    assert step(take)[0].n == 2

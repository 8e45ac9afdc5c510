"""The soak: its rule, its windows, that it goes on where it was stopped, and what it shows."""

import json
import sqlite3
from dataclasses import replace

import pytest

from benchmarks.soak.flat import BOUND, FIGURES, judged, slope
from benchmarks.soak.playing import TAKES, TURNS, long_scene, play_takes, play_turns, shared, unfinished
from benchmarks.soak.showing import draw, tables
from benchmarks.soak.windows import Meter, Window, resident, stored, windows
from scenarios import Scenario

MEMORY, STORE, PROCESSOR = FIGURES[:3]
WINDOW = Window(100, 100, 1, 300_000_000, 2_000_000, 20_000.0, 0.05, 0.04, 400.0)


def row(rise):
    """Return 20 windows of 100 turns whose every figure rises by a share of itself from the first to the last."""
    grown = {name: getattr(WINDOW, name) for name in ("resident", "grown", "clock", "processor", "read")}
    return [
        replace(WINDOW, at=100 * i, **{name: value * (1 + rise * (i - 1) / 19) for name, value in grown.items()})
        for i in range(1, 21)
    ]


def test_the_slope_is_that_of_a_line_and_one_stray_point_does_not_move_it():
    points = [(x, 2.0 + 0.5 * x) for x in range(9)]
    assert slope(points) == pytest.approx(0.5)
    assert slope([*points[:4], (4, 99.0), *points[5:]]) == pytest.approx(0.5)


def test_a_figure_is_flat_as_long_as_its_line_rises_by_no_more_than_the_bound():
    for figure in FIGURES:
        assert judged(figure, row(0.0)).rise == pytest.approx(0.0)
        assert judged(figure, row(0.05)).flat
        assert judged(figure, row(-0.5)).flat
        steep = judged(figure, row(0.5))
        assert not steep.flat
        assert steep.rise > 2 * BOUND
    assert (steep.first, steep.last) == (600, 2000)


def test_what_rises_in_the_first_quarter_only_is_flat():
    found = [replace(one, processor=0.01 if one.at <= 500 else 0.04) for one in row(0.0)]
    assert judged(PROCESSOR, found).flat


def test_few_windows_tell_nothing():
    assert judged(PROCESSOR, row(0.0)[:4]) is None
    assert judged(PROCESSOR, []) is None


def test_memory_is_that_of_the_process_which_played_most():
    found = [replace(one, life=1 if one.at <= 1500 else 1501) for one in row(0.0)]
    found = [replace(one, resident=10 * one.resident) if one.life > 1 else one for one in found]
    assert judged(MEMORY, found).flat
    assert (judged(MEMORY, found).last, judged(STORE, found).last) == (1500, 2000)


def test_a_window_is_the_mean_of_what_one_process_played_in_it(tmp_path):
    file, store = tmp_path / "w.jsonl", tmp_path / "s.sqlite"
    with sqlite3.connect(store) as db:
        db.execute("CREATE TABLE t (x)")
        meter = Meter(file, store, 4, 3)
        for number in (3, 4):
            db.execute("INSERT INTO t VALUES (zeroblob(100000))")
            db.commit()
            meter.count(number, 10 * number)
        for number in (5, 6, 7):
            meter.count(number)
    db.close()
    (only,) = windows(file)
    assert (only.at, only.counted, only.life, only.read) == (4, 2, 3, 35.0)
    assert 90_000 < only.grown < 110_000  # whole pages of 4,096 bytes
    assert only.store == stored(store)
    with file.open("a", encoding="utf-8") as unfinished_row:
        unfinished_row.write('{"at": 8, "coun')
    assert windows(file) == [only]


def test_the_memory_of_this_process_is_more_than_python_alone():
    held = bytearray(60_000_000)
    assert resident() > len(held)


def test_two_texts_share_their_start():
    pairs = (("", "가"), ("민수: 왔네.", "민수: 왔어."), ("지은", "지은: 네"), ("가", "나"))
    assert [shared(one, other) for one, other in pairs] == [0, 5, 2, 0]


def test_the_long_scene_is_one_scene_with_beats_for_all_its_turns():
    scenario = Scenario.from_dict(long_scene(2_000))
    (scene,) = scenario.scenes
    assert sum(beat.turns[0] for beat in scene.beats) == 2_000
    assert [set(beat.emotion) for beat in scene.beats] == [{"경섭", "하윤"}] * 10


def test_a_take_goes_on_where_it_was_stopped_and_every_turn_is_counted_once(tmp_path):
    play_turns(tmp_path, 6, "", 4)
    assert [window.at for window in windows(tmp_path / TURNS)] == [4]
    play_turns(tmp_path, 12, "", 4)
    found = windows(tmp_path / TURNS)
    assert [(one.at, one.counted, one.life) for one in found] == [(4, 4, 1), (8, 2, 7), (12, 4, 7)]
    assert all(one.read > 0 and one.grown >= 0 and one.processor > 0 for one in found)
    with sqlite3.connect(tmp_path / "daebon.sqlite") as db:
        turns = [json.loads(text) for (text,) in db.execute("SELECT turn FROM turns ORDER BY n")]
    db.close()
    assert [turn["n"] for turn in turns] == list(range(1, 13))
    assert {turn["scene"] for turn in turns} == {1}
    assert not unfinished(tmp_path, TURNS, 12, 4)
    assert unfinished(tmp_path, TURNS, 16, 4)


def test_a_batch_goes_on_where_it_was_stopped(tmp_path):
    play_takes(tmp_path, 1, 1)
    play_takes(tmp_path, 2, 1)
    found = windows(tmp_path / TAKES)
    assert [(one.at, one.counted, one.life) for one in found] == [(1, 1, 1), (2, 1, 2)]
    assert len(list(tmp_path.glob("*/transcript.json"))) == 2


def test_the_tables_say_what_is_flat_and_the_pictures_are_the_same_each_time(tmp_path):
    steep = [replace(one, processor=0.01 * i) for i, one in enumerate(row(0.0), 1)]
    parts = [("turn", "letters", steep), ("take", "", row(0.0)[:3])]
    shown = tables(parts)
    assert "| 2,000 | 300.0 | 20.0 | 0.2000 | 0.0500 | 400.0 |" in shown
    assert "- memory a turn: flat, +0.0% from turn 600 to 2,000 (+0 MB in 1,000)" in shown
    assert "- processor a turn: **not flat**, +107.7% from turn 600 to 2,000 (+0.1 s in 1,000)" in shown
    assert "- store a take: too few windows to tell" in shown
    assert "read a take" not in shown
    first = [path.read_bytes() for path in draw(parts, tmp_path)]
    assert [path.name for path in draw(parts, tmp_path)] == ["soak-memory.svg", "soak-bytes.svg", "soak-seconds.svg"]
    assert [path.read_bytes() for path in draw(parts, tmp_path)] == first

"""Arcs over turns."""

import pytest

from emotion.arcs import (
    INERTIA,
    WHOLE,
    Series,
    Span,
    correlation,
    planned_and_measured,
    rows,
    series,
    smooth,
    spans,
    sparkline,
    whole,
)
from emotion.labels import target_valence
from emotion.shapes import settle, target
from transcript.errors import UsageError
from transcript.record import Transcript
from transcript.turn import Cue, Emotion, Turn


def _line(n, speaker, valence, targets=None):
    cue = None if targets is None else Cue(speaker, emotion=targets)
    return Turn(n, 1, 1, "dialogue", "…왔네.", speaker=speaker, cue=cue, emotion=Emotion(valence))


def test_smooth_keeps_the_first_point_and_moves_part_of_the_way():
    assert smooth([1.0, 0.0, 0.0], 0.5) == [1.0, 0.5, 0.25]
    assert smooth([0.3, -0.7], 0.0) == [0.3, -0.7]
    assert smooth([], 0.9) == []


def test_correlation_is_pearsons():
    assert correlation([1, 2, 3], [2, 4, 6]) == pytest.approx(1)
    assert correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert correlation([1, 2, 3, 4], [1, 3, 2, 5]) == pytest.approx(0.8315, abs=1e-4)


def test_correlation_is_none_where_it_says_nothing():
    assert correlation([1, 2], [1, 2]) is None
    assert correlation([0.1, 0.1, 0.1], [1, 2, 3]) is None
    assert correlation([], []) is None


def test_correlation_of_unequal_lengths_is_refused():
    with pytest.raises(ValueError, match="3 values against 2"):
        correlation([1, 2, 3], [1, 2])


def test_planned_and_measured_per_character_in_the_shape_of_the_transcript():
    turns = [
        Turn(1, 1, 1, "action", "노을. 파도 소리.", emotion=Emotion(0.9)),
        _line(2, "민수", 0.4, {"놀람": 0.6, "반가움": 0.4}),
        _line(3, "지은", -0.2),  # a person's line, no cue
        _line(4, "민수", -0.6, {}),  # a cue without a target
        Turn(5, 1, 2, "event", "지은의 가방이 쓰러진다.", emotion=Emotion(-0.9)),
        Turn(6, 1, 2, "action", "민수가 웃는다.", speaker="민수", emotion=Emotion(0.7)),
        _line(7, "지은", -0.8, {"슬픔": 0.8}),
    ]
    arc = planned_and_measured(turns)
    assert arc["planned"] == {
        "민수": [[2, pytest.approx(target_valence({"놀람": 0.6, "반가움": 0.4}), abs=1e-4)]],
        "지은": [[7, pytest.approx(target_valence({"슬픔": 0.8}), abs=1e-4)]],
    }
    assert arc["measured"] == {
        "민수": [[2, 0.4], [4, pytest.approx(INERTIA * 0.4 + (1 - INERTIA) * -0.6)]],
        "지은": [[3, -0.2], [7, pytest.approx(INERTIA * -0.2 + (1 - INERTIA) * -0.8)]],
    }
    assert planned_and_measured([]) == {"planned": {}, "measured": {}}


def test_an_unknown_target_in_a_cue_is_named():
    with pytest.raises(UsageError, match="'설렘설렘' is unknown"):
        planned_and_measured([_line(1, "민수", 0.0, {"설렘설렘": 1.0})])


def test_sparkline_draws_on_one_fixed_scale():
    assert sparkline([-1, -0.7, -0.4, -0.1, 0.1, 0.4, 0.7, 1], 8) == "▁▂▃▄▅▆▇█"
    assert sparkline([0.1, 0.2], 8) == "▅▅"  # small differences stay small
    assert sparkline([-5, 5], 8) == "▁█"
    assert sparkline([-1, -1, 1, 1], 2) == "▁█"
    assert len(sparkline([0.0] * 61, 20)) == 20
    assert sparkline([], 8) == sparkline([0.5], 0) == ""


def _scene():
    return [
        Turn(1, 1, 1, "action", "노을. 파도 소리.", emotion=Emotion(0.9)),
        _line(2, "민수", 0.4, {"반가움": 0.8}),
        _line(3, "지은", -0.2),
        Turn(4, 1, 2, "event", "지은의 가방이 쓰러진다.", emotion=Emotion(-0.9)),
        _line(5, "민수", -0.6, {"슬픔": 0.5}),
        _line(6, "민수", -1.0, {}),
    ]


def test_series_hold_each_characters_lines_and_targets():
    minsu, jieun = series(_scene())
    assert minsu.name == "민수" and minsu.lines == ((2, 0.4), (5, -0.6), (6, -1.0))
    assert minsu.planned == ((2, target_valence({"반가움": 0.8})), (5, target_valence({"슬픔": 0.5})))
    assert jieun == Series("지은", ((3, -0.2),))
    assert series([]) == ()


def test_the_whole_is_every_line_in_order():
    everybody = whole(_scene())
    assert everybody.name == WHOLE
    assert everybody.lines == ((2, 0.4), (3, -0.2), (5, -0.6), (6, -1.0))
    assert [n for n, _ in everybody.planned] == [2, 5]


def test_the_measured_arc_is_settled_over_the_lines_of_the_speaker():
    minsu = series(_scene())[0]
    assert [n for n, _ in minsu.measured] == [2, 5, 6]
    assert [value for _, value in minsu.measured] == settle([0.4, -0.6, -1.0])


def test_a_row_says_how_much_where_and_how_near_to_the_plan():
    lines = tuple((3 * n, 0.7 * value) for n, value in enumerate(target("man-in-a-hole", 30), 1))
    planned = tuple((n, value / 2 + 0.1) for n, value in lines[::2])
    (row,) = rows([Series("민수", lines, planned)])
    assert (row.name, row.n) == ("민수", 30)
    assert row.mean == pytest.approx(sum(value for _, value in lines) / 30)
    assert row.lowest[0] in (45, 48) and row.lowest[1] < -0.6
    assert row.highest[0] in (3, 90) and row.highest[1] > 0.5
    assert row.agreement > 0.99
    assert (row.verdict.shape, row.verdict.clear) == ("man-in-a-hole", True)


def test_a_row_without_a_plan_or_without_lines():
    unplanned, silent = rows([Series("지은", ((3, -0.2),)), Series("할머니", (), ((1, 0.3), (4, 0.1)))])
    assert (unplanned.n, unplanned.mean, unplanned.lowest, unplanned.agreement) == (1, -0.2, (3, -0.2), None)
    assert (silent.n, silent.mean, silent.lowest, silent.highest, silent.agreement) == (0, None, None, None, None)
    assert silent.verdict.shape is None


def test_spans_follow_the_path_through_the_scenes():
    scenario = {
        "scenes": [
            {"beats": [{"goal": "민수가 말을 건다"}, {"goal": "지은이 가방을 감춘다"}]},
            {"beats": [{"goal": "건너뛴 씬"}]},
            {"beats": [{"goal": "방파제 끝에서 화해한다"}]},
        ]
    }
    turns = (*_scene()[:3], Turn(4, 1, 2, "event", "가방이 쓰러진다."), Turn(5, 2, 1, "action", "밤."))
    take = {"path": [0, 2]}
    assert spans(Transcript("방파제", scenario, take, turns)) == (
        Span(1, 3, 1, 1, "민수가 말을 건다"),
        Span(4, 4, 1, 2, "지은이 가방을 감춘다"),
        Span(5, 5, 2, 1, "방파제 끝에서 화해한다"),
    )
    assert [span.goal for span in spans(Transcript("방파제", {}, {}, turns))] == ["", "", ""]

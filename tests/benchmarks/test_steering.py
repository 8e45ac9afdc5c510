"""The figures of steering: correlations per character and scene, distances, shares, and the second judge."""

import json

import pytest

from agents.steering import readable
from benchmarks.steering.figures import figures, lines_of
from benchmarks.steering.judge import Judge
from benchmarks.steering.levels import counter
from daebon.scoring import Line, agreement, arcs_of
from emotion.labels import target_valence
from transcript.turn import Candidate, Cue, Emotion, Turn

PLAN = [{"슬픔": 0.7}, {"슬픔": 0.5, "기쁨": 0.2}, {"기쁨": 0.4, "슬픔": 0.3}, {"기쁨": 0.8}]


def line(speaker, planned, measured, scene=1):
    return Line("take", scene, speaker, "배가 들어와요.", "해요체", planned, measured, -1.0)


def test_an_arc_is_a_character_in_a_scene_with_four_lines():
    lines = [line("지은", 0.1 * i, 0.0) for i in range(4)] + [line("민수", 0.1 * i, 0.0) for i in range(3)]
    lines += [line("지은", 0.0, 0.0, scene=2) for _ in range(3)]
    assert [[x.speaker for x in arc] for arc in arcs_of(lines)] == [["지은"] * 4]


def test_agreement_is_the_correlation_of_plan_and_measure():
    rising = [line("지은", 0.1 * i, -0.4 + 0.05 * i) for i in range(5)]
    falling = [line("지은", 0.1 * i, 0.4 - 0.05 * i) for i in range(5)]
    assert agreement(rising) == pytest.approx(1.0)
    assert agreement(falling) == pytest.approx(-1.0)
    assert agreement([line("지은", 0.3, 0.1 * i) for i in range(5)]) is None
    assert agreement(rising, judged={"배가 들어와요.": 0.2}) is None


@pytest.fixture
def transcript(tmp_path):
    turns = [
        Turn(
            n, 1, 1, "dialogue", f"{n}번째 배가 와요.", "지은", ("민수",), cue=Cue("지은", ("민수",), "", plan, "해요체"),
            why="score", emotion=Emotion(readable(target_valence(plan)) + 0.1),
            candidates=(Candidate(f"{n}번째 배가 와요.", None, 0.5, None, -2.0, "배가 와." if n == 1 else None),),
        )
        for n, plan in enumerate(PLAN, 1)
    ]  # fmt: skip
    beats = [{"reason": "condition: 지은 spoke"}, {"reason": "forced: 6 turns; emotion not reached"}]
    scenario = {"title": "배", "cast": [], "scenes": [{"beats": [{"goal": "배를 본다", "reveal": []}], "present": []}]}
    path = tmp_path / "배-1" / "배-1" / "transcript.json"
    path.parent.mkdir(parents=True)
    record = {"scenario": scenario, "take": {"beats": beats, "path": [0]}, "turns": [turn.to_dict() for turn in turns]}
    path.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    return path


def test_the_figures_of_a_take(transcript):
    found = figures(
        [transcript],
        {"own": lambda texts: [float(text[0]) for text in texts]},
        {"levels": lambda text, _: text[0] != "2"},
    )
    assert (found["lines"], found["arcs"]) == (4, 1)
    assert found["r"] == pytest.approx(1.0)
    assert found["r_own"] > 0.9
    assert found["distance_band"] == pytest.approx(0.1)
    assert found["levels"] == pytest.approx(0.75)
    assert (found["condition"], found["mended"], found["fit"]) == (0.5, 0.25, -2.0)


def test_an_ending_of_two_levels_is_right_for_both_only_where_the_counter_shares_it():
    pytest.importorskip("kiwipiepy")
    strict, shared = counter(), counter(shared=True)
    for text in ("벌써 물이 다 끓었네.", "그 집 국수가 참 맛있구먼."):
        assert (strict(text, "해체"), shared(text, "해체")) == (False, True)
        assert shared(text, "하게체")
        assert not shared(text, "해요체")
    assert shared("이제 그만 가게나.", "해체") is False


def test_a_line_without_a_target_is_no_line_of_the_plan(transcript):
    record = json.loads(transcript.read_text(encoding="utf-8"))
    record["turns"][0]["cue"]["emotion"] = {}
    transcript.write_text(json.dumps(record), encoding="utf-8")
    assert len(lines_of(transcript)) == 3


def test_the_judge_learns_words_and_reads_inflections_of_them():
    good = ["정말 고맙고 행복해요.", "고마워서 눈물이 나요.", "너무 행복한 날이에요.", "고맙다 정말 고마워."] * 4
    bad = ["너무 미워서 못 참겠어요.", "지긋지긋해서 미칠 것 같아.", "미워 죽겠어.", "정말 지긋지긋하다."] * 4
    judge = Judge([*good, *bad], [0.8] * len(good) + [-0.8] * len(bad))
    high, low = judge.valences(["고맙네요.", "밉고 지긋지긋하네요."])
    assert high > 0.1 > -0.1 > low

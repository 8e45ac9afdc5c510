"""Steering: what is asked after a miss, how the cue grows stronger, when the curve drifts, and what the ranking takes."""

import pytest

from agents.ranking import rank
from agents.steering import READ, asked, drift, readable, said
from emotion.labels import target_valence, valence_arousal
from transcript.turn import Candidate, Cue, Emotion, Turn

SAD = {"슬픔": 0.6, "죄책감": 0.4}
DIRECTIONS = {"슬픔": ("눈을 내리깔며", "목이 잠겨"), "기쁨": ("환하게 웃으며",)}


def spoken(n, valence, emotion=SAD, speaker="지은", scene=1):
    cue = Cue(speaker, ("민수",), "", emotion, "해요체")
    return Turn(n, scene, 1, "dialogue", "배가 안 보이네요.", speaker, cue=cue, emotion=Emotion(valence))


def cue(emotion=SAD):
    return Cue("지은", ("민수",), "", emotion, "해요체")


def test_the_first_line_is_asked_for_the_plan_in_the_band_that_is_read():
    assert asked(cue(), []).valence == pytest.approx(readable(target_valence(SAD)))
    assert readable(-1.0) == -1.0
    assert asked(cue({}), []) is None


def test_who_never_gets_there_is_asked_less_and_the_reason_says_so():
    plain = asked(cue(), []).valence
    ask = asked(cue(), [spoken(n, plain + 0.5) for n in (1, 2, 3)])
    assert plain < ask.valence < plain + 0.5
    assert ask.why == "asks less of 지은: missed by -0.50 three times"


def test_a_second_attempt_names_one_label_and_plays_it():
    first, second = said(cue(), 0, DIRECTIONS, -0.5), said(cue(), 1, DIRECTIONS, -0.5)
    assert (dict(first.emotion), first.direction) == (SAD, "")
    lowest = min(SAD, key=lambda label: valence_arousal(label)[0])
    assert list(second.emotion) == [lowest]
    mixed = said(cue({"슬픔": 0.6, "기쁨": 0.3}), 1, DIRECTIONS, READ[0] + 0.3)
    assert (list(mixed.emotion), mixed.direction) == (["기쁨"], "환하게 웃으며")


def test_the_curve_drifts_when_the_last_three_lines_lie_on_one_side():
    plain = readable(target_valence(SAD))
    high = [spoken(n, plain + 0.5, speaker=name) for n, name in ((1, "지은"), (2, "민수"), (3, "지은"))]
    assert drift(high) == pytest.approx(-0.5)
    assert drift(high[:2]) == 0.0
    assert drift([*high[:2], spoken(3, plain - 0.5)]) == 0.0


class Words:
    def read(self, text, previous=""):
        return Emotion(
            {
                "잘됐네요.": 0.4,
                "다 끝났네요.": -0.6,
                "배는 벌써 갔네요.": -0.2,
                "소금이 웃네요 별로.": -0.6,
                "등대가 꺼졌네요.": -0.28,
            }[text]
        )


def test_the_ranking_takes_the_line_nearest_to_what_is_asked_unless_it_is_nonsense():
    lines = [
        Candidate("잘됐네요.", logprob=-1.0),
        Candidate("다 끝났네요.", logprob=-1.1),
        Candidate("소금이 웃네요 별로.", logprob=-3.5),
    ]
    assert rank(lines, cue(), [], -0.6, Words())[0].text == "다 끝났네요."
    assert rank(lines, cue(), [], 0.4, Words())[0].text == "잘됐네요."
    nonsense = rank([lines[0], lines[2]], cue(), [], -0.6, Words())
    assert nonsense[0].text == "잘됐네요."


def test_of_two_lines_that_reach_what_is_asked_the_likelier_is_said_though_the_other_is_nearer():
    likely, nearer = Candidate("배는 벌써 갔네요.", logprob=-1.0), Candidate("등대가 꺼졌네요.", logprob=-1.3)
    assert rank([nearer, likely], cue(), [], -0.28, Words())[0].text == likely.text
    assert rank([nearer, likely], cue(), [], -0.7, Words())[0].text == nearer.text


def test_a_line_with_a_word_of_two_of_the_last_six_gives_way_to_one_that_is_as_likely():
    worn, fresh = Candidate("배는 벌써 갔네요.", logprob=-1.0), Candidate("등대가 꺼졌네요.", logprob=-1.05)
    assert rank([worn, fresh], cue(), [], None, Words())[0].text == worn.text
    assert rank([worn, fresh], cue(), ["밥은요?", "벌써요?"], None, Words())[0].text == worn.text
    assert rank([worn, fresh], cue(), ["벌써 저녁이네.", "벌써요?"], None, Words())[0].text == fresh.text


def test_without_an_ask_emotion_has_no_say():
    lines = [Candidate("배는 벌써 갔네요.", logprob=-1.0), Candidate("다 끝났네요.", logprob=-1.4)]
    best = rank(lines, cue(), [], None, Words())[0]
    assert best.text == "배는 벌써 갔네요."
    assert best.score == rank(lines, cue(), [], -0.6, Words(), 0.0)[0].score

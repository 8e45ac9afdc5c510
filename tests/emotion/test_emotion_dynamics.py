"""What characters feel over turns, and how it is said."""

import copy
import itertools
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.dynamics_example import table
from emotion import dynamics
from emotion.dynamics import (
    ANSWER,
    AXES,
    CONTAGION,
    HALF_LIFE,
    LASTING,
    OWN,
    PLAIN,
    REACTIVITY,
    SLIGHT,
    STRANGER,
    STRONG,
    Temper,
    after,
    in_words,
    opening,
)
from emotion.labels import BASIC_EMOTIONS, families, target_valence
from transcript.errors import UsageError
from transcript.turn import Emotion

DOCS = Path(dynamics.__file__).parent.parent / "docs" / "dynamics.md"
CAST = {"민수": Temper({"슬픔": 0.4}, 0.5), "지은": Temper({"불안": 0.3, "아껴주는": 0.3}, 0.5), "말순": Temper()}
SILENCE = Emotion(), {}
JOY = Emotion(0.7, 0.4), {"기쁨": 0.8}
GRIEF = Emotion(-0.6, -0.2), {"슬픔": 0.8}
RAGE = Emotion(-0.7, 0.6), {"분노": 0.9}


def _turn(state, speaker, heard_by, said, temperaments=CAST, affections=None):
    return after(state, speaker, heard_by, *said, temperaments, affections or {})


def _heard(affection, said, rest=None, volatility=0.5):
    """Return 지은 before and after she hears 민수."""
    cast = {"민수": Temper(), "지은": Temper(rest or {}, volatility)}
    before = opening(cast)
    return before["지은"], _turn(before, "민수", ["지은"], said, cast, {("지은", "민수"): affection})["지은"]


def test_opening_is_the_baseline():
    felt = opening(CAST)
    assert felt["민수"]["슬픔"] == 0.4
    assert felt["민수"]["valence"] == pytest.approx(0.4 * target_valence({"슬픔": 1.0}), abs=1e-4)
    assert felt["지은"]["공포"] == felt["지은"]["신뢰"] == 0.3  # 불안, 아껴주는
    assert set(felt["말순"].values()) == {0.0}
    assert list(felt["말순"]) == [*AXES, *BASIC_EMOTIONS]


def test_families_are_the_strongest_of_their_labels():
    assert families({"화남/분노": 0.4, "짜증": 0.7, "없음": 1.0}) == dict.fromkeys(BASIC_EMOTIONS, 0.0) | {"분노": 0.7}


@pytest.mark.parametrize(("volatility", "turns"), [(0.0, HALF_LIFE[0]), (0.5, 4), (1.0, HALF_LIFE[1])])
def test_half_of_the_way_back_is_gone_after_the_half_life(volatility, turns):
    cast = {"민수": Temper({"슬픔": 0.2}, volatility)}
    rest = opening(cast)["민수"]
    state = {"민수": {**rest, "valence": rest["valence"] + 0.6, "기쁨": 0.8}}
    for _ in range(int(turns)):
        state = _turn(state, None, [], SILENCE, cast)
    assert state["민수"]["valence"] == pytest.approx(rest["valence"] + 0.3, abs=1e-3)
    assert state["민수"]["기쁨"] == pytest.approx(0.4, abs=1e-3)


@pytest.mark.parametrize(("emotion", "turns"), [("슬픔", 8), ("분노", 4), ("놀람", 2), ("공포", 2), ("혐오", 2)])
def test_sadness_lasts_and_surprise_passes(emotion, turns):
    cast = {"말순": Temper(volatility=0.5)}
    state = {"말순": {**opening(cast)["말순"], emotion: 0.8}}
    for _ in range(turns):
        state = _turn(state, None, [], SILENCE, cast)
    assert state["말순"][emotion] == pytest.approx(0.4, abs=1e-3)


def test_everybody_comes_back_to_rest():
    state = opening(CAST)
    for said in (RAGE, GRIEF, RAGE):
        state = _turn(state, "지은", list(CAST), said)
    assert state != opening(CAST)
    for _ in range(120):
        state = _turn(state, None, list(CAST), SILENCE)
    for name, rest in opening(CAST).items():
        assert state[name] == pytest.approx(rest, abs=2e-3)


def test_a_line_that_says_nothing_moves_nobody():
    assert _turn(opening(CAST), "민수", list(CAST), SILENCE) == opening(CAST)


def test_ones_own_line_moves_half_of_the_way():
    felt = _turn(opening(CAST), "말순", list(CAST), RAGE)["말순"]
    assert felt["분노"] == pytest.approx(OWN * 0.9)
    assert felt["valence"] == pytest.approx(OWN * -0.7)


@pytest.mark.parametrize("speaker", ["말순", None, "민수"])
def test_the_volatile_move_more_than_the_steady(speaker):
    moved = []
    for volatility in (0.0, 0.5, 1.0):
        cast = {"민수": Temper(), "말순": Temper(volatility=volatility)}
        moved.append(_turn(opening(cast), speaker, list(cast), RAGE, cast)["말순"]["분노"])
    assert 0 < moved[0] < moved[1] < moved[2]
    assert moved[2] == pytest.approx(moved[0] * REACTIVITY[1] / REACTIVITY[0], abs=1e-3)


def test_what_is_named_rises_and_only_what_is_contrary_falls():
    cast = {"민수": Temper()}
    state = {"민수": dict.fromkeys(opening(cast)["민수"], 0.5)}
    silent, grieved = _turn(state, "민수", [], SILENCE, cast)["민수"], _turn(state, "민수", [], GRIEF, cast)["민수"]
    assert grieved["슬픔"] > silent["슬픔"]
    assert [e for e in BASIC_EMOTIONS if grieved[e] < silent[e]] == ["기쁨", "신뢰", "기대"]
    assert {e: grieved[e] for e in ("분노", "혐오", "공포", "놀람")} == {
        e: silent[e] for e in ("분노", "혐오", "공포", "놀람")
    }


def test_the_loved_are_caught_fully_and_strangers_less():
    loved, stranger = _heard(1.0, GRIEF)[1], _heard(0.0, GRIEF)[1]
    assert loved["슬픔"] == pytest.approx(CONTAGION * 0.8, abs=1e-4)
    assert stranger["슬픔"] == pytest.approx(CONTAGION * STRANGER * 0.8, abs=1e-4)
    assert loved["valence"] < stranger["valence"] < 0


def test_the_joy_of_the_disliked_hurts_and_their_trouble_pleases():
    before, envious = _heard(-0.9, JOY)
    assert envious["valence"] < before["valence"]
    assert envious["분노"] > 0 == envious["기쁨"]
    before, gloating = _heard(-0.9, GRIEF)
    assert gloating["valence"] > before["valence"]
    assert gloating["기쁨"] > 0 == gloating["슬픔"]


def test_the_rage_of_the_disliked_is_answered_with_rage():
    before, answered = _heard(-0.9, RAGE)
    assert answered["valence"] < before["valence"]
    assert answered["분노"] > 0 == answered["기쁨"]
    assert answered["arousal"] > 0


def test_mild_dislike_closes_the_channel():
    before, felt = _heard(-STRANGER / (1 - STRANGER), JOY)
    assert felt == before


def test_affection_runs_from_the_listener_to_the_speaker():
    cast = {"민수": Temper(), "지은": Temper()}
    other_way = _turn(opening(cast), "민수", ["지은"], JOY, cast, {("민수", "지은"): -1.0})
    assert other_way == _turn(opening(cast), "민수", ["지은"], JOY, cast)


def test_the_absent_feel_only_that_time_passes():
    state = opening(CAST)
    state["말순"]["분노"] = 0.6
    moved, silent = _turn(state, "민수", ["지은"], RAGE), _turn(state, None, [], SILENCE)
    assert moved["말순"] == silent["말순"]
    assert moved["말순"]["분노"] < 0.6
    assert moved["지은"] != silent["지은"]


def test_an_event_moves_those_who_are_there_whatever_they_think_of_one_another():
    hatred = dict.fromkeys(itertools.permutations(CAST, 2), -1.0)
    felt = _turn(opening(CAST), None, ["지은", "말순"], RAGE, affections=hatred)
    assert felt["민수"] == opening(CAST)["민수"]
    assert felt["지은"]["분노"] == felt["말순"]["분노"] > 0


def test_the_state_that_went_in_is_left_alone():
    state = opening(CAST)
    kept = copy.deepcopy(state)
    _turn(state, "민수", list(CAST), RAGE)
    assert state == kept


@pytest.mark.parametrize(
    ("speaker", "heard_by", "basic", "bad"),
    [("철수", [], {}, "'철수' has no state"), ("민수", ["영희"], {}, "'영희'"), (None, [], {"화남": 1.0}, "'화남'")],
)
def test_unknown_people_and_emotions_are_refused(speaker, heard_by, basic, bad):
    with pytest.raises(UsageError, match=bad):
        after(opening(CAST), speaker, heard_by, Emotion(), basic, CAST, {})


def test_a_missing_temperament_and_an_unknown_baseline_are_refused():
    with pytest.raises(UsageError, match=r"temperaments\['말순'\]"):
        _turn(opening(CAST), None, [], SILENCE, {name: CAST[name] for name in ("민수", "지은")})
    with pytest.raises(UsageError, match="'스을픔' is unknown; write one of 슬픔"):
        opening({"민수": Temper({"스을픔": 0.5})})


_share, _signed = st.floats(0, 1), st.floats(-1, 1)
_said = st.tuples(st.builds(Emotion, _signed, _signed), st.dictionaries(st.sampled_from(BASIC_EMOTIONS), _share))
_spoken = st.tuples(st.sampled_from([*CAST, None]), st.sets(st.sampled_from([*CAST])), _said)
_cast = st.fixed_dictionaries(
    dict.fromkeys(CAST, st.builds(Temper, st.dictionaries(st.sampled_from(BASIC_EMOTIONS), _share), _share))
)
_feelings = st.dictionaries(st.permutations([*CAST]).map(lambda names: (names[0], names[1])), _signed)


@settings(max_examples=100, deadline=None, database=None)
@given(_cast, _feelings, st.lists(_spoken, min_size=5, max_size=5))
def test_states_stay_bounded_plain_and_of_one_size_over_ten_thousand_turns(cast, affections, turns):
    state = opening(cast)
    shape = {name: list(felt) for name, felt in state.items()}
    for _ in range(20):  # 100 examples of 5 turns, 20 times over: 10,000
        for speaker, heard_by, said in turns:
            state = _turn(state, speaker, heard_by, said, cast, affections)
            assert {name: list(felt) for name, felt in state.items()} == shape
            for felt in state.values():
                assert all(-1 <= felt[axis] <= 1 for axis in AXES)
                assert all(0 <= felt[emotion] <= 1 for emotion in BASIC_EMOTIONS)
                assert all(type(value) is float and value == round(value, 4) for value in felt.values())
    assert json.loads(json.dumps(state)) == state


@settings(max_examples=40, deadline=None, database=None)
@given(_cast, _feelings, st.lists(_spoken, max_size=6), st.permutations([*CAST]))
def test_the_order_of_people_makes_no_difference(cast, affections, turns, order):
    state, shuffled = opening(cast), opening({name: cast[name] for name in order})
    for speaker, heard_by, said in turns:
        state = _turn(state, speaker, sorted(heard_by), said, cast, affections)
        shuffled = _turn(shuffled, speaker, sorted(heard_by, reverse=True), said, cast, affections)
    assert state == shuffled


def _felt(**strengths):
    return dict.fromkeys([*AXES, *BASIC_EMOTIONS], 0.0) | strengths


@pytest.mark.parametrize(
    ("name", "felt", "said"),
    [
        ("지은", _felt(공포=0.5, 슬픔=0.3), "지금 지은은 불안하고 조금 슬프다."),
        ("민수", _felt(분노=0.5, 슬픔=0.3, 혐오=0.25), "지금 민수는 화가 나고 조금 슬프다."),
        ("말순", _felt(슬픔=0.3, 분노=0.75), "지금 말순은 몹시 화가 나고 조금 슬프다."),
        ("노아", _felt(기대=0.9), "지금 노아는 몹시 설렌다."),
        ("서윤", _felt(공포=0.9, 슬픔=0.8), "지금 서윤은 몹시 불안하고 슬프다."),
        ("서윤", _felt(기쁨=0.3, 슬픔=0.25), "지금 서윤은 조금 기쁘면서도 조금 슬프다."),
        ("막동", _felt(놀람=0.5, 기쁨=0.4), "지금 막동은 놀라 있고 기쁘다."),
        ("도현", _felt(슬픔=0.19, valence=-0.3), "지금 도현은 담담하다."),
        ("말순", _felt(), "지금 말순은 담담하다."),
        ("말순", _felt(valence=-0.4, arousal=0.3), "지금 말순은 날이 서 있다."),
        ("말순", _felt(valence=-0.5, arousal=-0.3), "지금 말순은 기운이 없다."),
        ("말순", _felt(valence=0.4, arousal=0.3), "지금 말순은 들떠 있다."),
        ("말순", _felt(valence=0.5, arousal=-0.3), "지금 말순은 마음이 편하다."),
        ("손님 1", _felt(), "지금 손님 1은 담담하다."),
        ("손님 2", _felt(), "지금 손님 2는 담담하다."),
        ("남자 A", _felt(), "지금 남자 A는 담담하다."),
        ("요원 M", _felt(), "지금 요원 M은 담담하다."),
    ],
)
def test_a_state_in_words(name, felt, said):
    assert in_words(name, felt) == said


_STEM = r"(?:기쁘|든든하|불안하|놀라 있|슬프|못마땅하|화가 나|설레)"
_END = r"(?:기쁘다|든든하다|불안하다|놀라 있다|슬프다|못마땅하다|화가 난다|설렌다)"
_SENTENCE = re.compile(rf"지금 지은은 (?:조금 |몹시 )?{_STEM}(고|면서도) (?:조금 |몹시 )?{_END}\.")
_PLEASANT, _UNPLEASANT = {"기쁨", "신뢰", "기대"}, {"공포", "슬픔", "혐오", "분노"}


@pytest.mark.parametrize("pair", list(itertools.permutations(BASIC_EMOTIONS, 2)), ids="-".join)
def test_every_pair_at_every_strength_is_well_formed(pair):
    contrary = len(_PLEASANT & {*pair}) == len(_UNPLEASANT & {*pair}) == 1
    for strong, weak in itertools.combinations_with_replacement((0.85, STRONG, 0.5, PLAIN, 0.3, SLIGHT), 2):
        said = in_words("지은", _felt(**{pair[0]: strong, pair[1]: weak}))
        match = _SENTENCE.fullmatch(said)
        assert match, said
        assert match[1] == ("면서도" if contrary else "고"), said


def test_what_answers_the_disliked_is_a_basic_emotion():
    assert set(ANSWER) == set(BASIC_EMOTIONS) >= set(ANSWER.values())
    assert set(LASTING) <= set(BASIC_EMOTIONS)


def test_the_page_shows_the_example_as_it_runs_now():
    shown = f"<!-- example -->\n{table()}\n<!-- /example -->" in DOCS.read_text(encoding="utf-8")
    assert shown, "run python -m benchmarks.dynamics_example and look at the figures in the text below the table"


@pytest.mark.parametrize(
    "constant", "HALF_LIFE LASTING REACTIVITY OWN EVENT CONTAGION STRANGER FULL SLIGHT PLAIN STRONG".split()
)
def test_the_page_gives_each_parameter_its_value(constant):
    row = next(row for row in DOCS.read_text(encoding="utf-8").splitlines() if f"`{constant}`" in row and row[0] == "|")
    value = getattr(dynamics, constant)
    figures = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
    assert all(f"{figure:g}" in row.split("|")[3] for figure in figures), row


def test_a_disposition_scales_contagion_and_decay_and_shifts_rest():
    plain, other = Temper(), Temper(contagion=1.5, half_life=2.0, rest=0.2)
    tempers = {"하린": plain, "도윤": other, "서진": plain}
    start = opening(tempers)
    assert start["도윤"]["valence"] == pytest.approx(start["하린"]["valence"] + 0.2)
    level = {**start, "도윤": start["하린"]}
    loved = {("하린", "서진"): 1.0, ("도윤", "서진"): 1.0}
    steady = {**tempers, "도윤": Temper(contagion=1.5)}
    moved = after(level, "서진", ["하린", "도윤"], Emotion(-1.0, 0.0, {}), {}, steady, loved)
    assert moved["도윤"]["valence"] == pytest.approx(1.5 * moved["하린"]["valence"], abs=1e-3)
    high = {name: {**start["하린"], "valence": 0.8} for name in tempers}
    slow = after(high, None, [], Emotion(), {}, {**tempers, "도윤": Temper(half_life=2.0)}, {})
    assert slow["도윤"]["valence"] == pytest.approx(0.8 * (slow["하린"]["valence"] / 0.8) ** 0.5, abs=1e-3)

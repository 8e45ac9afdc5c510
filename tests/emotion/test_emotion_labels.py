"""KOTE's labels, the names a writer may use for them, and the values that targets ask for."""

import unicodedata

import pytest

from emotion.labels import (
    BASIC,
    BASIC_EMOTIONS,
    LABELS,
    STANDS_FOR,
    nearest,
    resolve,
    target_arousal,
    target_valence,
    valence_arousal,
)
from emotion.lexicon import Lexicon
from transcript.errors import UsageError


def test_labels_are_kotes_44_in_its_order():
    assert len(LABELS) == 44
    assert LABELS.index("없음") == 24  # KOTE's label files hold these positions
    assert [LABELS[place] for place in (0, 5, 19, 36, 43)] == ["불평/불만", "슬픔", "절망", "서러움", "안심/신뢰"]
    assert LABELS[32] == "흐뭇함(귀여움/예쁨)"
    assert LABELS[35] == "부담/안_내킴"


def test_every_label_but_없음_has_a_basic_emotion_and_all_eight_are_used():
    assert {label for label in LABELS if not BASIC[label]} == {"없음"}
    assert set(BASIC.values()) - {""} == set(BASIC_EMOTIONS)


def test_values_of_a_label_are_the_mean_of_its_rated_words():
    assert STANDS_FOR.keys() == BASIC.keys()
    words = Lexicon.load().words
    for label, stands in STANDS_FOR.items():
        assert all(words[word].source == "rated" for word in stands), label
    happy, joy = words["기쁘다"], words["기쁨"]
    assert valence_arousal("기쁨") == pytest.approx(
        ((happy.valence + joy.valence) / 2, (happy.arousal + joy.arousal) / 2)
    )
    assert valence_arousal("없음") == (0.0, 0.0)


def test_pleasant_and_unpleasant_labels_lie_on_their_sides():
    for label in ("기쁨", "행복", "감동/감탄", "고마움", "안심/신뢰", "뿌듯함", "환영/호의", "기대감"):
        assert valence_arousal(label)[0] > 0.3, label
    for label in ("슬픔", "화남/분노", "절망", "증오/혐오", "공포/무서움", "불안/걱정", "짜증", "죄책감"):
        assert valence_arousal(label)[0] < -0.3, label
    assert valence_arousal("화남/분노")[1] > valence_arousal("슬픔")[1]
    assert valence_arousal("편안/쾌적")[1] < valence_arousal("즐거움/신남")[1]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("불안/걱정", "불안/걱정"),
        ("걱정", "불안/걱정"),
        ("불안", "불안/걱정"),
        ("분노", "화남/분노"),
        ("귀여움", "흐뭇함(귀여움/예쁨)"),
        ("흐뭇함", "흐뭇함(귀여움/예쁨)"),
        ("안_내킴", "부담/안_내킴"),
        ("부담/안 내킴", "부담/안_내킴"),
        ("자기혐오", "패배/자기혐오"),
        ("반가움", "환영/호의"),
        ("반갑다", "환영/호의"),
        ("쓸쓸함", "슬픔"),
        ("쓸쓸하다", "슬픔"),
        ("그리움", "슬픔"),
        ("후회", "죄책감"),
        ("힘듦", "힘듦/지침"),
        ("깨달음", "깨달음"),
        ("  슬픔 ", "슬픔"),
        ("없음", "없음"),
        ("기쁜", None),
        ("냄비", None),  # a word without a label
        ("분", None),  # the 분 of 분하다 is no name
        ("", None),
    ],
)
def test_resolve(name, label):
    assert resolve(name) == label
    assert resolve(unicodedata.normalize("NFD", name)) == label


def test_every_label_and_basic_emotion_resolves():
    assert [resolve(label) for label in LABELS] == list(LABELS)
    expected = ["기쁨", "안심/신뢰", "공포/무서움", "놀람", "슬픔", "증오/혐오", "화남/분노", "기대감"]
    assert [resolve(basic) for basic in BASIC_EMOTIONS] == expected
    assert [BASIC[label] for label in expected] == list(BASIC_EMOTIONS)


def test_nearest_compares_jamo_and_proposes_names_that_resolve():
    assert nearest("슬픈")[0] == "슬픔"
    assert nearest("행볶")[0] == "행복"
    assert nearest("반가웁다")[0] == "반갑다"
    assert nearest(unicodedata.normalize("NFD", "설래다"))[0] == "설레다"
    assert len(nearest("화남", n=5)) == 5
    assert all(resolve(name) for name in nearest("쓸쓸", n=20))


def test_target_is_the_mean_weighted_by_strength():
    sad, angry = valence_arousal("슬픔"), valence_arousal("화남/분노")
    targets = {"슬픔": 0.4, "분노": 0.5}
    assert target_valence(targets) == pytest.approx((0.4 * sad[0] + 0.5 * angry[0]) / 0.9)
    assert target_arousal(targets) == pytest.approx((0.4 * sad[1] + 0.5 * angry[1]) / 0.9)
    assert target_valence({"기쁨": 0.2}) == pytest.approx(valence_arousal("기쁨")[0])
    assert target_valence({}) == target_arousal({"슬픔": 0.0}) == 0.0


def test_unknown_target_is_named_with_its_neighbours():
    with pytest.raises(UsageError, match=r"'행볶' is unknown; write one of 행복, "):
        target_valence({"행볶": 0.5})

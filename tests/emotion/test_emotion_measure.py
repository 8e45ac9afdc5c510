"""The emotion of a line read from its words."""

import unicodedata

import pytest

from emotion.lexicon import Lexicon
from emotion.measure import NEGATION, STRONGER, WEAKER, EmotionModel, LexiconEmotion
from transcript.turn import Emotion

MODEL: EmotionModel = LexiconEmotion()
WORDS = Lexicon.load().words


def test_one_word_gives_its_rating_and_label():
    emotion = MODEL.read("슬퍼")
    assert emotion.valence == pytest.approx(WORDS["슬프다"].valence)
    assert emotion.arousal == pytest.approx(WORDS["슬프다"].arousal)
    assert emotion.labels.keys() == {"슬픔"}
    assert 0 < emotion.labels["슬픔"] <= 1


def test_words_are_averaged_and_each_names_its_label():
    emotion = MODEL.read("기쁘기도 하고 슬프기도 해")
    assert emotion.valence == pytest.approx((WORDS["기쁘다"].valence + WORDS["슬프다"].valence) / 2, abs=1e-4)
    assert emotion.labels.keys() == {"기쁨", "슬픔"}


def test_negation_pulls_to_the_other_side_and_names_no_label():
    emotion = MODEL.read("하나도 안 슬퍼")
    assert emotion.valence == pytest.approx(NEGATION * WORDS["슬프다"].valence, abs=1e-4)
    assert emotion.labels == {}


@pytest.mark.parametrize(
    ("adverb", "degree"), [("너무", STRONGER), ("정말로", STRONGER), ("조금", WEAKER), ("좀", WEAKER)]
)
def test_adverbs_of_degree_scale_the_word_behind_them(adverb, degree):
    assert MODEL.read(f"{adverb} 그리워").valence == pytest.approx(degree * WORDS["그립다"].valence, abs=1e-4)
    assert MODEL.read(f"{adverb} 안 그리워").valence == pytest.approx(
        degree * NEGATION * WORDS["그립다"].valence, abs=1e-4
    )


def test_decomposed_text_is_read_like_composed_text():
    text = "너무 슬펐어, 진짜로 안 행복해…"
    assert MODEL.read(unicodedata.normalize("NFD", text)) == MODEL.read(text)


def test_an_adverb_scales_no_other_word():
    assert MODEL.read("너무 멀리 왔네. 슬퍼").valence == MODEL.read("슬퍼").valence


def test_punctuation_moves_arousal_only():
    plain = MODEL.read("지은아")
    assert plain == Emotion()
    assert MODEL.read("지은아!").arousal == MODEL.read("지은아！").arousal > 0
    assert MODEL.read("지은아!!").arousal > MODEL.read("지은아!").arousal
    assert MODEL.read("지은아!!!!!!").arousal == MODEL.read("지은아!!!").arousal
    assert MODEL.read("지은아?").arousal > 0
    assert MODEL.read("지은아…").arousal == MODEL.read("지은아...").arousal < 0
    assert MODEL.read("지은아!?…").valence == 0


def test_marks_say_less_than_words():
    assert 0 < MODEL.read("왔어ㅋㅋㅋ").valence < MODEL.read("재밌었어. 즐거웠어").valence
    assert MODEL.read("ㅠㅠ").valence < 0
    assert MODEL.read("행복해ㅠㅠ").valence > 0


def test_a_word_without_a_label_weighs_half():
    prison = MODEL.read("감옥에 갔다")
    assert prison.valence == pytest.approx(WORDS["감옥"].valence / 2, abs=1e-3)
    assert prison.labels == {}
    assert MODEL.read("냄비 좀 올려").valence == 0


def test_the_line_before_changes_nothing():
    assert MODEL.read("왔어?", previous="너무 슬퍼") == MODEL.read("왔어?")


def test_values_stay_in_range():
    emotion = MODEL.read("너무 행복감!!! " * 5 + "진짜 열광했어!!!")
    assert -1 <= emotion.valence <= 1
    assert emotion.arousal <= 1
    assert all(0 < strength <= 1 for strength in emotion.labels.values())


@pytest.mark.parametrize(
    "text", ["", " ", "\0", "\0슬퍼\0", "🙂" * 1000, "\ud800", "가" * 100_000, "슬퍼 " * 33_000, "…" * 100_000]
)
def test_any_text_gets_an_answer(text):
    emotion = MODEL.read(text)
    assert -1 <= emotion.valence <= 1
    assert (emotion.valence < 0) == ("슬퍼" in text)

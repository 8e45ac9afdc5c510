"""The shipped lexicon, inflection by rule, the traps of Korean spelling, and positions."""

import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion.conjugation import nominal
from emotion.labels import BASIC, BASIC_EMOTIONS
from emotion.lexicon import PARTS, READINGS, Lexicon, Word

LEXICON = Lexicon.load()


def _words(text):
    return [("!" if match.negated else "") + match.word for match in LEXICON.matches(text)]


def test_shipped_words_are_in_range_and_consistent():
    assert len(LEXICON.words) >= 5000
    assert {word.pos for word in LEXICON.words.values()} == set(PARTS)
    for word in LEXICON.words.values():
        assert -1 <= word.valence <= 1, word
        assert -1 <= word.arousal <= 1, word
        assert word.pos in PARTS, word
        assert word.reading in READINGS, word
        assert word.source in ("rated", "derived", "inferred"), word
        assert word.emotion in ("", *BASIC_EMOTIONS), word
        assert not word.label or word.emotion == BASIC[word.label], word
        assert (word.pos in ("형용사", "동사")) == word.word.endswith("다"), word
        assert word.word == unicodedata.normalize("NFC", word.word)


def test_most_words_are_inferred_and_no_rating_was_changed_for_a_judgement():
    sources = Counter(word.source for word in LEXICON.words.values())
    assert sources["rated"] > 1350
    assert sources["inferred"] > 3500
    assert LEXICON.words["슬프다"].source == LEXICON.words["감옥"].source == "rated"
    assert LEXICON.words["첫사랑"].source == LEXICON.words["버럭"].source == "inferred"


def test_load_gives_one_object():
    assert Lexicon.load() is LEXICON


def test_words_of_the_shifted_study_have_their_own_values():
    """Out of step, 신경질 would be pleasant and 희망, 환희 and 친절 unpleasant."""
    for pleasant in ("희망", "환희", "친절", "성취감", "사랑", "평화", "우정"):
        assert LEXICON.words[pleasant].valence > 0.3, pleasant
    for unpleasant in ("신경질", "열등감", "억압", "불행", "협박", "살인", "배신감"):
        assert LEXICON.words[unpleasant].valence < -0.3, unpleasant


def test_value_is_the_rating_divided_by_three_and_averaged_over_studies():
    assert LEXICON.words["행복하다"].valence == pytest.approx(2.16 / 3, abs=0.0006)
    assert LEXICON.words["침울하다"].valence == pytest.approx((-1.97 - 2.0625) / 2 / 3, abs=0.0006)


@pytest.mark.parametrize(
    ("forms", "word"),
    [
        ("슬펐어 슬퍼서 슬픈데 슬프네요 슬펐겠다 슬플까 슬프거든 슬픔이 슬퍼하지 슬퍼졌어", "슬프다"),
        ("서글프네요 서글퍼 서글픈 서글펐죠", "서글프다"),
        ("그리웠어요 그리워 그리운 그립다 그립지만 그리우면 그리워하며", "그립다"),
        ("무서워 무섭네 무서운 무서웠습니다 무섭잖아요 무서워졌어", "무섭다"),
        (
            "행복하니까 행복해요 행복했던 행복하시죠 행복하셨어요 행복히 행복을 행복이야 행복해지고 행복해보여",
            "행복하다",
        ),
        ("짜증나 짜증난다 짜증났어 짜증내지만", "짜증내다"),
        ("화났어 화나네요 화내고 화낸다 화나셨어요", "화나다"),
        ("힘들어 힘드네요 힘든 힘듭니다 힘드셨죠 힘들면", "힘들다"),
        ("놀라 놀랐잖아 놀란 놀라지만 놀랍니다", "놀라다"),
        ("놀라운 놀라워라 놀랍군요", "놀랍다"),
        ("깨달았어 깨닫고 깨달은 깨달으면", "깨닫다"),
        ("게을러 게으른 게으르다니 게을렀어", "게으르다"),
        ("수줍은 수줍어하는 수줍게", "수줍다"),
        ("지쳤어 지쳐 지친 지칩니다 지치셨군요", "지치다"),
        ("도와줘 돕고 도울게 도왔어", "돕다"),
        ("우는데 울었어 웁니다 우세요 울고싶어", "울다"),
        ("괴로이 괴로워서 괴롭기만", "괴롭다"),
        ("자랑스레 자랑스러운 자랑스럽습니다", "자랑스럽다"),
        ("눈물이 눈물만 눈물로 눈물까지 눈물나게", "눈물"),
        ("사랑을 사랑해 사랑했어요 사랑이란 사랑받고 사랑해줘요", "사랑"),
        ("걱정은요 걱정이네 걱정까지 걱정들", "걱정"),
        ("걱정하지만 걱정했잖아요 걱정하시니까", "걱정하다"),
        ("감동이야 감동적인 감동적이었어요 감동받았어", "감동"),
        ("최고다 최고야 최고예요 최고였어 최고입니다", "최고"),
    ],
)
def test_every_form_is_found(forms, word):
    for form in forms.split():
        assert _words(f"“{form}…”") == [word], form


@pytest.mark.parametrize(
    "text",
    [
        "그리고 그리 그리도 그림 그리는 그려",  # not 그립다
        "생기고 생기는 생겼다 잘생기고 잘생긴 못생겼네 생기면 생긴",  # not 생기
        "기대고 기대서 기대어 기댔다 기대면 기댄 기대는",  # not 기대하다
        "이상 이상하다 이상형 이상은",
        "고무 고무줄 고무신을",
        "사과 사과를 배 배가 배를 눈 눈이 눈을 눈사람",
        "우리 우리가 운 운이 운명 울 울타리 울릉도",  # not 울다
        "화산 화분 화요일 신발 신문 성남 열심히 기차",  # not 화나다, 신나다
        "복순이가 복순은 정답은 정답을",  # not 복수, 정답다
        "공포탄 사랑니 사랑방 눈물샘 행복동 이야기",  # nouns inside nouns
        "헐레벌떡 어머니 어머님 휴대전화 앗아",  # not 헐, 어머, 휴, 앗
        "솔직히 딱히 굉장히",
        "뛰어내려 뛰어냈다",  # not 뛰어나다
        "편이 편을 약은 약을 분이 독을 반은",  # not 편하다, 약하다, 분하다, 독하다, 반하다
        "무료 시기 동요를 고대 지리 한이 애가 희",  # homographs of one syllable or another field
        "보람아 사랑아",  # names that are called
    ],
)
def test_nothing_is_found_in(text):
    assert _words(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("안 슬프다", "!슬프다"),
        ("안슬퍼", "!슬프다"),
        ("슬프지 않다", "!슬프다"),
        ("슬프지않아요", "!슬프다"),
        ("슬프진 않은데", "!슬프다"),
        ("기쁘지도 않아", "!기쁘다"),
        ("못 믿어", "!믿다"),
        ("믿지 못했어", "!믿다"),
        ("믿을 수가 없어", "!믿다"),
        ("슬픈 게 아니라", "!슬프다"),
        ("행복한 적이 없어", "!행복하다"),
        ("울지 마", "!울다"),
        ("울지 마세요", "!울다"),
        ("걱정 마", "!걱정"),
        ("걱정마세요", "!걱정"),
        ("걱정은 하지 마", "!걱정"),
        ("걱정 안 해", "!걱정"),
        ("희망이 없다", "!희망"),
        ("사랑이 아니야", "!사랑"),
        ("재미없네", "!재미있다"),
        ("재미가 하나도 없었어", "!재미있다"),
        ("화가 안 났어", "!화나다"),
        ("기뻐하지 않았다", "!기쁘다"),
        ("기뻐 하지 않았다", "!기쁘다"),
        ("안 슬프지 않아", "슬프다"),  # twice
        ("슬프지 않아?", "슬프다"),  # a question that expects yes
        ("슬프잖아", "슬프다"),
        ("슬프지, 마지막이니까", "슬프다"),
        ("슬프지 마음은", "슬프다"),
        ("집 안, 무섭다", "무섭다"),
        ("안 그래? 무서워", "무섭다"),
        ("집 안 사랑이", "사랑"),  # 안 negates predicates only
        ("외롭지가 않아", "!외롭다"),
        ("슬픈 얘기는 아니야", "!슬프다"),
        ("좋아서 이러는 거 아니야", "!좋다"),
        ("부러울 게 없지", "!부럽다"),
        ("좋아할 리가 없어", "!좋아하다"),
        ("행복할 리가.", "!행복하다"),
        ("미련은 눈곱만큼도 없어", "!미련"),
        ("질투는 아닌데", "!질투"),
        ("눈물도 나지 않았다", "!눈물"),
        ("슬퍼 마라", "!슬프다"),
        ("희망이 없는 건 아니야", "희망"),  # twice
        ("서운하지 않다고는 못 해", "서운하다"),
    ],
)
def test_negation(text, expected):
    assert _words(text) == [expected]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("화가 너무 나서", "화나다"),
        ("짜증이 나", "짜증내다"),
        ("보고 싶었어요", "보고싶다"),
        ("기가 막혀", "기막히다"),
        ("어이가 없네", "어이없다"),
        ("속이 상하셨죠", "속상하다"),
        ("약 올라", "약오르다"),
        ("성이 났다", "성나다"),
        ("성을 냈다", "성내다"),
        ("마음이 놓인다", "마음놓다"),
        ("화가 머리끝까지 치밀어", "화나다"),
        ("향수에 젖어", "향수"),
        ("기분이 나빠", "기분나쁘다"),
        ("가슴이 너무 아파요", "가슴아프다"),
    ],
)
def test_word_written_apart_is_one_match_over_both_parts(text, word):
    (match,) = LEXICON.matches(text)
    assert match.word == word
    assert " " in text[match.start : match.end]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("화가나서", ["화나다"]),
        ("화가안났어", ["!화나다"]),
        ("어이가없네", ["어이없다"]),
        ("너무슬퍼", ["슬프다"]),
        ("난너무안슬퍼", ["!슬프다"]),
        ("네가미워", ["밉다"]),
        ("너무사랑", []),  # only what is said of somebody runs on
    ],
)
def test_words_run_together(text, expected):
    assert _words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("나를 울리고 떠났다", ["울리다"]),
        ("종을 울리고 떠났다", []),
        ("초인종이 울리고", []),
        ("밤새 운 사람", ["울다"]),
        ("유난히 운 좋은 사람", ["좋다"]),
        ("불만 끄고 잘게", []),
        ("불만 많은 사람", ["불만"]),
        ("한숨도 못 잤어", []),
        ("한숨도 못 쉬었어", ["한숨"]),
        ("바람을 맞고 벼를 베고 기차를 탔다", []),  # not 바라다, 벼르다, 기차다
        ("단추가 떨어져서 그 길로 떠나 버렸다", []),  # not 떨다
        ("손을 덜덜 떨어서", ["덜덜", "떨다"]),
        ("벽에 기대 안 서도 돼", []),
        ("아무것도 기대 안 해", ["!기대하다"]),
        ("사랑이는 웃는다", ["웃다"]),  # a name
    ],
)
def test_what_stands_beside_a_homograph_decides(text, expected):
    assert _words(text) == expected


def test_forms_of_rated_words_are_found_as_the_rated_word():
    """The number of 슬프다 comes from people; that of 슬퍼하다 would be inferred."""
    for form, word in (("슬퍼하다", "슬프다"), ("사랑하다", "사랑"), ("당황스럽다", "당황하다"), ("화내다", "화나다")):
        assert LEXICON.words[form].source == "inferred"
        assert _words(form) == [word]


def test_positions_refer_to_the_nfc_text():
    text = "🙂 ‘안슬퍼’라고, 눈물이 났다 ㅠㅠ"
    matches = LEXICON.matches(unicodedata.normalize("NFD", text))
    assert [text[match.start : match.end] for match in matches] == ["슬퍼", "눈물이", "ㅠㅠ"]
    assert matches == LEXICON.matches(text)


def test_the_longest_word_wins():
    assert _words("사랑스러워 공포감이 불쾌감을 행복감에") == ["사랑스럽다", "공포감", "불쾌감", "행복감"]


def test_words_of_another_lexicon_are_found_by_the_same_rules():
    words = [Word("노엽다", "형용사", -0.5, 0.4, "화남/분노", "분노", "rated", "full")]
    words.append(Word("배", "명사", 0.1, 0.0, "", "", "rated", "none"))
    lexicon = Lexicon(words)
    assert [match.word for match in lexicon.matches("노여움을 사서 배가 노엽게 떠났다")] == ["노엽다", "노엽다"]
    assert "배" in lexicon.words
    assert Lexicon([]).matches("행복해") == []


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("안못 슬퍼서행복하지않아ㅋㅋㅠ화가났"), max_size=60))
def test_any_text_gives_ordered_matches_inside_it(text):
    composed = unicodedata.normalize("NFC", text)
    end = 0
    for match in LEXICON.matches(text):
        assert end <= match.start < match.end <= len(composed)
        assert match.word in LEXICON.words
        end = match.end


def test_every_predicate_is_found_in_its_dictionary_form_and_as_a_noun():
    for word in LEXICON.words.values():
        if word.pos in ("형용사", "동사") and word.reading != "none":
            if word.word == "기차다":  # it is a train
                continue
            assert _words(word.word) == [word.word]
            name = nominal(word.word)
            if name not in ("성남", "바람"):  # a city, the wind
                assert _words(name) in ([word.word], [name])

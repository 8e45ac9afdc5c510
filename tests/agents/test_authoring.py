"""What is proposed from one line: words of the idea first, then lists, scores and, last, the model's own words behind guards."""

from typing import get_args

import pytest

from agents.authoring import Author
from agents.guards import leaks
from agents.ideas import (
    age_of,
    beats,
    goal,
    level_of_idea,
    names_for,
    of_idea,
    parts_of,
    structures,
    themes,
)
from agents.speech import mismatch
from scenarios import Level


@pytest.mark.parametrize(
    ("idea", "age"),
    [
        ("서른둘의 여자 등대지기", "32"),
        ("일흔 살 떡집 주인", "70"),
        ("27살 신입 간호사", "27"),
        ("50대 형사", "55"),
        ("말 많은 떡집 할머니", "76"),
        ("왕따를 당하던 고등학생 전학생", "17"),
        ("할머니가 키운 어부", None),
    ],
)
def test_the_age_is_read_where_the_idea_says_it(idea, age):
    found = age_of(idea)
    assert (found.value if found else None) == age


@pytest.mark.parametrize(
    ("idea", "level"),
    [
        ("조선의 떠돌이 선비, 사람을 죽인 적이 있다", "하오체"),
        ("말 많은 떡집 할머니", "해라체"),
        ("왕을 지키는 상궁", "합쇼체"),
        ("등대지기, 아버지가 돌아오지 않았다", None),
        ("왕따를 당하던 소년", None),
    ],
)
def test_the_level_is_that_of_the_head_of_the_idea_and_of_nobody_else(idea, level):
    found = level_of_idea(idea)
    assert (found.value if found else None) == level


def test_names_fit_age_time_and_sex():
    assert set(names_for("떡집 할머니", "76", (), 1)) <= set("말순 순자 영숙 정희 옥분 춘자 명자".split())
    assert "막동" in names_for("조선의 노비 사내", "30", (), 1) or "덕쇠" in names_for("조선의 노비 사내", "30", (), 1)
    assert "지은" not in names_for("서른의 여자", "30", ("지은",), 1)


def test_a_logline_names_its_subject_and_whom_it_acts_on():
    logline = "십 년 만에 돌아온 등대지기의 딸이 등대를 팔려는 동생을 말린다"
    assert parts_of(logline) == ("십 년 만에 돌아온 등대지기의 딸", "등대를 팔려는 동생")
    assert parts_of("형사가 증거를 찾는다") == ("형사", "")
    assert [offer.value for offer in of_idea("genre", logline)] == ["가족 드라마"] * 2


def test_themes_come_from_words_that_begin_a_word():
    assert themes("왕따를 당하던 전학생")[0][1]["want"] == "급식을 혼자 먹지 않는 것"
    assert all("궁문" not in texts["want"] for _, texts in themes("왕따를 당하던 전학생"))
    assert themes("무엇도 아닌 사람") == []


@pytest.mark.parametrize("structure", structures())
def test_goals_of_every_structure_have_the_right_particles(structure):
    for beat in beats(structure):
        for a, b in (("지은", "민수"), ("민수", "지은")):
            text = goal(beat.goal, a, b)
            assert "{" not in text
            assert text.endswith("다")
            for wrong in ("지은가", "지은는", "지은를", "지은와", "민수이 ", "민수은", "민수을", "민수과"):
                assert wrong not in text
    assert len(structures()) == 3


def test_closed_sets_are_scored_and_say_so(scripted):
    author = Author(scripted({"*": ["…"]}, scores={"꼼꼼하다": 9.0}), "서른둘의 여자 등대지기")
    assert next(offer.value for offer in author.level({})) == "해요체"
    assert {offer.value for offer in author.level({})} == set(get_args(Level))
    assert "chosen by the model among 3" in author.chosen("구성", structures(), {})[0].how
    assert author.slider("trait", "agreeableness", {}).how.startswith("the model finds ")
    assert Author(scripted({"*": ["…"]}), "말이 많은 아이").slider("talk", "talkativeness", {}).value == "0.8"


def test_a_retry_brings_another_text_and_junk_is_never_shown(scripted):
    junk = ["### Prompt: 왕", "민수를 붙잡는 것", "AI 언어 모델", "", "끝나지 않는"]
    author = Author(scripted({"*": [[*junk, "첫차를 혼자 타는 것"]]}), "무엇도 아닌 사람")
    first = author.text("want", {"name": "소라"})
    assert first is not None
    assert (first.value, first.how) == ("첫차를 혼자 타는 것", "written by the model")
    assert author.text("want", {"name": "소라"}) is None
    themed = Author(scripted({"*": ["…"]}), "바다를 떠나지 못하는 전학생")
    texts = [themed.text("secret", {"name": "소라"}).value for _ in range(2)]
    assert len(set(texts)) == 2
    assert all(text.startswith("소라는 ") for text in texts)


def test_lines_asked_for_again_are_others(scripted):
    said = ["밥은 먹었습니까?", "배가 들어옵니다.", "등대 불이 꺼졌습니다.", "그물을 걷겠습니다.", "파도가 높습니다."]
    author = Author(scripted({"*": [[line] for line in said]}), "선장")
    known = {"name": "소라", "voice.level": "합쇼체", "age": "61"}
    drawn = [line.value for _ in range(3) for line in author.lines(known, 1)]
    assert len(set(drawn)) == len(drawn) > 1


def test_gestures_are_from_the_list_and_say_so(scripted):
    author = Author(scripted({"*": ["…"]}), "선장")
    found = [*author.gestures(3), *author.gestures(3)]
    assert len({one.value for one in found}) == 6
    assert {one.how for one in found} == {"from the list"}


def test_the_model_hears_name_and_age(scripted):
    model = scripted({"*": ["첫차를 혼자 타는 것"]})
    heard = []
    draw = type(model).propose
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            type(model), "propose", lambda self, prompt, *a, **k: heard.append(prompt) or draw(self, prompt, *a, **k)
        )
        Author(model, "무엇도 아닌 사람").text("want", {"name": "소라", "age": "61"})
    assert heard
    assert all("이름: 소라 (61)" in prompt for prompt in heard)


def test_example_lines_hold_the_level_set(scripted):
    model = scripted({"소라": ["밥은 먹었습니까?", "지금 배가 들어오고 있습니다.", "됐어, 가자.", "### 끝"]})
    lines = Author(model, "선장").lines({"name": "소라", "voice.level": "합쇼체"}, 2)
    assert lines
    assert all(mismatch(line.value, "합쇼체") is None and not leaks(line.value) for line in lines)

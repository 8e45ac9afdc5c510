"""Facts: their stems, whether a line gives one away, and how a revealing line begins."""

import unicodedata

import pytest

from agents.knowledge import Fact, facts_of, forbidden, keys_of, opening, says
from scenarios import find, load_scenario
from scenarios.values import Relation

NAMES = ["지은", "민수", "말순", "영호"]


def fact(text):
    return Fact(text, frozenset(), keys_of(text, NAMES))


def keys(text):
    return [unicodedata.normalize("NFC", key) for key in keys_of(text, NAMES)]


def test_keys_are_content_without_names_and_endings():
    assert keys("지은은 내일 첫차로 떠난다") == ["내일", "첫차", "떠나"]
    assert keys("민수는 어제 해진호를 팔았다") == ["어제", "해진호", "팔"]
    assert keys("말순은 새벽에 냉동고 코드를 뽑았다") == ["새벽", "냉동고", "코드", "뽑"]


@pytest.mark.parametrize(
    "text", ["저 내일 떠나요.", "첫차로 떠날 거예요.", "내일, 첫차예요.", "나 내일이면 떠나고 없어."]
)
def test_a_line_that_gives_the_fact_away(text):
    assert says(text, fact("지은은 내일 첫차로 떠난다"))


@pytest.mark.parametrize(
    "text",
    ["내일은 비가 온대요.", "첫차는 놓쳤어요.", "왜 말없이 떠났어?", "내일 아침에 밥 먹자.", "배는 어제 들어왔어."],
)
def test_an_innocent_line(text):
    assert not says(text, fact("지은은 내일 첫차로 떠난다"))


@pytest.mark.parametrize(
    ("text", "speaker", "to", "level", "address", "begins"),
    [
        ("지은은 내일 첫차로 떠난다", "지은", "민수", "해요체", "오빠", "저 내일 첫차로 떠나요"),
        ("지은은 내일 첫차로 떠난다", "지은", "민수", "해체", "민수야", "나 내일 첫차로 떠나"),
        ("막동은 빨아 낸 글을 모두 외운다", "막동", "이겸", "합쇼체", "나리", "저 빨아 낸 글을 모두 외웁니다"),
        ("우람은 불 꺼진 방에 못 들어간다", "우람", "만석", "합쇼체", "", "저 불 꺼진 방에 못 들어갑니다"),
        ("노아는 아궁이에 들면 말을 잃는다", "노아", "하린", "하오체", "", "나 아궁이에 들면 말을 잃소"),
        ("노아는 아궁이에 들면 말을 잃는다", "노아", "하린", "해라체", "", "나 아궁이에 들면 말을 잃는다"),
        ("민수는 어제 해진호를 팔았다", "민수", "지은", "해체", "지은아", "나 어제 해진호를 팔았"),
        ("조타실에 지은의 슬리퍼가 있다", "민수", "지은", "해체", "지은아", "조타실에 네 슬리퍼가 있"),
        ("어제 민수가 배를 팔았다", "지은", "민수", "해체", "민수야", "어제 네가 배를 팔았"),
        ("어제 민수가 배를 팔았다", "지은", "민수", "해요체", "선장님", "어제 선장님이 배를 팔았"),
        ("등대지기가 민수를 보았다", "지은", "민수", "해요체", "오빠", "등대지기가 오빠를 보았"),
        ("오늘 밤이 할아버지 제사다", "영호", "말순", "해요체", "어머니", "오늘 밤이 할아버지 제사"),
        (
            "말순은 새벽에 냉동고 코드를 뽑았다",
            "영호",
            "말순",
            "해요체",
            "어머니",
            "어머니는 새벽에 냉동고 코드를 뽑았",
        ),
    ],
)
def test_opening(text, speaker, to, level, address, begins):
    relation = Relation(from_=speaker, to=to, level=level, address=address)
    assert opening(fact(text), speaker, to, relation, level) == begins


def test_only_holders_may_say_and_only_when_unlocked():
    scenario = load_scenario(find("바다"))
    facts = facts_of(scenario)
    texts = [f.text for f in facts]
    secret = texts.index("지은은 내일 첫차로 떠난다")
    known = {name: [i for i, f in enumerate(facts) if name in f.holders] for name in ("민수", "지은")}
    assert facts[secret] in forbidden(facts, "민수", known, [])
    assert facts[secret] not in forbidden(facts, "지은", known, [])
    assert facts[secret] in forbidden(facts, "지은", known, [secret])

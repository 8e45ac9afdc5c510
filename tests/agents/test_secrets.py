"""Secrets by content: hints in other words, on lines labelled by reading before any detector saw them."""

import unicodedata

import pytest

from agents.clues import NAMES, part_of
from agents.guards import Rules, fault
from agents.knowledge import clues, fact_of, facts_of, hints, opening, says
from agents.paraphrases import concepts, concepts_inside, pointers
from scenarios import find, load_scenario
from scenarios.library import shipped
from training.secrets import ROOT, read

TABLE = ROOT / "tests" / "files" / "secrets.tsv"
CAST = {"수현": ["한 대리"], "태호": ["조 사장"], "지은": [], "민수": []}


@pytest.mark.parametrize(
    ("words", "concept"),
    [
        (["입덧하는"], "pregnant"),
        (["홀몸이"], "pregnant"),
        (["다음", "달이면"], "month"),
        (["갈라섰대"], "divorce"),
        (["숨졌어요"], "dead"),
        (["사표를"], "quit"),
        (["교도소에서"], "prison"),
    ],
)
def test_a_concept_is_found_in_any_form_of_its_words(words, concept):
    assert concept in concepts(words)


@pytest.mark.parametrize("word", ["입구", "숨바꼭질", "사표현", "배추는", "강아지풀밭에"])
def test_a_word_that_only_begins_like_one_points_nowhere(word):
    assert not concepts([word]) & {"pregnant", "dead", "quit", "river"}


def test_a_compound_points_where_its_nouns_do():
    assert concepts(["새할머니한테"]) == concepts(["할머니"])
    assert {"son", "birth"} <= concepts_inside("막내아들")
    assert concepts_inside("조난자") == concepts(["조난"])
    assert not concepts_inside("미닫이")


def test_a_rare_word_says_more_than_a_common_one():
    weight = {pointer.word: pointer.weight for pointer in pointers(["입덧", "먹었어"])}
    assert weight["입덧"] == 1
    assert 0 < weight["먹다"] < 0.5


@pytest.mark.parametrize(
    ("stem", "said", "other"),
    [("강", "강으로", "강아지가"), ("사초", "사초를", "사람이"), ("냉동고", "냉동고째로", "냉동실에")],
)
def test_a_part_is_said_by_its_stem(stem, said, other):
    part = part_of(stem, stem)
    assert part.said_in([unicodedata.normalize("NFD", said)])
    assert not part.said_in([unicodedata.normalize("NFD", other)])


def test_clues_have_their_names():
    found = dict(
        zip(NAMES, clues("민수 형, 수현이가 홀몸이 아니래요.", fact_of("수현은 임신했다", [], CAST)), strict=True)
    )
    assert found["touched"] == found["who"] == found["others"] == found["hearsay"] == found["bias"] == 1
    assert found["past"] == found["I"] == 0


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ("수현은 임신했다", "한 대리, 나한테는 말해도 돼. 입덧하는 거 맞지?"),
        ("수현은 임신했다", "수현 씨는 이제 홀몸이 아니에요. 제가 봤어요."),
        ("태호는 보험금을 노리고 공장에 불을 질렀다", "조 사장이 휘발유를 사 갔어. 내가 봤다니까, 방화야."),
        ("지은은 내일 첫차로 떠난다", "저는 날이 밝으면 여기 없을 거예요. 짐 다 쌌어요."),
    ],
)
def test_other_words_for_a_fact_are_a_hint(fact, text):
    found = fact_of(fact, ["수현"], CAST)
    assert not says(text, found)
    assert hints(text, found)


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ("수현은 임신했다", "된장국이 좀 짜네. 물 더 부어."),
        ("태호는 보험금을 노리고 공장에 불을 질렀다", "오늘 회식은 어디서 해요?"),
        ("지은은 내일 첫차로 떠난다", "그물부터 걷자."),
    ],
)
def test_a_line_about_something_else_is_none(fact, text):
    assert not hints(text, fact_of(fact, ["수현"], CAST))


def test_what_says_a_fact_hints_at_it_too():
    fact = fact_of("지은은 내일 첫차로 떠난다", ["지은"], CAST)
    assert says("내일 첫차예요.", fact)
    assert hints("내일 첫차예요.", fact)


@pytest.mark.parametrize(("half", "caught", "alarms"), [("tune", 0.91, 0.53), ("held", 0.96, 0.50)])
def test_the_labelled_lines(half, caught, alarms):
    rows = read(TABLE, half)
    secret, innocent = [row for row in rows if row.reveals], [row for row in rows if not row.reveals]
    assert (len(secret), len(innocent)) == (60, 120)
    assert sum(hints(row.text, row.fact) for row in secret) >= caught * len(secret)
    assert sum(hints(row.text, row.fact) for row in innocent) <= alarms * len(innocent)


def test_who_may_not_say_it_may_not_paraphrase_it():

    fact = fact_of("수현은 임신했다", ["수현"], CAST)
    rules = Rules("태호", {name: tuple(others) for name, others in CAST.items()}, forbidden=(fact,))
    assert fault("한 대리, 입덧하는 거 나 다 봤어요.", rules) == "gives away: 수현은 임신했다"
    assert fault("오늘은 국밥이나 먹읍시다.", rules) is None


@pytest.mark.parametrize("name", shipped())
def test_what_a_beat_has_revealed_is_never_held_for_another_secret(name):
    scenario = load_scenario(find(name))
    facts = facts_of(scenario)
    cast = {persona.name: persona.aliases for persona in scenario.personas}
    out = [text for scene in scenario.scenes for beat in scene.beats for text in beat.reveal]
    for fact in (fact for fact in facts if fact.text in out):
        for speaker in fact.holders:
            line = opening(fact, speaker, "", None, "해체") + "어."
            rules = Rules(speaker, cast, "해체", forbidden=[f for f in facts if f != fact], revealing=True)
            assert "gives away" not in (fault(line, rules) or "")

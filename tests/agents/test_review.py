"""Doubts about personas and scenarios: each contradiction at its place, and none about the shipped ones."""

from dataclasses import replace

import pytest

from agents.review import review_persona, review_scenario
from scenarios import Persona, Voice, find, load_scenario, shipped

GOOD = Persona(
    name="지은",
    role="서울에서 내려온 시나리오 작가",
    persona="3년 전 말없이 떠났다.",
    secret=("지은은 내일 첫차로 떠난다",),
    voice=Voice(
        "문장이 짧다.", "해요체", ("그냥요.",), ("등대가 천천히 돌았나요?", "취재 왔어요. 오빠 보러 온 거 아니고요.")
    ),
)


def graves(doubts):
    return [(doubt.severity, doubt.path) for doubt in doubts if doubt.severity != "note"]


def voice(**changes):
    return replace(GOOD, voice=replace(GOOD.voice, **changes))


def test_a_sound_persona_raises_no_doubt():
    assert graves(review_persona(GOOD)) == []


@pytest.mark.parametrize("title", shipped())
def test_the_shipped_scenarios_have_no_error_and_no_warning(title):
    assert graves(review_scenario(load_scenario(find(title)))) == []


@pytest.mark.parametrize(
    ("persona", "path", "severity", "words"),
    [
        (voice(examples=("밥은 먹었냐?", "취재 왔어요.")), ("voice", "examples", 0), "error", ("해라체", "해요체")),
        (voice(sayings=("됐습니다.",)), ("voice", "sayings", 0), "error", ("합쇼체",)),
        (replace(GOOD, role="내일 첫차로 떠나는 작가"), ("role",), "error", ("everybody reads this",)),
        (voice(examples=(*GOOD.voice.examples, "저 내일 첫차로 떠나요.")), ("voice", "examples", 2), "warning", ("copy",)),
        (voice(examples=()), ("voice",), "warning", ("0 example lines",)),
        (voice(examples=("취재 왔어요.",)), ("voice", "examples"), "warning", ("1 example lines",)),
        (voice(examples=(*GOOD.voice.examples, "등대가 천천히 돌았네요?")), ("voice", "examples", 2), "warning", ("almost",)),
        (voice(level=None), ("voice",), "warning", ("no speech level",)),
        (replace(GOOD, role=""), (), "warning", ("role is empty",)),
        (replace(GOOD, role="아주 " * 40 + "긴 소개"), ("role",), "warning", ("tokens",)),
        (replace(GOOD, aliases=("지은",)), ("aliases", 0), "warning", ("the name itself",)),
        (replace(GOOD, name="은"), ("name",), "warning", ("one syllable",)),
    ],
)  # fmt: skip
def test_every_contradiction_is_found_at_its_place(persona, path, severity, words):
    found = [doubt for doubt in review_persona(persona) if doubt.path == path and doubt.severity == severity]
    assert found
    assert all(any(word in str(doubt) for doubt in found) for word in words)


def test_one_line_may_mix_polite_and_plain_and_a_relation_allows_its_level():
    mixed = voice(examples=("됐어. 안 가요.", "취재 왔어요."))
    assert graves(review_persona(mixed)) == []
    plain = voice(examples=("등대 봤어?", "취재 왔어요. 오빠 보러 온 거 아니고요."))
    assert ("error", ("voice", "examples", 0)) in graves(review_persona(plain))
    assert graves(review_persona(plain, levels=["해체"])) == []


def test_names_clash_with_those_of_others():
    clash = replace(GOOD, aliases=("윤 작가",))
    assert ("error", ("aliases", 0)) in graves(review_persona(clash, {"하린": ("윤 작가",)}))
    assert ("warning", ("name",)) in graves(review_persona(GOOD, {"지은수": ()}))
    assert any("common word" in str(doubt) for doubt in review_persona(replace(GOOD, name="하늘")))


def test_a_secret_that_the_opening_action_tells_is_found():
    scenario = load_scenario(find("바다"))
    scene = replace(scenario.scenes[0], action="지은은 내일 첫차로 떠난다. 가방에 표가 있다.")
    found = review_scenario(replace(scenario, scenes=(scene, *scenario.scenes[1:])))
    assert ("warning", ("scenes", 0, "action")) in graves(found)


def test_a_doubt_about_somebody_of_the_cast_says_who_it_is():
    scenario = load_scenario(find("바다"))
    first, second = scenario.cast
    mute = replace(second.persona, voice=replace(second.persona.voice, examples=()))
    doubtful = replace(scenario, cast=(first, replace(second, persona=mute)))
    assert ("warning", ("cast", 1, "persona", "voice")) in graves(review_scenario(doubtful))

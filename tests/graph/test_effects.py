"""What a turn does to the characters' feelings, and that the next prompt says so, in play as in training."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from emotion.dynamics import AXES, in_words
from emotion.labels import BASIC_EMOTIONS
from graph.effects import felt
from graph.scenes import opening_state
from tests.conftest import FILES
from training.corpus import NEUTRAL, read_scene
from training.dataset import corpus_row
from transcript.turn import Emotion, Turn

CORPUS_SCENE = Path(__file__).parents[1] / "training" / "files" / "빈수조.yaml"
ANGRY = Emotion(-0.8, 0.7, {"화남/분노": 0.9})
BOTH = ("소라", "태오")
TWO = (FILES / "둘.yaml").read_text(encoding="utf-8")
LINES = {"소라": ["그 상자는 내가 들게.", "커튼은 안 가져가."], "태오": ["뭐가 들었는데요?", "트럭이 곧 와요."]}


def turn(kind, speaker=None, present=BOTH, emotion=ANGRY):
    return Turn(1, 1, 1, kind, "내가 그 상자 손대지 말랬지!", speaker=speaker, emotion=emotion, present=present)


def curtain(take):
    return opening_state(take.company, "take", 7, 100, [], False)


@pytest.fixture
def play(staged, scripted, tmp_path):
    """Return a function that stages the house of two, with parts of its file replaced."""

    def make(*replacements, lines=LINES):
        text = TWO
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "빈집.yaml"
        file.write_text(text, encoding="utf-8")
        return staged(scripted(lines), file)

    return make


def test_the_curtain_rises_on_everybody_as_their_persona_is(play):
    feelings = curtain(play(("    role: 짐을 싸는 사람", "    emotion: {baseline: {슬픔: 0.5}}")))["feelings"]
    assert feelings["소라"]["슬픔"] == 0.5
    assert feelings["소라"]["valence"] < 0
    assert set(feelings["태오"].values()) == {0.0}


def test_a_line_moves_its_speaker_more_than_who_hears_it_and_nobody_who_is_away(staged, scripted):
    take = staged(scripted(LINES), FILES / "늦게.yaml")
    feelings = felt(take.company, curtain(take), turn("dialogue", "소라"))
    assert feelings["소라"]["분노"] > feelings["태오"]["분노"] > 0
    assert set(feelings["미르"].values()) == {0.0}


def test_what_happens_moves_all_who_are_there_alike_and_a_transition_nobody(play):
    take = play()
    state = curtain(take)
    for kind in ("action", "event"):
        feelings = felt(take.company, state, turn(kind))
        assert feelings["소라"] == feelings["태오"]
        assert feelings["소라"]["분노"] > 0
    assert felt(take.company, state, turn("transition")) == state["feelings"]


def test_a_stormy_character_is_moved_further(play):
    take = play(("    role: 짐을 싸는 사람", "    emotion: {volatility: 1.0}"))
    feelings = felt(take.company, curtain(take), turn("event"))
    assert feelings["소라"]["분노"] > feelings["태오"]["분노"]


def test_affection_as_it_is_now_decides_what_a_listener_catches(play):
    take = play(("level: 해요체, address: 누나}", "level: 해요체, address: 누나, affection: 1.0}"))
    glad = turn("dialogue", "소라", emotion=Emotion(0.8, 0.5, {"기쁨": 0.9}))
    loving = curtain(take)
    hating = {**loving, "relations": [{"from": "태오", "to": "소라", "affection": -1.0}]}
    assert felt(take.company, loving, glad)["태오"]["기쁨"] > 0.2
    answer = felt(take.company, hating, glad)["태오"]
    assert (answer["기쁨"], answer["분노"] > 0.1) == (0.0, True)


def test_the_opening_of_a_scene_moves_people_before_anybody_speaks(play):
    take = play(("action: 상자 하나만 남은 거실.", "action: 무서운 비명에 두 사람이 깜짝 놀란다."))
    take.start(7, [], person=False)
    first = next(take.play(pause=True))
    assert (first.n, first.kind) == (1, "action")
    assert take.state()["feelings"]["태오"]["놀람"] > 0.1


def test_an_event_of_the_scenario_moves_people(play):
    take = play(
        ("천장에서 물 한 방울이 떨어진다.", "천장이 무너지고 두 사람이 공포에 질린다. 너무 무섭다."),
        ("turns: [2, 4]\n        speakers: [소라, 태오]", "turns: [9, 10]"),
        lines={"*": ["그래."]},
    )
    take.start(7, [], person=False)
    for step in take.play():
        if step.kind == "event":
            break
    assert take.state()["feelings"]["소라"]["공포"] > 0.1


def test_a_line_that_the_person_typed_counts(play):
    take = play()
    take.start(7, ["태오"], person=True)
    list(take.play())
    take.say("나 정말 화나요! 너무 분노가 치밀어요!")
    next(take.play(pause=True))
    assert take.state()["feelings"]["태오"]["분노"] > take.state()["feelings"]["소라"]["분노"] > 0


def test_what_a_character_feels_stands_in_their_own_prompts_only(play, monkeypatch):
    take = play(lines={**LINES, "소라": [["나 정말 화나! 너무 분노가 치밀어!"], ["커튼은 안 가져가."]]})
    prompts, model = [], type(take.company.model)
    propose = model.propose

    def heard(self, prompt, n, **options):
        prompts.append(prompt)
        return propose(self, prompt, n, **options)

    monkeypatch.setattr(model, "propose", heard)
    take.start(7, [], person=False)
    list(take.play())
    mine = [prompt for prompt in prompts if prompt.splitlines()[-1].startswith("소라:")]
    assert "지금 소라는" not in mine[0]
    assert "]\n소라:" in mine[1].split("지금 소라는 ")[1]
    assert "화가 난다" in mine[1].split("지금 소라는 ")[1].split(". ")[0]
    assert not any("지금 소라는" in prompt for prompt in prompts if prompt not in mine)


def test_what_everybody_feels_takes_ten_numbers_each_however_long_the_take(play):
    take = play()
    take.start(7, [], person=False)
    for _ in take.play():
        feelings = take.state()["feelings"]
        assert list(feelings) == list(BOTH)
        assert all(set(of_one) == {*AXES, *BASIC_EMOTIONS} for of_one in feelings.values())


def test_a_training_row_shows_the_feeling_that_play_would_show():
    scene = read_scene(CORPUS_SCENE)
    lines = [replace(line, emotion="화남/분노") if line.speaker else line for line in scene.lines]
    lines[-1] = replace(lines[-1], emotion=NEUTRAL)
    row = corpus_row(replace(scene, lines=tuple(lines)), random.Random(0), share=1.0)
    tails = [piece.text for piece in row.pieces if "말투" in piece.text]
    angry = in_words("미란", {**dict.fromkeys([*AXES, *BASIC_EMOTIONS], 0.0), "분노": 0.3})
    assert "지금 미란은" not in tails[0].replace("지금 미란이", "")
    assert angry in tails[-1]

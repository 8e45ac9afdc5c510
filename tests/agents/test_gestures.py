"""Gestures: whose turn it is to do something does what the writer gave them, once, and near the plan in mood."""

import pytest

from agents.director import Director
from agents.knowledge import facts_of
from agents.narration import gestures
from agents.stage import Act, Stage
from model.base import Scores
from scenarios import find, load_scenario, shipped
from transcript.turn import Emotion, Turn

SEA = load_scenario(find("바다"))
HEARD = "제목: 바다\n"


class Asked:
    """A model that prefers one option, and keeps what it was asked."""

    def __init__(self, word):
        self.word, self.asked = word, []

    def score(self, prompt, options):
        self.asked.append((prompt, list(options)))
        liked = [5.0 if self.word in option and prompt.startswith(HEARD) else 1.0 for option in options]
        return Scores(tuple(x / sum(liked) for x in liked), 1, 10, 1, 0.0)


def stage(*more):
    spoken = [
        Turn(
            1,
            1,
            1,
            "dialogue",
            f"{word} 안 보이네요.",
            "지은",
            ("민수",),
            emotion=Emotion(-0.2),
            present=("민수", "지은"),
        )
        for word in ("배가", "등대가", "새가", "해가", "섬이", "달이", "구름이")
    ]
    given = {"path": [0], "beat": 1, "beat_turns": 2, "turns": [*more, *spoken * 7], "present": ["민수", "지은"]}
    return Stage(**given, spoken=[], out=[], known={}, relations={}, seed=7)


def decided(word="흉터", moods=None, steer=True, more=()):
    model = Asked(word)
    return Director(SEA, facts_of(SEA), moods or {}, steer).decide(stage(*more), HEARD, model), model


def test_the_one_spoken_to_does_the_gesture_that_gains_most_from_the_scene():
    act, model = decided()
    assert isinstance(act, Act)
    assert (act.subject, act.text) == ("민수", "민수가 엄지로 손등의 흉터를 문지른다.")
    assert act.spent.calls == 2
    assert [prompt.startswith(HEARD) for prompt, _ in model.asked] == [True, False]
    assert all(option.startswith(" ") for _, options in model.asked for option in options)


def test_a_gesture_comes_once_and_then_the_model_writes():
    seen = [Turn(1, 1, 1, "action", text, None, present=("민수", "지은")) for text in gestures(SEA.personas[0])]
    act, _ = decided(more=seen[:2], word=seen[0].text.removeprefix("민수가"), steer=False)
    assert act.text and act.text not in {turn.text for turn in seen[:2]}
    act, model = decided(more=seen)
    assert (act.subject, act.text, model.asked) == ("민수", "", [])


def test_steered_the_gesture_is_one_of_those_nearest_to_the_plan():
    texts = gestures(SEA.personas[0])
    moods = {text: 0.9 if "흉터" in text else -0.3 for text in texts}
    act, _ = decided(moods=moods)
    assert "흉터" not in act.text
    act, _ = decided(moods=moods, steer=False)
    assert "흉터" in act.text


@pytest.mark.parametrize("name", shipped())
def test_everyone_who_ships_has_gestures_of_their_own(name):
    found = [text for persona in load_scenario(find(name)).personas for text in persona.gestures]
    assert len(set(found)) == len(found) >= 12

"""Three things that could happen next: different in mood and in content, each with the turn it would bring."""

from itertools import combinations

import pytest

from agents.director import Director
from agents.guards import similarity
from agents.knowledge import facts_of
from agents.stage import Stage
from agents.suggestions import Suggestion, by_plan, suggest
from emotion.measure import LexiconEmotion
from scenarios import find, load_scenario
from transcript.turn import Emotion, Turn

SEA = load_scenario(find("바다"))
HEARD = "제목: 바다\n"


def stage(**changed):
    line = Turn(1, 1, 1, "dialogue", "배가 안 보이네요.", "지은", emotion=Emotion(-0.2), present=("민수", "지은"))
    given = {"path": [0], "beat": 1, "beat_turns": 2, "turns": [line], "present": ["민수", "지은"], "spoken": []}
    given |= {"out": [], "known": {}, "relations": {}, "seed": 7}
    return Stage(**{**given, **changed})


def three(scripted, **changed):
    model = scripted({"*": [["민수가 웃으며 밧줄을 던진다.", "이 밧줄은 내 거야.", "민수가 밧줄을 감는다."]]})
    director = Director(SEA, facts_of(SEA))
    return suggest(director, stage(**changed), HEARD, model, LexiconEmotion(), 7)[0]


def test_three_events_that_are_not_each_others_copies(scripted):
    found = three(scripted)
    assert len(found) == 3
    assert all(similarity(a.text, b.text) < 0.3 for a, b in combinations(found, 2))
    assert all("\n" not in s.text and s.text.endswith(".") for s in found)


def test_an_event_that_happened_does_not_come_again(scripted):
    used = list(SEA.scenes[0].events)
    assert not {s.text for s in three(scripted, used_events=used)} & set(used)


def test_who_is_away_may_come_in(scripted):
    entrances = [s for seed in range(12) for s in three(scripted, present=["민수"], seed=seed) if s.enters]
    assert {s.enters for s in entrances} <= {"지은"}


def test_the_turn_that_an_event_would_bring_is_said_in_words():
    assert Suggestion("볕이 든다.", 0.3, 0.5, "기쁨", "engine").in_words() == "밝아진다 +0.50, 기쁨"
    assert Suggestion("비가 온다.", -0.3, -0.1, "", "engine").in_words() == "어두워진다 -0.10"
    assert Suggestion("문이 있다.", 0.0, 0.0, "", "engine").in_words() == "그대로 간다 +0.00"


def test_the_turn_is_measured_from_the_last_lines_and_from_nothing_else(scripted):
    events = [Turn(n, 1, 1, "event", "비가 온다.", emotion=Emotion(0.9), present=("민수", "지은")) for n in (2, 3)]
    after = stage(turns=[*stage().turns, *events])
    for one in three(scripted, turns=after.turns):
        assert one.shift == pytest.approx(one.valence + 0.2, abs=1e-3)


def test_the_plan_takes_what_lies_nearest():
    found = [Suggestion("가.", -0.4, 0, "", "engine"), Suggestion("나.", 0.3, 0, "", "engine")]
    assert by_plan(found, 0.1).text == "나."
    assert by_plan([], 0.1) is None


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same_three(scripted, seed):
    assert three(scripted, seed=seed) == three(scripted, seed=seed)

"""The plan: waypoints of the beats, the way between them, and the shape that leans on both."""

from dataclasses import replace

import pytest

from agents.planning import planned
from emotion.labels import target_valence
from scenarios import find, load_scenario

SEA = load_scenario(find("바다"))
UNSHAPED = replace(SEA, arc={})


def valences(scenario, name, path, beat):
    most = scenario.scenes[path[-1]].beats[beat].turns[1]
    return [target_valence(planned(scenario, path, beat, played, name)) for played in range(most)]


def test_a_beat_ends_on_its_target_and_begins_near_the_one_before():
    before, here = (target_valence(SEA.scenes[0].beats[i].emotion["민수"]) for i in (1, 2))
    way = valences(UNSHAPED, "민수", [0], 2)
    assert way[-1] == pytest.approx(here, abs=0.05)
    assert abs(way[0] - before) < abs(way[-1] - before)
    assert way == sorted(way, reverse=here < before)


def test_the_first_beat_sets_out_from_rest():
    rest = target_valence(SEA.personas[0].emotion.baseline)
    here = target_valence(SEA.scenes[0].beats[0].emotion["민수"])
    first = valences(UNSHAPED, "민수", [0], 0)[0]
    assert min(rest, here) - 0.01 <= first <= max(rest, here) + 0.01


def test_where_a_beat_asks_nothing_the_last_waypoint_holds():
    beats = tuple(replace(beat, emotion={} if i == 1 else beat.emotion) for i, beat in enumerate(SEA.scenes[0].beats))
    silent = replace(UNSHAPED, scenes=(replace(SEA.scenes[0], beats=beats), *SEA.scenes[1:]))
    held = planned(silent, [0], 1, 3, "지은")
    assert held == dict(sorted(SEA.scenes[0].beats[0].emotion["지은"].items(), key=lambda item: -item[1]))


def test_a_shape_pulls_the_plan_up_at_its_top_and_down_at_its_bottom():
    def with_shape(shape):
        shaped = replace(SEA, arc={"민수": shape})
        return target_valence(planned(shaped, [0, 1], 3, 8, "민수"))

    plain = target_valence(planned(UNSHAPED, [0, 1], 3, 8, "민수"))
    assert with_shape("rags-to-riches") > plain > with_shape("tragedy")


def test_a_plan_names_few_labels_the_strongest_first():
    for name in ("민수", "지은"):
        for beat in range(3):
            target = planned(SEA, [0], beat, 1, name)
            assert 1 <= len(target) <= 3
            assert list(target.values()) == sorted(target.values(), reverse=True)

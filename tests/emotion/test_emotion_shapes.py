"""The six shapes as targets and as verdicts, and what chance reaches."""

from itertools import combinations, pairwise
from statistics import correlation, quantiles
from typing import get_args

import numpy
import pytest

from emotion.shapes import CHANCE, FEWEST, GLOSS, SHAPES, settle, target, verdict, window
from scenarios.values import Shape as ScenarioShape


def _turns(values):
    """Return the directions in which a curve goes, `+` up and `-` down, each once."""
    steps = ["+" if b > a else "-" for a, b in pairwise(values)]
    return "".join(step for place, step in enumerate(steps) if place == 0 or steps[place - 1] != step)


def _noisy(shape, n, seed, spread):
    noise = numpy.random.default_rng(seed).normal(0, spread, n)
    return [0.7 * value + error for value, error in zip(target(shape, n), noise, strict=True)]


def _walks(count, n):
    return numpy.random.default_rng(2016).standard_normal((count, n)).cumsum(axis=1)


@pytest.mark.parametrize(
    ("shape", "turns"),
    [
        ("rags-to-riches", "+"),
        ("tragedy", "-"),
        ("man-in-a-hole", "-+"),
        ("icarus", "+-"),
        ("cinderella", "+-+"),
        ("oedipus", "-+-"),
    ],
)
def test_each_shape_rises_and_falls_as_its_name_says(shape, turns):
    curve = target(shape, 31)
    assert _turns(curve) == turns
    assert min(curve) == pytest.approx(-1, abs=0.01) and max(curve) == pytest.approx(1, abs=0.01)
    gloss = GLOSS[shape].replace("올랐다", "+").replace("내렸다", "-").replace("오름", "+").replace("내림", "-")
    assert gloss.replace(" ", "") == turns


def test_the_shapes_are_those_that_a_scenario_may_name():
    assert get_args(ScenarioShape) == SHAPES


def test_shapes_are_opposites_or_unlike():
    found = {pair: correlation(target(pair[0], 200), target(pair[1], 200)) for pair in combinations(SHAPES, 2)}
    opposites = {pair for pair, r in found.items() if r == pytest.approx(-1)}
    assert opposites == {("rags-to-riches", "tragedy"), ("man-in-a-hole", "icarus"), ("cinderella", "oedipus")}
    assert max(abs(r) for pair, r in found.items() if pair not in opposites) < 0.02


def test_a_target_has_as_many_values_as_asked_for():
    assert [len(target("icarus", n)) for n in (0, 1, 2, 200)] == [0, 1, 2, 200]
    assert target("tragedy", 2) == [1, -1]
    with pytest.raises(ValueError, match="-1 values"):
        target("icarus", -1)


def test_the_window_is_odd_and_about_a_fifth():
    assert [window(n) for n in (0, 2, 3, 19, 20, 40, 200)] == [1, 1, 3, 3, 5, 9, 41]


def test_settle_is_a_triangle_without_lag_and_keeps_a_level():
    assert settle([0, 0, 0, 1, 0, 0, 0]) == pytest.approx([0, 0, 0.25, 0.5, 0.25, 0, 0])
    assert settle([0.4] * 25) == pytest.approx([0.4] * 25)
    assert settle([1, 0, 0]) == pytest.approx([2 / 3, 0.25, 0])  # at the end, half the window
    assert settle([]) == []


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [12, 40, 200])
def test_noisy_copies_are_known_again(shape, n):
    verdicts = [verdict(_noisy(shape, n, seed, 0.35)) for seed in range(10)]
    assert sum(found.shape == shape for found in verdicts) >= 9


@pytest.mark.parametrize("shape", SHAPES)
def test_a_long_arc_with_little_noise_is_clear(shape):
    verdicts = [verdict(_noisy(shape, 60, seed, 0.2)) for seed in range(10)]
    assert sum(found.clear and found.shape == shape for found in verdicts) >= 9
    assert "not a book" in verdicts[0].caution and "No clear shape" not in verdicts[0].caution


@pytest.mark.parametrize("n", [6, 8, 10, 14, 19, 20, 33, 60, 150])
def test_random_walks_are_clear_one_time_in_twenty(n):
    clear = sum(verdict(list(walk)).clear for walk in _walks(1500, n))
    assert clear / 1500 < 0.075


@pytest.mark.parametrize("n", [6, 12, 20, 40, 100])
def test_the_table_of_chance_is_what_simulation_gives(n):
    best = [verdict(list(100 * walk)).correlation for walk in _walks(3000, n)]  # wide, so that none is flat
    assert quantiles(best, n=20)[-1] == pytest.approx(CHANCE[n], abs=0.004)


def test_a_verdict_depends_on_neither_level_nor_height():
    values = _noisy("oedipus", 30, 3, 0.2)
    moved = verdict([0.4 * value - 0.3 for value in values])
    assert moved.shape == "oedipus" and moved.correlation == pytest.approx(verdict(values).correlation)


@pytest.mark.parametrize("n", [0, 1, FEWEST - 1])
def test_a_short_arc_has_no_shape(n):
    found = verdict(target("rags-to-riches", n))
    assert (found.shape, found.second, found.clear) == (None, None, False)
    assert f"{n} lines are too few" in found.caution


def test_a_flat_arc_has_no_shape_however_regular():
    found = verdict([0.05 * value for value in target("man-in-a-hole", 40)])
    assert (found.shape, found.clear) == (None, False)
    assert "flat" in found.caution
    assert verdict([0.0] * 40).shape is None


def test_two_shapes_that_fit_alike_are_named_and_not_clear():
    both = [0.5 * a + 0.5 * b for a, b in zip(target("tragedy", 40), target("icarus", 40), strict=True)]
    found = verdict(both)
    assert {found.shape, found.second} == {"tragedy", "icarus"}
    assert not found.clear
    assert f"{found.second} fits almost as well" in found.caution

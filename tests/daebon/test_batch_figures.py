"""Scores of a take, the ranking, and intervals that find a difference where there is one and none where there is none."""

import random
from types import SimpleNamespace

import pytest

from daebon.batch.figures import best, contrasts, ranked
from daebon.batch.work import Outcome
from daebon.scoring import scored
from transcript.record import Transcript
from transcript.turn import Turn


def jobs_and_outcomes(scores):
    """Return stand-ins for jobs, and outcomes, of {(title, seed, variant): score}."""
    jobs, outcomes = [], {}
    for (title, seed, variant), score in scores.items():
        key = f"{title}-{seed}-{variant}"
        jobs.append(
            SimpleNamespace(key=key, scenario=SimpleNamespace(title=title), take={"seed": seed}, variant=variant)
        )
        failed = score is None
        outcomes[key] = Outcome(key, "" if failed else key, {} if failed else {"score": score}, error="x" * failed)
    return jobs, outcomes


def test_takes_are_ranked_by_score_failed_ones_not_at_all_and_the_best_are_per_scenario():
    scores = {
        ("바다", 1, "a"): 0.5,
        ("바다", 2, "a"): 0.9,
        ("민어", 1, "a"): 0.7,
        ("민어", 2, "a"): None,
        ("바다", 3, "a"): 0.8,
    }
    jobs, outcomes = jobs_and_outcomes(scores)
    ranking = ranked(outcomes, jobs)
    assert [job.key for job in ranking] == ["바다-2-a", "바다-3-a", "민어-1-a", "바다-1-a"]
    assert [job.key for job in best(ranking, 1)] == ["바다-2-a", "민어-1-a"]


def test_an_interval_holds_a_difference_that_is_there_and_spans_zero_where_there_is_none():
    rng = random.Random(4)
    scores = {}
    for seed in range(40):
        base = rng.gauss(0.6, 0.1)
        scores["바다", seed, "plain"] = base
        scores["바다", seed, "same"] = base + rng.gauss(0, 0.03)
        scores["바다", seed, "better"] = base + 0.05 + rng.gauss(0, 0.03)
    rows = {(row.first, row.second): row for row in contrasts(*jobs_and_outcomes(scores)[::-1])}
    assert rows["plain", "same"].low < 0 < rows["plain", "same"].high
    better = rows["plain", "better"]
    assert 0 < better.low < 0.05 < better.high < 0.08
    assert better.takes == 40
    assert better.difference == pytest.approx(better.means[1] - better.means[0], abs=2e-4)
    again = contrasts(*jobs_and_outcomes(scores)[::-1])
    assert again == list(rows.values())


def test_only_takes_that_both_have_are_compared_and_two_say_nothing():
    scores = {
        ("바다", 1, "a"): 0.5,
        ("바다", 2, "a"): 0.6,
        ("바다", 1, "b"): 0.7,
        ("바다", 2, "b"): 0.7,
        ("바다", 9, "b"): 0.1,
    }
    jobs, outcomes = jobs_and_outcomes(scores)
    assert contrasts(outcomes, jobs) == []


def take(*texts):
    turns = tuple(
        Turn(n, 1, 1, "dialogue", text, "소라", ("태오",), present=("소라", "태오")) for n, text in enumerate(texts, 1)
    )
    scenario = {
        "title": "빈집",
        "cast": [{"name": "소라"}, {"name": "태오"}],
        "scenes": [{"beats": [{"goal": "짐을 싼다"}]}],
    }
    beats = [{"scene": 1, "beat": 1, "turns": 3, "reason": "condition: 소라 spoke"}]
    return Transcript("빈집", scenario, {"seed": 1, "path": [0], "beats": beats}, turns)


def test_a_take_with_faults_scores_less_than_one_without():
    good = scored(take("그 상자는 내가 들게.", "커튼은 안 가져가.", "바닥이 차네, 그치?"))
    bad = scored(take("그 상자는 내가 들게.", "### Answer: 태오: 그래.", "바닥이 차네, 그"))
    assert good["clean"] == 1.0
    assert bad["clean"] == pytest.approx(1 / 3, abs=1e-3)
    assert good["score"] > bad["score"]
    assert (bad["residue"], bad["cut"]) == (1, 1)
    assert "r" not in good  # nothing was planned, so nothing can be said of it

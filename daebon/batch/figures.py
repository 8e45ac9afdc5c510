"""Rank the takes of a batch, and compare models or settings with bootstrap intervals over takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from daebon.batch.plan import Job
from daebon.batch.work import Outcome
from transcript.html import Contrast

FIGURES = ("score", "clean", "follows", "reached", "copy_share", "distance", "fit", "seconds_median")
"""What is compared."""
LEVEL = 0.95
_RESAMPLES = 2_000
_FEWEST = 3  # pairs under which an interval would say nothing


def ranked(outcomes: Mapping[str, Outcome], jobs: Sequence[Job]) -> list[Job]:
    """Return the finished takes, the best score first; equal scores by scenario, seed and variant."""
    done = [job for job in jobs if job.key in outcomes and not outcomes[job.key].error]
    return sorted(
        done,
        key=lambda job: (
            -outcomes[job.key].scores.get("score", 0.0),
            job.scenario.title,
            job.take["seed"],
            job.variant,
        ),
    )


def best(ranking: Sequence[Job], k: int) -> list[Job]:
    """Return the `k` best takes of each scenario, in the order of the ranking."""
    kept: dict[str, list[Job]] = {}
    for job in ranking:
        kept.setdefault(job.scenario.title, []).append(job)
    chosen = {job.key for takes in kept.values() for job in takes[:k]}
    return [job for job in ranking if job.key in chosen]


def contrasts(outcomes: Mapping[str, Outcome], jobs: Sequence[Job]) -> list[Contrast]:
    """Compare each two variants in each figure over the takes that both have: same scenario, same seed.

    The interval is the percentile bootstrap (Efron & Tibshirani 1993, ch. 13) of the mean paired difference, over
    `_RESAMPLES` resamples of pairs drawn from a fixed seed, so that the same takes give the same interval.
    """
    variants: dict[str, dict[tuple[str, int], Mapping[str, float]]] = {}
    for job in jobs:
        if job.key in outcomes and not outcomes[job.key].error:
            place = (job.scenario.title, int(job.take["seed"]))
            variants.setdefault(job.variant, {})[place] = outcomes[job.key].scores
    rows = []
    for first, second in combinations(variants, 2):
        shared = [place for place in variants[first] if place in variants[second]]
        for figure in FIGURES:
            pairs = [(variants[first][place].get(figure), variants[second][place].get(figure)) for place in shared]
            known = np.array([pair for pair in pairs if None not in pair], dtype=float)
            if len(known) >= _FEWEST:
                rows.append(_contrast(figure, first, second, known))
    return rows


def _contrast(figure: str, first: str, second: str, pairs: np.ndarray) -> Contrast:
    differences = pairs[:, 1] - pairs[:, 0]
    drawn = np.random.default_rng(0).integers(0, len(differences), (_RESAMPLES, len(differences)))
    low, high = np.quantile(differences[drawn].mean(axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    means = (round(float(pairs[:, 0].mean()), 4), round(float(pairs[:, 1].mean()), 4))
    difference = round(float(differences.mean()), 4)
    return Contrast(
        figure, first, second, means, difference, round(float(low), 4), round(float(high), 4), len(pairs), LEVEL
    )

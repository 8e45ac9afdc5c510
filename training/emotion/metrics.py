"""Figures of a multi-label classifier from its probabilities and the true labels, both (rows, labels)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def auroc(scores: Floats, truth: Floats) -> Floats:
    """Return the area under the ROC curve of each label (labels,), ties counted half; NaN for a label of one class."""
    areas = np.full(scores.shape[1], np.nan, dtype=np.float32)
    for label in range(scores.shape[1]):
        _, places, counts = np.unique(scores[:, label], return_inverse=True, return_counts=True)
        ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
        positive = truth[:, label] > 0.5
        n, m = int(positive.sum()), int((~positive).sum())
        if n and m:
            areas[label] = (ranks[positive].sum() - n * (n + 1) / 2) / (n * m)
    return areas


def f1(chosen: NDArray[np.bool_], truth: Floats) -> Floats:
    """Return the F1 of each label (labels,) for the `chosen` labels of each row; 0 where nothing is chosen or true."""
    positive = truth > 0.5
    hit = (chosen & positive).sum(0)
    total = chosen.sum(0) + positive.sum(0)
    return np.where(total > 0, 2 * hit / np.maximum(total, 1), 0).astype(np.float32)


def best_thresholds(scores: Floats, truth: Floats, least: float = 0.05, most: float = 0.6) -> Floats:
    """Return the threshold of each label (labels,) with the best F1 on these rows, between `least` and `most`."""
    grid = np.linspace(least, most, 56, dtype=np.float32)
    table = np.stack([f1(scores >= threshold, truth) for threshold in grid])
    best: Floats = grid[table.argmax(0)]
    return best


def calibration_error(scores: Floats, truth: Floats, bins: int = 10) -> float:
    """Return the expected calibration error of all labels together (Guo et al. 2017): equal-width bins, weighted by size."""
    flat, hits = scores.ravel(), truth.ravel() > 0.5
    place = np.minimum((flat * bins).astype(int), bins - 1)
    total = 0.0
    for index in range(bins):
        inside = place == index
        if inside.any():
            total += abs(float(flat[inside].mean()) - float(hits[inside].mean())) * float(inside.sum())
    return total / flat.size

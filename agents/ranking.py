"""Ranking: which of the candidates that passed the guards is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agents.guards import gravity, novelty
from agents.speech import settles
from emotion.measure import EmotionModel
from transcript.turn import Candidate, Cue

# Weights of a score that is about 0..1, set by reading ten takes. The fit is how likely the model finds the line here, per token.
FIT, FEELING, NEW, LEVEL, LENGTH = 0.40, 0.10, 0.25, 0.10, 0.15
_WORST_FIT = -4.0  # mean log-probability per token that counts as no fit at all
_FULL_LENGTH = 14  # letters from which a line is long enough to carry something


def rank(
    candidates: Sequence[Candidate], cue: Cue, target: float, recent: Sequence[str], emotion: EmotionModel
) -> list[Candidate]:
    """Return the candidates with their scores, best first; those turned down keep None and stand last.

    `target` is the valence wanted (-1..1), `recent` the texts of the last turns.
    """
    scored = [
        candidate if candidate.rejected else replace(candidate, score=_score(candidate, cue, target, recent, emotion))
        for candidate in candidates
    ]
    return sorted(scored, key=lambda c: (c.score is None, gravity(c.rejected), -(c.score or 0.0)))


def _score(candidate: Candidate, cue: Cue, target: float, recent: Sequence[str], emotion: EmotionModel) -> float:
    fit = 0.5 if candidate.logprob is None else 1.0 - min(1.0, candidate.logprob / _WORST_FIT)
    feeling = 1.0 - abs(emotion.read(candidate.text).valence - target) / 2
    length = min(1.0, sum(char.isalnum() for char in candidate.text) / _FULL_LENGTH)
    level = 1.0 if cue.level is None or settles(candidate.text, cue.level) else 0.0
    total = FIT * fit + FEELING * feeling + NEW * novelty(candidate.text, recent) + LEVEL * level + LENGTH * length
    return round(total, 4)

"""Ranking: which of the candidates that passed the guards is said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from agents.guards import gravity, novelty, worn
from agents.speech import settles
from emotion.measure import EmotionModel
from transcript.turn import Candidate, Cue

# Weights of what a line is worth by itself: the fit is how likely the model finds the line here. Set on 1,173 candidates of
# six takes that were graded for sense; docs/steering.md shows what other weights buy.
FIT, NEW, LEVEL, LENGTH = 1.0, 0.1, 0.11, 0.1
FEELING = 0.6  # weight of the measured emotion beside all of these
NEAR, REACH = 0.1, 1.1  # distances in valence to what is asked up to which a line is worth all, and from which nothing
STALE, AGAIN = 0.1, 2  # what a line loses with a word that stood in AGAIN of the last six lines
NONSENSE = 0.25  # a line that fits this much less than the best one is no choice, whatever it makes one feel
_WORST_FIT = -15.0  # log-probability of a line, by the root of its tokens, that counts as no fit at all
_TOKENS_A_LETTER = 1.0  # of the embedded model, where a runtime tells none
_FULL_LENGTH = 14  # letters from which a line is long enough to carry something


def rank(
    candidates: Sequence[Candidate],
    cue: Cue,
    recent: Sequence[str],
    asked: float | None,
    emotion: EmotionModel,
    feeling: float = FEELING,
    length: float = 1.0,
) -> list[Candidate]:
    """Return the candidates with their scores, shares of the most a line can have, best first; those turned down keep None.

    `recent` are the texts of the last turns; `asked` is the valence wanted of the line in the classifier's band, None to
    leave emotion out; `feeling` is its weight 0..1; `length` is the factor on the speaker's usual length of lines.
    """
    passed = [candidate for candidate in candidates if not candidate.rejected]
    best = max(map(fit, passed), default=0.0)
    scored = [
        candidate
        if candidate.rejected
        else replace(candidate, score=_score(candidate, cue, recent, asked, emotion, feeling, best, length))
        for candidate in candidates
    ]
    return sorted(scored, key=lambda c: (c.score is None, gravity(c.rejected), -(c.score or 0.0)))


def fit(candidate: Candidate) -> float:
    """Return how well a line fits what was said before, 0..1, by the model's log-probability; 0.5 when unknown.

    The sum over its tokens, by the root of their number. Over 3,276 lines graded for sense it tells what a person could say
    from nonsense with AUROC 0.75, the mean per token 0.68; what the model's layers hold tells no more (docs/log.md).
    """
    if candidate.logprob is None:
        return 0.5
    tokens = candidate.tokens or max(1.0, _TOKENS_A_LETTER * sum(map(str.isalnum, candidate.text)))
    return 1.0 - min(1.0, candidate.logprob * math.sqrt(tokens) / _WORST_FIT)


def _score(
    candidate: Candidate,
    cue: Cue,
    recent: Sequence[str],
    asked: float | None,
    emotion: EmotionModel,
    feeling: float,
    best: float,
    usual: float,
) -> float:
    length = min(1.0, sum(char.isalnum() for char in candidate.text) / (_FULL_LENGTH * usual))
    level = 1.0 if cue.level is None or settles(candidate.text, cue.level) else 0.0
    worth = FIT * fit(candidate) + NEW * novelty(candidate.text, recent) + LEVEL * level + LENGTH * length
    if worn(candidate.text, recent)[1] >= AGAIN:
        worth -= STALE
    most = FIT + NEW + LEVEL + LENGTH
    if asked is None:
        return round(worth / most, 4)
    missed = abs(emotion.read(candidate.text).valence - asked)
    near = 1.0 - min(1.0, max(0.0, missed - NEAR) / (REACH - NEAR))
    if fit(candidate) < best - NONSENSE:
        near = 0.0
    return round(((1 - feeling) * worth + feeling * near) / ((1 - feeling) * most + feeling), 4)

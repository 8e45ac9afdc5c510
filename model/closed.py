"""Closed sets: from the log-probabilities of next tokens to the probability of each of a few given texts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

TOP = 2_000
"""How many next tokens a closed-set question looks at."""
LEAST = -30.0
"""Natural log-probability given to an option that is not among them."""

NextTokens = Callable[[str], tuple[dict[str, float], int]]
"""From a prompt to the log-probabilities of the likeliest next tokens by their text, and how many tokens were prefilled."""


def walk(next_tokens: NextTokens, prompt: str, options: Sequence[str]) -> tuple[list[float], int, int]:
    """Ask once at each place where `options` part; return their log-probabilities up to a shared constant, calls, tokens prefilled."""
    found, prefilled = next_tokens(prompt)
    calls = 1
    first = [max((t for t in found if option.startswith(t)), key=len, default="") for option in options]
    logs = [found.get(token, LEAST) for token in first]
    for token in {token for token in first if token and first.count(token) > 1}:
        same = [i for i, other in enumerate(first) if other == token]
        rests = [options[i][len(token) :] for i in same]
        if "" in rests:  # one option is a prefix of another: let a line end close it
            rests = [rest + "\n" for rest in rests]
        deeper, more_calls, more_prefilled = walk(next_tokens, prompt + token, rests)
        calls, prefilled = calls + more_calls, prefilled + more_prefilled
        total = math.log(sum(math.exp(value) for value in deeper))
        for i, value in zip(same, deeper, strict=True):
            logs[i] += value - total
    return logs, calls, prefilled


def shares(logs: Sequence[float]) -> tuple[float, ...]:
    """Return the probabilities, summing to 1, of log-probabilities known up to a constant."""
    peak = max(logs)
    weights = [math.exp(value - peak) for value in logs]
    return tuple(weight / sum(weights) for weight in weights)

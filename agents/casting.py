"""Casting: who speaks next, by rules first and, only for near-ties, by the model's closed-set score.

The order and the weights of the score follow what worked for peers (mention 30, silence 20, talkativeness 15, -10 for each
line in a row); a fallback never returns the speaker of the last line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agents.names import called, mentioned
from transcript.turn import Turn

MAX_IN_A_ROW = 2
_NEAR_TIE = 4.0  # points
_QUESTION = re.compile(r"[?？][\"'”’)]*\Z")


@dataclass(frozen=True)
class Choice:
    """The next speaker, why, and what asking the model cost."""

    name: str
    why: str
    calls: int = 0
    prefilled: int = 0
    seconds: float = 0.0


Ask = Callable[[Sequence[str]], "tuple[Sequence[float], int, int, float]"]


def cast_next(
    present: Sequence[str],
    turns: Sequence[Turn],
    cast: Mapping[str, Sequence[str]],
    talkativeness: Mapping[str, float],
    *,
    required: Sequence[str] = (),
    forced: str = "",
    answering: str = "",
    ask: Ask | None = None,
) -> Choice:
    """Choose among `present` (at least one name).

    `turns` is the take so far, `cast` names to aliases, `talkativeness` 0..1, `required` those who still must speak in this
    beat, `forced` the person's choice, `answering` who was just told a fact. `ask` returns (probabilities, calls,
    prefilled, seconds) for a list of names.
    """
    lines = [turn for turn in turns if turn.kind == "dialogue"]
    last = lines[-1] if lines else None
    streak = _streak(lines)
    open_to = [name for name in present if not (last and name == last.speaker and streak >= MAX_IN_A_ROW)] or list(
        present
    )
    if forced in present:
        return Choice(forced, f"chosen by the person: {forced}")
    if len(open_to) == 1:
        return Choice(open_to[0], f"only {open_to[0]} can speak")
    others = [name for name in open_to if not last or name != last.speaker]
    if last and answering in others:
        return Choice(answering, f"answers what {last.speaker} brought out: {answering}")
    for name in required:
        if name in others:
            return Choice(name, f"beat requires {name}")
    if last:
        for name in called(last.text, {name: cast[name] for name in others}):
            return Choice(name, f"called by name: {name}")
        if _QUESTION.search(last.text):
            for name in last.to:
                if name in others:
                    return Choice(name, f"asked by {last.speaker}: {name}")
    points = {name: _points(name, lines, last, streak, cast, talkativeness) for name in open_to}
    order = sorted(points, key=lambda name: (-points[name], open_to.index(name)))
    first, second = order[0], order[1]
    if ask and points[first] - points[second] < _NEAR_TIE:
        near = [name for name in order if points[first] - points[name] < _NEAR_TIE]
        probabilities, calls, prefilled, seconds = ask(near)
        best = max(range(len(near)), key=lambda i: probabilities[i])
        why = f"near-tie, the model prefers {near[best]} ({probabilities[best]:.2f} of {', '.join(near)})"
        return Choice(near[best], why, calls, prefilled, seconds)
    return Choice(first, f"score {points[first]:.0f}: {first} before {second} ({points[second]:.0f})")


def _points(
    name: str,
    lines: Sequence[Turn],
    last: Turn | None,
    streak: int,
    cast: Mapping[str, Sequence[str]],
    talkativeness: Mapping[str, float],
) -> float:
    silent = next((i for i, turn in enumerate(reversed(lines)) if turn.speaker == name), len(lines) + 1)
    points = 20.0 * min(silent, 6) / 6 + 15.0 * talkativeness.get(name, 0.5)
    if last and name in mentioned(last.text, {name: cast[name]}):
        points += 30.0
    if last and name in last.to:
        points += 10.0
    if last and name == last.speaker:
        points -= 10.0 * streak + 20.0
    return points


def _streak(lines: Sequence[Turn]) -> int:
    count = 0
    for turn in reversed(lines):
        if turn.speaker != lines[-1].speaker:
            break
        count += 1
    return count

"""What could happen next: three events in one line each, different in mood and in content, with the turn each would bring."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from agents import narration, prompts
from agents.character import SAMPLING
from agents.director import Director, own_events
from agents.guards import similarity
from agents.names import with_particle
from agents.stage import Stage
from emotion.labels import families
from emotion.measure import EmotionModel
from model.base import Proposal, StageModel
from transcript.turn import By, Emotion

COUNT = 3
_OWN, _WRITTEN = 4, 6  # events of the director's own, and lines asked of the model, among which is chosen
_RECENT = 3  # lines whose mean valence is the mood that stands
_TURN = 0.08  # change of valence from which the mood turns
_ALIKE = 0.3  # share of common character 3-grams from which two events are one


@dataclass(frozen=True)
class Suggestion:
    """An event that could come next.

    `valence` is what is measured in it, `shift` that minus the mood of the last lines, `feeling` its strongest basic
    emotion or ""; `by` says whether scenario, engine or model wrote it, `enters` who would come in, or "".
    """

    text: str
    valence: float
    shift: float
    feeling: str
    by: By
    enters: str = ""

    def in_words(self) -> str:
        """Return the emotional turn it would bring, such as `어두워진다 -0.31, 공포`."""
        turn = "밝아진다" if self.shift > _TURN else "어두워진다" if self.shift < -_TURN else "그대로 간다"
        return f"{turn} {self.shift:+.2f}" + (f", {self.feeling}" if self.feeling else "")


def suggest(
    director: Director, stage: Stage, heard: str, model: StageModel, emotion: EmotionModel, seed: int
) -> tuple[tuple[Suggestion, ...], Proposal]:
    """Return three events that could come next, as different from each other as can be, and what the model's part cost.

    They are taken from the scenario's unused events, entrances of who is away, the director's own events, and action
    lines of the model. Fewer come back only when there are fewer.
    """
    scene = director.scenario.scenes[stage.scene]
    recent = [turn.text for turn in stage.turns[-15:]]
    rng = random.Random(f"{seed} {len(stage.turns)} next")
    found: list[tuple[str, By, str]] = [
        (text, "scenario", "") for text in scene.events if text not in stage.used_events
    ]
    away = [name for name in director.personas if name not in stage.present]
    found += [(f"{with_particle(name, '이', '가')} 들어온다.", "engine", name) for name in away]
    own = [text for text, _ in own_events() if text not in stage.used_events]
    found += [(text, "engine", "") for text in rng.sample(own, min(_OWN, len(own)))]
    subject = rng.choice(list(stage.present))
    start = narration.beginning(subject)
    proposal = model.propose(
        heard + prompts.stage_direction(start), _WRITTEN, seed=rng.randrange(2**31), sampling=SAMPLING, stop=["\n"]
    )
    others = [name for name in stage.present if name != subject]
    for completion in proposal.completions:
        text = narration.trimmed(start + completion.text)
        if not narration.fault(text, subject, others, recent):
            found.append((text, "model", ""))
    lines = [turn.emotion.valence for turn in stage.turns if turn.kind == "dialogue"][-_RECENT:]
    mood = sum(lines) / len(lines) if lines else 0.0
    choices = [_judged(text, by, enters, emotion.read(text), mood) for text, by, enters in found]
    return _different(choices), proposal


def by_plan(suggestions: Sequence[Suggestion], wanted: float) -> Suggestion | None:
    """Return the suggestion whose valence lies nearest to what the plan wants next; None of none."""
    return min(suggestions, key=lambda s: abs(s.valence - wanted), default=None)


def _judged(text: str, by: By, enters: str, emotion: Emotion, mood: float) -> Suggestion:
    basic: Mapping[str, float] = families(emotion.labels)
    strongest = max(basic, key=lambda name: basic[name])
    feeling = strongest if basic[strongest] else ""
    return Suggestion(text, round(emotion.valence, 4), round(emotion.valence - mood, 4), feeling, by, enters)


def _different(choices: Sequence[Suggestion]) -> tuple[Suggestion, ...]:
    """Return the three that are furthest apart in valence and in letters; what the writer wrote goes first among equals."""
    if len(choices) <= COUNT:
        return tuple(choices)

    def spread(trio: Sequence[Suggestion]) -> float:
        total = 0.0
        for a, b in combinations(trio, 2):
            alike = similarity(a.text, b.text)
            total += abs(a.valence - b.valence) + (1 - alike) - 2 * (alike >= _ALIKE)
        return total + 0.1 * sum(s.by == "scenario" for s in trio)

    return max(combinations(choices, COUNT), key=spread)

"""The director: settles by rules what happens next, and hands a cue to the one who speaks."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import islice

from agents import narration, prompts
from agents.casting import Choice, cast_next
from agents.guards import novelty
from agents.knowledge import Fact, opening
from agents.planning import part, planned
from agents.psychology import disposition
from agents.stage import Act, Decision, Happen, NextBeat, Speak, Spent, Stage
from agents.steering import drift, readable
from emotion.labels import target_valence
from model.base import StageModel
from scenarios.values import END, Beat, Persona, Scenario, Scene
from transcript.turn import Cue, Turn

STALE = 3  # lines in a row with little novelty after which something must happen
LITTLE = 0.45  # novelty under which a line counts as such
REACHED = 0.15  # distance in valence at which the mean of a character's lines counts as having reached a target
RISE = 0.1  # by how much the probability that a beat is done must have risen since the beat began
_STRONG = 0.6  # target strength from which an acting direction is shown
_QUIET = 3  # lines without a parenthetical before another one is shown
_MOST_NARRATION = 0.17  # share of turns that are not spoken, above which the director adds none
_NEAR = 4  # gestures nearest to the plan in mood among which the model chooses
_NOTE = "연출 지시"


@dataclass(frozen=True)
class Director:
    """Plans and steers one scenario; holds no state of a take.

    `moods` are the valences measured in events and gestures; without `steer` the plan is made and followed by nobody.
    """

    scenario: Scenario
    facts: tuple[Fact, ...]
    moods: Mapping[str, float] = field(default_factory=dict)
    steer: bool = True
    cast: Mapping[str, tuple[str, ...]] = field(init=False)
    personas: Mapping[str, Persona] = field(init=False)

    def __post_init__(self) -> None:
        """Index the cast by name."""
        object.__setattr__(self, "cast", {p.name: tuple(p.aliases) for p in self.scenario.personas})
        object.__setattr__(self, "personas", {p.name: p for p in self.scenario.personas})

    def decide(self, stage: Stage, heard: str, model: StageModel) -> Decision:
        """Say what happens next. `heard` is the prompt part that everyone present knows, for a near-tie in casting."""
        scene = self.scenario.scenes[stage.scene]
        beat = scene.beats[stage.beat]
        if over := self._over(beat, stage):
            return NextBeat(over)
        off = drift(stage.turns) if self.steer else 0.0
        event = self._event(scene, stage, off)
        if stage.stale >= STALE:
            if event and not _just_happened(stage):
                return Happen(event, f"event: {stage.stale} lines brought little new")
            if stage.beat_turns >= beat.turns[0] and not self._pending(beat, stage):
                return NextBeat(f"forced: {stage.stale} lines brought little new")
        if event and self._needs_push(beat, stage):
            return Happen(event, "event: the beat is late and not yet complete")
        if off and (means := self._means(beat, stage, off, event)):
            return means
        if self._wants_action(stage):
            return self._action(stage, heard, model)
        return self._cast(beat, stage, heard, model)

    def asks(self, stage: Stage) -> bool:
        """Say whether the model is to be asked if the beat is done: code cannot see it, and it may end.

        It is asked once at the start too, as only the rise says something: the probability itself depends on the words.
        """
        beat = self.scenario.scenes[stage.scene].beats[stage.beat]
        if beat.speakers or beat.reveal:
            return False
        return len(stage.judged) < 1 if stage.beat_turns < beat.turns[0] else stage.beat_turns < beat.turns[1]

    def judged(self, stage: Stage, heard: str, model: StageModel) -> tuple[float, Spent]:
        """Return the probability that what the beat is about has happened, and what asking cost."""
        goal = prompts.neutral(self.scenario.scenes[stage.scene].beats[stage.beat].goal)
        scores = model.score(f"{heard}[비트] {goal}\n[판정]", [" 끝났다.", " 아직이다."])
        return round(scores.probabilities[0], 4), Spent(scores.calls, scores.prefilled, scores.seconds)

    def pending(self, stage: Stage) -> list[int]:
        """Return the facts that the beat must still bring out."""
        return self._pending(self.scenario.scenes[stage.scene].beats[stage.beat], stage)

    def locked(self, path: Sequence[int], scene: int, beat: int, out: Sequence[int]) -> list[int]:
        """Return the facts nobody may say yet: those that a beat still to come reveals."""
        texts = {fact.text: i for i, fact in enumerate(self.facts)}
        past = {text for i in path[:-1] for b in self.scenario.scenes[i].beats for text in b.reveal}
        past |= {text for b in self.scenario.scenes[scene].beats[: beat + 1] for text in b.reveal}
        later = {text for s in self.scenario.scenes for b in s.beats for text in b.reveal} - past
        secrets = {text for p in self.scenario.personas for text in p.secret} - past
        return [texts[text] for text in later | secrets if text in texts and texts[text] not in out]

    def choose_branch(self, scene: Scene, heard: str, model: StageModel) -> tuple[int, str, Spent]:
        """Score the ways out of a scene in context against the same words without it; return the index, why, the cost."""
        choices = [f" {prompts.neutral(branch.choice)}" for branch in scene.branches]
        if len(choices) == 1:
            return 0, "only way on", Spent()
        best, share, spent = _most_fitting(choices, heard, "[다음]\n", model)
        return best, f"branch: {scene.branches[best].choice} ({share:.2f} of {len(choices)} ways)", spent

    def next_scene(self, scene: int, branch: int | None) -> int | None:
        """Return the index of the scene that follows, None at the end."""
        here = self.scenario.scenes[scene]
        if branch is None:
            return scene + 1 if scene + 1 < len(self.scenario.scenes) else None
        target = here.branches[branch].to
        if target == END:
            return None
        return next(i for i, other in enumerate(self.scenario.scenes) if other.name == target)

    def _over(self, beat: Beat, stage: Stage) -> str:
        """Return why the beat is over, or ""."""
        least, most = beat.turns
        if stage.beat_turns < least or (self._told(stage) and stage.beat_turns < most):
            return ""
        missing = [name for name in beat.speakers if name in stage.present and name not in stage.spoken]
        pending = self._pending(beat, stage)
        if not missing and not pending and (beat.speakers or beat.reveal):
            parts = [f"{', '.join(beat.speakers)} spoke"] if beat.speakers else []
            return "condition: " + "; ".join(parts + [f"out: {text}" for text in beat.reveal])
        if not missing and not pending and (reached := self._reached(beat, stage)):
            return f"condition: emotion reached by {reached}"
        if not missing and not pending and len(stage.judged) > 1 and stage.judged[-1] - stage.judged[0] >= RISE:
            return f"condition: the model finds it done, {stage.judged[-1]:.2f} after {stage.judged[0]:.2f}"
        if stage.beat_turns < most:
            return ""
        open_points = [f"{name} did not speak" for name in missing] + [
            f"not out: {self.facts[i].text}" for i in pending
        ]
        return f"forced: {most} turns; " + ("; ".join(open_points) or "emotion not reached")

    def _reached(self, beat: Beat, stage: Stage) -> str:
        """Return who came near the target emotion in this beat by the mean of two or more measured lines, or ""."""
        here = [turn for turn in stage.turns[-stage.beat_turns :] if turn.kind == "dialogue"]
        for name, target in beat.emotion.items():
            values = [turn.emotion.valence for turn in here if turn.speaker == name and turn.emotion.labels]
            if len(values) > 1 and abs(sum(values) / len(values) - readable(target_valence(target))) <= REACHED:
                return name
        return ""

    def _event(self, scene: Scene, stage: Stage, off: float) -> str | None:
        """Return the next event of the scenario, the one with the fitting mood first where the curve drifts."""
        left = [event for event in scene.events if event not in stage.used_events]
        if off:
            left.sort(key=lambda event: -off * self.moods.get(event, 0.0))
        return next(iter(left), None)

    def _means(self, beat: Beat, stage: Stage, off: float, event: str | None) -> Decision | None:
        """Return what a stage director does when words don't bring the curve back: event, next beat, silence, weather."""
        here = stage.turns[len(stage.turns) - stage.beat_turns :]
        if (
            _just_happened(stage)
            or any(turn.kind == "event" for turn in here)
            or _narration(stage.turns) > _MOST_NARRATION
        ):
            return None
        why = f"drift: {off:+.2f} from the plan"
        if event and off * (self.moods.get(event, 0.0) - readable(0.0)) > 0:
            return Happen(event, f"{why}; event")
        if self._nearer_next(beat, stage, off):
            return NextBeat(f"early: {why}")
        speaker = stage.turns[-1].speaker
        if off < 0 and speaker and len(stage.present) > 1:
            return Happen(
                f"{next(n for n in stage.present if n != speaker)}, 대답이 없다.", f"{why}; silence", "engine"
            )
        own = [
            text for text, mood in own_events() if mood == ("+" if off > 0 else "-") and text not in stage.used_events
        ]
        rng = random.Random(f"{stage.seed} {len(stage.turns)} event")
        return Happen(rng.choice(own), f"{why}; of its own", "engine") if own else None

    def _nearer_next(self, beat: Beat, stage: Stage, off: float) -> bool:
        """Say whether the beat may end and the next one asks for what is being felt already."""
        beats = self.scenario.scenes[stage.scene].beats
        if stage.beat_turns < beat.turns[0] or self._pending(beat, stage) or stage.beat + 1 >= len(beats):
            return False
        if any(name in stage.present and name not in stage.spoken for name in beat.speakers):
            return False
        shifts = [
            target_valence(target) - target_valence(beat.emotion[name])
            for name, target in beats[stage.beat + 1].emotion.items()
            if name in beat.emotion
        ]
        return bool(shifts) and off * sum(shifts) < 0

    def _pending(self, beat: Beat, stage: Stage) -> list[int]:
        return [i for i, fact in enumerate(self.facts) if fact.text in beat.reveal and i not in stage.out]

    def _needs_push(self, beat: Beat, stage: Stage) -> bool:
        late = stage.beat_turns >= math.ceil(0.6 * beat.turns[1]) and not self._pending(beat, stage)
        return late and not _just_happened(stage) and _narration(stage.turns) < _MOST_NARRATION

    def _wants_action(self, stage: Stage) -> bool:
        share = self.scenario.director.actions
        since = next((i for i, turn in enumerate(reversed(stage.turns)) if turn.kind != "dialogue"), len(stage.turns))
        asked = bool(stage.turns) and stage.turns[-1].text.rstrip("\"'”’").endswith("?")
        return (
            share > 0
            and _narration(stage.turns) < _MOST_NARRATION
            and not asked
            and not stage.no_action
            and not stage.asked
            and since >= max(3, round((1 - share) / share))
        )

    def _action(self, stage: Stage, heard: str, model: StageModel) -> Act:
        """Have the one spoken to do something: a gesture of theirs not yet seen, near the plan in mood, else new words."""
        last = stage.turns[-1]
        subject = next((name for name in last.to if name in stage.present), last.speaker or stage.present[0])
        why = f"action: the share of actions is below {self.scenario.director.actions:.2f}"
        seen = {turn.text for turn in stage.turns}
        left = [text for text in narration.gestures(self.personas[subject]) if text not in seen]
        if self.steer and (targets := planned(self.scenario, stage.path, stage.beat, stage.beat_turns, subject)):
            wanted = readable(target_valence(targets))
            left = sorted(left, key=lambda text: abs(self.moods.get(text, wanted) - wanted))[:_NEAR]
        if not left:
            return Act(subject, why)
        start = narration.beginning(subject)
        ends = [text.removeprefix(start) for text in left]
        best, share, spent = _most_fitting(ends, heard, prompts.stage_direction(start), model)
        return Act(subject, f"{why}; gesture ({share:.2f} of {len(left)})", left[best], spent)

    def _cast(self, beat: Beat, stage: Stage, heard: str, model: StageModel) -> Speak:
        if fact := self._due(beat, stage):
            number, holder = fact
            return self._cue(beat, stage, Choice(holder, f"beat must bring out: {self.facts[number].text}"), number)
        required = [n for n in beat.speakers if n in stage.present and n not in stage.spoken]

        def ask(names: Sequence[str]) -> tuple[Sequence[float], int, int, float]:
            scores = model.score(heard, [f"{prompts.neutral(name)}:" for name in names])
            return scores.probabilities, scores.calls, scores.prefilled, scores.seconds

        talk = {name: disposition(persona).talkativeness for name, persona in self.personas.items()}
        choice = cast_next(
            stage.present,
            stage.turns,
            self.cast,
            talk,
            required=required,
            forced=stage.asked,
            answering=self._told(stage),
            ask=ask,
        )
        return self._cue(beat, stage, choice, None)

    def _due(self, beat: Beat, stage: Stage) -> tuple[int, str] | None:
        """Return the fact that must come out now and who says it: the last turns of a beat belong to its facts.

        Each fact leaves room for somebody to answer it.
        """
        pending = self._pending(beat, stage)
        first = min(beat.turns[0] - len(pending), beat.turns[1] - 2 * len(pending))
        if not pending or stage.asked or stage.beat_turns < first or self._told(stage):
            return None
        last = next((turn.speaker for turn in reversed(stage.turns) if turn.kind == "dialogue"), None)
        for number in pending:
            holders = [n for n in stage.present if number in stage.known.get(n, ())]
            holders.sort(key=lambda n: (not self.facts[number].text.startswith(n), n == last))
            if holders:
                return number, holders[0]
        return None

    def _told(self, stage: Stage) -> str:
        """Return who was told a fact in the last line of this beat and has not answered yet, or ""."""
        here = stage.turns[len(stage.turns) - stage.beat_turns :]
        last = next((turn for turn in reversed(here) if turn.kind == "dialogue"), None)
        if last is None or last.cue is None or not last.cue.reveal:
            return ""
        return next((name for name in last.to if name in stage.present), "")

    def _cue(self, beat: Beat, stage: Stage, choice: Choice, reveal: int | None) -> Speak:
        name = choice.name
        to = self._addressee(name, stage)
        relation = stage.relations.get((name, to)) if to else None
        level = (relation.level if relation else None) or self.personas[name].voice.level
        targets = planned(self.scenario, stage.path, stage.beat, stage.beat_turns, name)
        rng = random.Random(f"{stage.seed} {len(stage.turns)} {name}")
        direction = self._direction(targets, stage, rng) if self.steer else ""
        fact = self.facts[reveal] if reveal is not None else None
        intention = part(beat.goal, name, self.cast)
        if stage.note:
            intention = f"{_NOTE}: {stage.note}. {intention}"
        cue = Cue(name, (to,) if to else (), intention, targets, level, direction, fact.text if fact else "")
        start = prompts.neutral(opening(fact, name, to, relation, level)) if fact else ""
        return Speak(cue, choice.why, start, Spent(choice.calls, choice.prefilled, choice.seconds))

    def _addressee(self, name: str, stage: Stage) -> str:
        """Return whom `name` speaks to: who spoke last, else the first other person present, else ""."""
        for turn in reversed(stage.turns):
            if turn.kind == "dialogue" and turn.speaker in stage.present and turn.speaker != name:
                return turn.speaker or ""
        return next((other for other in stage.present if other != name), "")

    def _direction(self, targets: Mapping[str, float], stage: Stage, rng: random.Random) -> str:
        """Return an acting direction for the strongest feeling, or "": a script shows few of them."""
        lines = islice((turn for turn in reversed(stage.turns) if turn.kind == "dialogue"), _QUIET)
        label = max(targets, key=targets.__getitem__, default="")
        if not label or targets[label] < _STRONG or any(turn.parenthetical for turn in lines):
            return ""
        used = {turn.parenthetical for turn in stage.turns[-30:]}
        fresh = [direction for direction in directions().get(label, ()) if direction not in used]
        return rng.choice(fresh) if fresh else ""


@cache
def directions() -> Mapping[str, tuple[str, ...]]:
    """Return the acting directions by KOTE label."""
    rows = (files("agents") / "directions.tsv").read_text(encoding="utf-8").splitlines()
    return {row.split("\t")[0]: tuple(row.split("\t")[1:]) for row in rows if row and not row.startswith("#")}


@cache
def own_events() -> tuple[tuple[str, str], ...]:
    """Return the director's own events: text and mood, + or -."""
    rows = (files("agents") / "events.tsv").read_text(encoding="utf-8").splitlines()
    return tuple((text, mood) for text, mood in (row.split("\t") for row in rows if row and not row.startswith("#")))


def _most_fitting(options: Sequence[str], heard: str, ask: str, model: StageModel) -> tuple[int, float, Spent]:
    """Score `options` after `heard` and `ask` against `ask` alone; return the index of the best, its share, the cost."""
    here, bare = model.score(f"{heard}{ask}", options), model.score(ask, options)
    gains = [a / max(b, 1e-9) for a, b in zip(here.probabilities, bare.probabilities, strict=True)]
    best = max(range(len(gains)), key=gains.__getitem__)
    spent = Spent(here.calls + bare.calls, here.prefilled + bare.prefilled, here.seconds + bare.seconds)
    return best, gains[best] / sum(gains), spent


def freshness(turn: Turn, before: Sequence[Turn]) -> float:
    """Return how new a line is (0..1) against the last fifteen."""
    return novelty(turn.text, [other.text for other in before[-15:]])


def _just_happened(stage: Stage) -> bool:
    return any(turn.kind != "dialogue" for turn in stage.turns[-2:])


def _narration(turns: Sequence[Turn]) -> float:
    return sum(turn.kind != "dialogue" for turn in turns) / len(turns) if turns else 0.0

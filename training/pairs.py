"""Preference pairs: a line that is wanted and one that is not, after the same prompt; from a person, from writers, from takes."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from agents import prompts
from agents.guards import NEAR_COPY, trigrams
from agents.lore import recalled
from agents.mending import remade
from agents.speech import LEVELS
from emotion.labels import valence_arousal
from model.base import Sampling, StageModel
from scenarios.values import Scenario
from training.corpus import NEUTRAL, CorpusScene, Line
from training.dataset import corpus_row, headings_of, line_prompts
from training.rows import Row, Split
from transcript.branches import Branches
from transcript.errors import FileError
from transcript.preferences import preferences_of
from transcript.record import Transcript, write_atomically
from transcript.store import RunStore
from transcript.turn import Turn

FAR = 0.6  # least distance of two intended valences, of -1..1, at which one is the wrong emotion for the other
APART = 2  # least number of lines between one and a later one of its speaker that is wrong in its place
_LEAKS = ("\n### Prompt:", " S#2. 장면 전환", " ### Answer:", " [지문]", " #32.")
_APART = 0.25  # least distance of two scores of the engine, of 0..1, at which one candidate is better


@dataclass(frozen=True)
class Pair:
    """`chosen` and `rejected` follow `prompt`, each with its line's end; `reason` says what is wrong with the second."""

    prompt: str
    chosen: str
    rejected: str
    reason: str
    source: str
    split: Split = "train"


def corpus_pairs(scene: CorpusScene, split: Split, rng: random.Random) -> Iterator[Pair]:
    """Yield for each spoken line one pair, for a reason that the scene has material for, drawn by chance."""
    spoken = [line for line in scene.lines if line.speaker]
    row = corpus_row(scene, rng, share=1.0)
    at = 0
    for prompt, said in row.answers():
        text = said.removeprefix(" ").rstrip("\n")
        if at < len(spoken) and text == prompts.neutral(spoken[at].text):
            wrong = _wrong(spoken, at, rng)
            if wrong:
                reason = rng.choice(sorted(wrong))
                yield Pair(prompt, said, f" {wrong[reason]}\n", reason, row.source, split)
            at += 1


def _wrong(spoken: Sequence[Line], at: int, rng: random.Random) -> dict[str, str]:
    """Return by reason a line that is wrong in place of line `at`."""
    line, found = spoken[at], {}
    others = [other for other in spoken if other.speaker != line.speaker]
    if others:
        found["speaker"] = rng.choice(others).text
    levels = [made for level in LEVELS if level != line.level and (made := remade(line.text, level))]
    if levels:
        found["level"] = rng.choice(levels)
    if line.emotion and line.emotion != NEUTRAL:
        valence = valence_arousal(line.emotion)[0]
        far = [
            other.text
            for other in spoken
            if other.speaker == line.speaker
            and other.emotion
            and other.emotion != NEUTRAL
            and abs(valence_arousal(other.emotion)[0] - valence) >= FAR
        ]
        if far:
            found["emotion"] = rng.choice(far)
    later = [other.text for other in spoken[at + 1 + APART :] if other.speaker == line.speaker]
    if at and later:
        found["place"] = rng.choice(later)  # theirs, and true, but it answers something else
    if at:
        found["repeat"] = spoken[rng.randrange(max(0, at - 3), at)].text
    found["leak"] = line.text + rng.choice(_LEAKS)
    return {reason: prompts.neutral(text) if reason != "leak" else text for reason, text in found.items()}


def own_pairs(
    model: StageModel, scene: CorpusScene, split: Split, each: int, seed: int, rng: random.Random
) -> Iterator[Pair]:
    """Yield at most `each` pairs of a line of the scene and what `model` says in its place, raw (as SPIN, arXiv:2401.01335).

    A line of the model that is nearly the writer's teaches nothing and is left out.
    """
    places = [at for at, line in enumerate(scene.lines) if at and line.speaker and line.to]
    for place in sorted(rng.sample(places, min(each, len(places)))):
        prompt, true = line_prompts(scene, place)["persona"], prompts.neutral(scene.lines[place].text)
        drawn = model.propose(prompt, 1, seed=seed + place, sampling=Sampling(max_tokens=64), stop=("\n",))
        text = prompts.neutral(drawn.completions[0].text)
        ours, theirs = trigrams(true), trigrams(text)
        if theirs and len(ours & theirs) < NEAR_COPY * min(len(ours), len(theirs)):
            yield Pair(prompt, f" {true}\n", f" {text}\n", "own", f"corpus/{scene.name}", split)


def row_pairs(row: Row, rng: random.Random) -> Iterator[Pair]:
    """Yield for each spoken stretch of a row of quotations a pair against another role's, one of another place in the row."""
    answers = list(row.answers())
    for prompt, said in answers:
        others = [other for _, other in answers if other != said]
        if others:
            yield Pair(prompt, said, rng.choice(others), "speaker", row.source, row.split)


def studio_pairs(store: RunStore) -> Iterator[Pair]:
    """Yield what a writer chose in the studio and still stands by, with the prompt that the model read; all of it is taught."""
    for run in store.runs():
        for one in preferences_of(store, run.id, Branches(store, run.id).standing()):
            if one.kept:
                yield Pair(one.prompt, one.chosen, one.rejected, one.reason, f"studio/{run.id}")


def take_pairs(take: Transcript, source: str, told: Collection[Turn] = ()) -> Iterator[Pair]:
    """Yield what a take says of its candidates; `told` are turns of which a run store tells already what a person chose.

    `edit`: the line that a person wrote or mended by hand against the candidate it replaced; `retry`: the candidate that a
    person took against the one that the engine ranked first; `ranked`: the engine's own best against one far below it
    or turned down. The prompt is the one that the speaker read, without the feeling that the engine kept.
    """
    scenario = Scenario.from_dict(take.scenario)
    people = {persona.name: persona for persona in scenario.personas}
    relations = {(relation.from_, relation.to): relation for relation in scenario.relations}
    headings = headings_of(take, scenario)
    for place, turn in enumerate(take.turns):
        if not turn.cue or turn.speaker not in people or not turn.candidates or turn.scene not in headings:
            continue
        heard = [other for other in take.turns[:place] if not other.present or turn.speaker in other.present]
        relation = relations.get((turn.speaker, turn.cue.to[0])) if turn.cue.to else None
        examples = people[turn.speaker].voice.examples[:2]
        lore = recalled(people[turn.speaker], [other.text for other in heard])
        tail = prompts.tail(people[turn.speaker], turn.cue, relation, examples, lore=lore)
        prompt = prompts.world(scenario) + prompts.history(heard, headings) + tail
        if found := _preferred(turn):
            reason, chosen, rejected = found
            if reason != "ranked" and turn in told:
                continue
            yield Pair(prompt, f" {prompts.neutral(chosen)}\n", f" {prompts.neutral(rejected)}\n", reason, source)


def _preferred(turn: Turn) -> tuple[str, str, str] | None:
    ranked = sorted(turn.candidates, key=lambda one: (one.score is not None, one.score or 0.0), reverse=True)
    best, worst = ranked[0], ranked[-1]
    if turn.by in ("human", "edited"):
        return ("edit", turn.text, best.text) if best.text != turn.text else None
    if best.score is None:
        return None
    chosen = next((one for one in ranked if one.text == turn.text), best)
    if chosen.score is not None and chosen is not best and chosen.text != best.text:
        return "retry", chosen.text, best.text
    if worst.text != best.text and (worst.score is None or best.score - worst.score >= _APART):
        return "ranked", best.text, worst.text
    return None


def evenly(pairs: Sequence[Pair], most: int, reasons: Sequence[str] = ()) -> list[Pair]:
    """Return at most `most` pairs, evenly for every reason as far as there are any, in the order given.

    A reason that stands twice in `reasons` (() for all that there are) gets twice as many.
    """
    turns = tuple(reasons) or tuple(dict.fromkeys(pair.reason for pair in pairs))
    left = {reason: [pair for pair in pairs if pair.reason == reason] for reason in turns}
    chosen: set[int] = set()
    while any(left.values()) and len(chosen) < most:
        for mine in map(left.__getitem__, turns):
            if mine and len(chosen) < most:
                chosen.add(id(mine.pop(0)))
    return [pair for pair in pairs if id(pair) in chosen]


def write_pairs(pairs: Iterable[Pair], file: Path) -> Mapping[str, int]:
    """Write pairs as JSON lines, each once; return how many for each reason."""
    kept = list(dict.fromkeys(pair for pair in pairs if pair.chosen != pair.rejected))
    write_atomically(file, "".join(json.dumps(asdict(pair), ensure_ascii=False) + "\n" for pair in kept))
    return Counter(pair.reason for pair in kept)


def read_pairs(file: Path) -> list[Pair]:
    """Read what `write_pairs` wrote; raises FileError naming the line that is no pair."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(file, f"cannot be read ({error}); run `daebon train dataset` first") from error
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(Pair(**json.loads(line)))
        except (ValueError, TypeError, RecursionError) as error:
            raise FileError(file, f"is no pair ({error}); run `daebon train dataset`", line=number) from error
    return found

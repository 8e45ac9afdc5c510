"""A sheet to be graded: what a model says in the places of corpus lines, several candidates each, for a reader to mark.

The marks become preference pairs (`graded_pairs`), so that a model learns from its own lines which of them a person could say: the
writers' lines alone show it only what it would never have said (on-policy preferences, as in arXiv:2404.14367).
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agents import prompts
from agents.guards import leaks
from model.base import Sampling, StageModel
from training.corpus import CorpusScene, Line
from training.dataset import line_prompts
from training.pairs import Pair
from transcript.errors import FileError
from transcript.record import write_atomically

Report = Callable[[int, int, str], None]
GRADES = (0, 1, 2)
OPEN = "_"  # stands where a grade is to be written
_LEGEND = (
    "# Write a grade in the place of each _ : 2 a person could say this here, and it answers what was said",
    "#                                        1 odd, but one sees what is meant",
    "#                                        0 nonsense, no Korean, or it has nothing to do with the scene",
    "# Leave the _ where you cannot tell. Speech levels and spelling do not count; nothing else is to be changed.",
)
_SHOWN = 8  # lines of the scene before a place
_PLACE = re.compile(r"== (?P<scene>.+) #(?P<place>\d+)")
_GRADED = re.compile(rf"(?P<grade>[{OPEN}{''.join(map(str, GRADES))}]) (?P<text>.+)")
_EACH = 2  # most pairs of a place


@dataclass(frozen=True)
class Place:
    """A spoken line of a scene, by its number from 0, and what a model says there: text and grade (None: not graded)."""

    scene: str
    number: int
    lines: tuple[tuple[str, int | None], ...]


def drawn(
    model: StageModel,
    scenes: Sequence[CorpusScene],
    places: int,
    candidates: int,
    seed: int,
    longest: int,
    report: Report | None = None,
) -> Iterator[Place]:
    """Yield about `places` places, evenly over `scenes`, each with the different lines among `candidates` of the model.

    Left out are places whose prompt has more than `longest` letters (a pair must fit into training), and lines that are empty or
    hold marks of a template: these are known to be wrong without a reader.
    """
    rng = random.Random(seed)
    picked: list[tuple[CorpusScene, int]] = []
    each = max(1, -(-places // max(1, len(scenes))))
    for scene in rng.sample(list(scenes), len(scenes)):
        fitting = [at for at, line in enumerate(scene.lines) if at and line.speaker and line.to]
        fitting = [at for at in fitting if len(line_prompts(scene, at)["persona"]) <= longest]
        picked += [(scene, at) for at in sorted(rng.sample(fitting, min(each, len(fitting))))]
    picked = picked[:places]
    for number, (scene, at) in enumerate(picked, 1):
        prompt = line_prompts(scene, at)["persona"]
        said = model.propose(prompt, candidates, seed=seed + at, sampling=Sampling(max_tokens=48), stop=("\n",))
        texts = (prompts.neutral(one.text.partition("\n")[0]).strip() for one in said.completions if one.ended)
        kept = dict.fromkeys(text for text in texts if any(map(str.isalnum, text)) and not leaks(text))
        if kept:
            yield Place(scene.name, at, tuple((text, None) for text in kept))
        if report:
            report(number, len(picked), scene.name)


def write_sheet(found: Iterable[Place], scenes: Mapping[str, CorpusScene], file: Path, made: str) -> int:
    """Write places to be graded, each below what was said before it; `made` says of what model. Return how many."""
    blocks = ["\n".join((f"# {made}", *_LEGEND))]
    for place in found:
        scene = scenes[place.scene]
        line = scene.lines[place.number]
        before = scene.lines[max(0, place.number - _SHOWN) : place.number]
        cue = " · ".join(part for part in (f"{line.speaker} → {line.to}", line.level, line.emotion) if part)
        rows = [f"== {place.scene} #{place.number}", f"# {scene.scenario.logline}", *map(_shown, before), f"> {cue}"]
        rows += [f"{OPEN if grade is None else grade} {text}" for text, grade in place.lines]
        blocks.append("\n".join(rows))
    write_atomically(file, "\n\n".join(blocks) + "\n")
    return len(blocks) - 1


def _shown(line: Line) -> str:
    return f"    {line.speaker}: {line.text}" if line.speaker else f"    ({line.text})"


def read_sheet(file: Path) -> list[Place]:
    """Read a sheet, graded or not; FileError names the line that is neither a place nor a graded line."""
    try:
        text = unicodedata.normalize("NFC", file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(file, f"cannot be read ({error}); `daebon train sheet` writes one") from error
    found: list[Place] = []
    for number, row in enumerate(text.splitlines(), 1):
        if not row.strip() or row.startswith(("#", ">", " ")):
            continue
        if place := _PLACE.fullmatch(row.rstrip()):
            found.append(Place(place["scene"], int(place["place"]), ()))
        elif found and (graded := _GRADED.fullmatch(row.rstrip())):
            grade = None if graded["grade"] == OPEN else int(graded["grade"])
            found[-1] = replace(found[-1], lines=(*found[-1].lines, (graded["text"], grade)))
        else:
            raise FileError(file, "wants 2, 1, 0 or _, a space, and the line as it was", line=number)
    return found


def graded_pairs(file: Path, scenes: Mapping[str, CorpusScene], hidden: frozenset[str], seed: int) -> Iterator[Pair]:
    """Yield at most two pairs of a graded place: a line graded 2, else the writer's own, against one graded 0.

    Places of `hidden` scenes are held out. Raises FileError for a place that the corpus does not have.
    """
    for place in read_sheet(file):
        scene = scenes.get(place.scene)
        if scene is None or place.number >= len(scene.lines) or not scene.lines[place.number].to:
            raise FileError(
                file, f"{place.scene} #{place.number} is no spoken line of the corpus; give its folder with --corpus"
            )
        rng = random.Random(f"{seed} {place.scene} {place.number}")
        good = [text for text, grade in place.lines if grade == max(GRADES)]
        good = good or [prompts.neutral(scene.lines[place.number].text)]
        bad = [text for text, grade in place.lines if grade == min(GRADES)]
        prompt = line_prompts(scene, place.number)["persona"]
        for wrong in rng.sample(bad, min(_EACH, len(bad))):
            yield Pair(
                prompt,
                f" {rng.choice(good)}\n",
                f" {wrong}\n",
                "graded",
                f"corpus/{place.scene}",
                "test" if place.scene in hidden else "train",
            )

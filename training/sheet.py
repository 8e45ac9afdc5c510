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
from itertools import islice, zip_longest
from pathlib import Path

from agents import prompts
from agents.guards import leaks
from model.base import Sampling, StageModel
from training.corpus import CorpusScene, Line
from training.dataset import line_prompts
from training.pairs import Pair
from training.rows import Split
from transcript.errors import FileError
from transcript.reading import decoded
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
_INDENT = "    "
_PLACE = re.compile(r"== (?P<scene>.+) #(?P<place>\d+)")
_GRADED = re.compile(rf"(?P<grade>[{OPEN}{''.join(map(str, GRADES))}]) (?P<text>[^\s{OPEN}].*)")
_CUE = "> "


@dataclass(frozen=True)
class Place:
    """A spoken line of a scene, by its number from 0, and what a model says there: text and grade (None: not graded).

    `cue` says who speaks to whom and how; `row` is where the place begins in a file that was read.
    """

    scene: str
    number: int
    cue: str
    lines: tuple[tuple[str, int | None], ...] = ()
    row: int = 0


def picked(scenes: Sequence[CorpusScene], most: int, longest: int, seed: int) -> list[tuple[CorpusScene, int]]:
    """Return at most `most` spoken lines, scenes with their line numbers from 0, evenly over `scenes`, those of a scene together.

    Left out are a scene's first line, and lines whose prompt has more than `longest` letters: a pair must fit into training.
    """
    rng = random.Random(seed)
    order = rng.sample(list(scenes), len(scenes))
    spoken = [[at for at, line in enumerate(scene.lines) if at and line.speaker and line.to] for scene in order]
    rounds = zip_longest(*(rng.sample(places, len(places)) for places in spoken))
    fitting = (
        (n, at)
        for places in rounds
        for n, at in enumerate(places)
        if at is not None and len(line_prompts(order[n], at)["persona"]) <= longest
    )
    return [(order[n], at) for n, at in sorted(islice(fitting, most))]


def drawn(
    model: StageModel,
    places: Sequence[tuple[CorpusScene, int]],
    candidates: int,
    seed: int,
    report: Report | None = None,
) -> Iterator[Place]:
    """Yield each place with the different lines among `candidates` of the model, as far as it says any.

    Lines that are empty, cut off or hold marks of a template are left out: these are known to be wrong without a reader.
    """
    for number, (scene, at) in enumerate(places, 1):
        prompt = line_prompts(scene, at)["persona"]
        said = model.propose(prompt, candidates, seed=seed + at, sampling=Sampling(max_tokens=48), stop=("\n",))
        texts = (prompts.neutral(one.text.partition("\n")[0]).strip() for one in said.completions if one.ended)
        kept = dict.fromkeys(text for text in texts if any(map(str.isalnum, text)) and not leaks(text))
        if kept:
            yield Place(scene.name, at, _cue(scene, at), tuple((text, None) for text in kept))
        if report:
            report(number, len(places), scene.name)


def write_sheet(found: Iterable[Place], scenes: Mapping[str, CorpusScene], file: Path, made: str) -> None:
    """Write places to be graded, each below what was said before it; `made` says of what model they are."""
    blocks = ["\n".join((f"# {made}", *_LEGEND))]
    for place in found:
        scene = scenes[place.scene]
        before = scene.lines[max(0, place.number - _SHOWN) : place.number]
        rows = [f"== {place.scene} #{place.number}", f"# {_flat(scene.scenario.logline)}"]
        rows += [f"{_INDENT}{_shown(line)}" for line in before]
        rows.append(f"{_CUE}{place.cue}")
        rows += [f"{OPEN if grade is None else grade} {text}" for text, grade in place.lines]
        blocks.append("\n".join(rows))
    write_atomically(file, "\n\n".join(blocks) + "\n")


def _cue(scene: CorpusScene, number: int) -> str:
    line = scene.lines[number]
    return " · ".join(filter(None, (f"{line.speaker} → {line.to}", line.level, line.emotion)))


def _flat(text: str) -> str:
    return " ".join(text.split())


def _shown(line: Line) -> str:
    return f"{line.speaker}: {_flat(line.text)}" if line.speaker else f"({_flat(line.text)})"


def read_sheet(file: Path) -> list[Place]:
    """Read a sheet, graded or not, in any usual encoding; FileError names the line that is neither a place nor a graded line."""
    try:
        text = unicodedata.normalize("NFC", decoded(file.read_bytes(), file))
    except OSError as error:
        raise FileError(file, f"cannot be read ({error.strerror}); `daebon train sheet` writes one") from error
    found: list[Place] = []
    for number, row in enumerate(map(str.rstrip, text.splitlines()), 1):
        if not row or row.startswith(("#", _INDENT)):
            continue
        if place := _PLACE.fullmatch(row):
            found.append(Place(place["scene"], int(place["place"]), "", row=number))
        elif found and row.startswith(_CUE):
            found[-1] = replace(found[-1], cue=row.removeprefix(_CUE))
        elif found and (graded := _GRADED.fullmatch(row)):
            grade = None if graded["grade"] == OPEN else int(graded["grade"])
            found[-1] = replace(found[-1], lines=(*found[-1].lines, (graded["text"], grade)))
        else:
            raise FileError(file, "wants 2, 1, 0 or _, one space, and the line as it was", line=number)
    return found


def graded_pairs(file: Path, scenes: Mapping[str, CorpusScene], hidden: frozenset[str], seed: int) -> list[Pair]:
    """Return two pairs of a graded place: its best line against one graded 0, and the writer's own against one graded 0.

    A place whose best line is a 0 has the second only, one without a 0 has none. Places of `hidden` scenes are held out.
    Raises FileError for a place that the corpus does not have, or no longer has so.
    """
    pairs: list[Pair] = []
    for place in read_sheet(file):
        scene, at = scenes.get(place.scene), place.number
        if scene is None or at >= len(scene.lines) or _cue(scene, at) != place.cue:
            what = f"{place.scene} #{at} is no such line of the corpus"
            raise FileError(file, f"{what}; give its --corpus, or make a new sheet if it was changed", line=place.row)
        rng = random.Random(f"{seed} {place.scene} {at}")
        best = max((grade for _, grade in place.lines if grade is not None), default=0)
        good = [text for text, grade in place.lines if grade == best and best > min(GRADES)]
        bad = [text for text, grade in place.lines if grade == min(GRADES)]
        prompt = line_prompts(scene, at)["persona"]
        split: Split = "test" if place.scene in hidden else "train"
        wanted = [*rng.sample(good, min(1, len(good))), prompts.neutral(scene.lines[at].text)]
        for chosen, wrong in zip(wanted, rng.sample(bad, len(bad)), strict=False):
            pairs.append(Pair(prompt, f" {chosen}\n", f" {wrong}\n", "graded", f"corpus/{place.scene}", split))
    return pairs

"""Fit what speaks for a hint at a secret (`agents.knowledge.clues`) on labelled lines, and print the weights and the limit.

`python -m training.secrets` reads `training/secrets.tsv`, the tuning half of `tests/files/secrets.tsv`, and lines of the corpus as if the
people of a play said them; every case (a play with its people) is left out once, so that no line is judged by weights that saw its
play. The held half is never read here. `--common` writes `agents/common.tsv`: how many lines of the corpus have a word of the table.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from agents.clues import NAMES
from agents.knowledge import Fact, clues, fact_of
from agents.names import given_name
from agents.paraphrases import pointers, words_of
from training.corpus import CorpusScene, read_corpus
from transcript.errors import FileError

ROOT = Path(__file__).resolve().parent.parent
OWN, TUNED = ROOT / "training" / "secrets.tsv", ROOT / "tests" / "files" / "secrets.tsv"
COMMON = ROOT / "agents" / "common.tsv"
ALLOWED = 0.03  # of the ordinary lines of plays not fitted on lie above the limit
_PEOPLE = re.compile(r"#   (\S+): (?:[가-힣 ]+\. )?(.*)")
_PERSON = re.compile(r"([^(),]+)(?:\(([^)]*)\))?")
_RIDGE, _STEPS = 5.0, 25
_SCENES, _LINES, _SEED = 4, 10, 7  # corpus scenes for each case, lines of each
_LEVELS = (100, 50, 25, 12, 6, 3, 1.5, 0.7)  # lines of a thousand

Kind = Literal["reveals", "near", "ordinary", "corpus"]
Floats = NDArray[np.float64]
_WEIGHTS: dict[Kind, float] = {"reveals": 1.0, "near": 0.3, "ordinary": 1.0, "corpus": 0.2}


@dataclass(frozen=True)
class Row:
    """A line of speech, the fact it may give away, and whether it does; `half` says why it was written."""

    case: str
    fact: Fact
    text: str
    reveals: bool
    half: str

    @property
    def kind(self) -> Kind:
        """Return what the line is to its fact."""
        if self.reveals:
            return "reveals"
        return self.half if self.half in ("ordinary", "corpus") else "near"  # type: ignore[return-value]


def read(file: Path, half: str) -> list[Row]:
    """Return the rows of one `half` of a table; raises FileError for a row without its case's people."""
    people: dict[str, dict[str, list[str]]] = {}
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if found := _PEOPLE.match(line):
            entries = _PERSON.findall(found[2])
            people[found[1]] = {n.strip(): [o.strip() for o in others.split(",") if o] for n, others in entries}
        cells = line.split("\t")
        if cells[0] != half:
            continue
        if len(cells) != 5 or cells[1] not in people:
            raise FileError(file, "expected half, case with its people above, fact, text, reveals", line=number)
        rows.append(Row(cells[1], fact_of(cells[2], (), people[cells[1]]), cells[3], cells[4] == "yes", half))
    return rows


def borrowed(rows: Sequence[Row], scenes: Sequence[CorpusScene]) -> Iterator[Row]:
    """Yield lines of the corpus for each case of `rows`, with its people's names instead of their own."""
    facts: dict[str, dict[str, Fact]] = {}
    for row in rows:
        facts.setdefault(row.case, {})[row.fact.text] = row.fact
    chance = random.Random(_SEED)
    for case, known in facts.items():
        people = [given_name(name) for name, _ in next(iter(known.values())).cast]
        for scene in chance.sample(scenes, _SCENES):
            names = dict(zip((p.name for p in scene.scenario.personas), people, strict=False))
            spoken = [line.text for line in scene.lines if line.speaker]
            for text in chance.sample(spoken, min(_LINES, len(spoken))):
                for name, instead in names.items():
                    text = text.replace(name, instead)
                yield Row(case, chance.choice(list(known.values())), text, False, "corpus")


def fitted(values: Floats, kinds: Sequence[Kind]) -> Floats:
    """Return the log-odds of each clue, the bias last, by logistic regression with a ridge on standardised clues.

    `values` are the clues of each line, (lines, clues), the bias last; a line counts by its kind.
    """
    clue = values[:, :-1]
    counts = np.array([_WEIGHTS[kind] for kind in kinds])
    truth = np.array([kind == "reveals" for kind in kinds], dtype=np.float64)
    middle, spread = clue.mean(0), clue.std(0) + 1e-9
    scaled = np.c_[(clue - middle) / spread, np.ones(len(clue))]
    ridge = np.diag([_RIDGE] * clue.shape[1] + [0.0])
    weights = np.zeros(scaled.shape[1])
    for _ in range(_STEPS):  # Newton's method
        odds = 1 / (1 + np.exp(-scaled @ weights))
        bent = scaled.T @ (scaled * (counts * odds * (1 - odds))[:, None]) + ridge
        weights -= np.linalg.solve(bent, scaled.T @ (counts * (odds - truth)) + ridge @ weights)
    return np.append(weights[:-1] / spread, weights[-1] - float((weights[:-1] * middle / spread).sum()))


def left_out(values: Floats, rows: Sequence[Row]) -> Floats:
    """Return the log-odds of every row by weights that were fitted on the other cases."""
    cases, kinds = np.array([row.case for row in rows]), [row.kind for row in rows]
    odds = np.zeros(len(rows))
    for case in dict.fromkeys(cases.tolist()):
        out = cases == case
        odds[out] = values[out] @ fitted(
            values[~out], [kind for kind, gone in zip(kinds, out, strict=True) if not gone]
        )
    return odds


def common(scenes: Sequence[CorpusScene]) -> str:
    """Return the table of the words that lines of the corpus have, by how many of a thousand have them."""
    lines = [line.text for scene in scenes for line in scene.lines if line.speaker]
    counts = Counter(pointer.word for line in lines for pointer in pointers(words_of(line)))
    levels: dict[float, list[str]] = {level: [] for level in _LEVELS}
    for word, count in sorted(counts.items()):
        if level := next((level for level in _LEVELS if 1000 * count / len(lines) >= level), None):
            levels[level].append(word)
    note = "# How many of a thousand lines of training/corpus, at least, have a word of paraphrases.tsv; the others are rarer."
    return "\n".join([note, "lines\twords", *(f"{level}\t{' '.join(words)}" for level, words in levels.items())]) + "\n"


def main() -> None:
    """Print the weights and the limit, and how well they part lines of plays that they were not fitted on."""
    parser = argparse.ArgumentParser(prog="python -m training.secrets", description=__doc__)
    parser.add_argument("--common", action="store_true", help="write agents/common.tsv instead")
    scenes = read_corpus(ROOT / "training" / "corpus")
    if parser.parse_args().common:
        COMMON.write_text(common(scenes), encoding="utf-8")
        return
    rows = [*read(OWN, "dev"), *read(OWN, "ordinary"), *read(TUNED, "tune")]
    rows += list(borrowed(rows, scenes))
    values, kinds = np.array([clues(row.text, row.fact) for row in rows]), np.array([row.kind for row in rows])
    weights = fitted(values, [row.kind for row in rows])
    for name, weight in zip(NAMES, weights, strict=True):
        sys.stdout.write(f"{name}: {weight:.2f}\n")
    odds = left_out(values, rows)
    limit = float(np.quantile(odds[kinds == "ordinary"], 1 - ALLOWED))
    plays = len({row.case for row in rows})
    sys.stdout.write(f"limit: {limit:.2f}\n{dict(Counter(kinds.tolist()))} of {plays} plays, each left out once\n")
    for allowed in (0.01, ALLOWED, 0.06, 0.1):
        least = float(np.quantile(odds[kinds == "ordinary"], 1 - allowed))
        taken = [f"{(odds[kinds == kind] > least).mean():.1%} of {kind}" for kind in ("near", "corpus")]
        caught = (odds[kinds == "reveals"] > least).mean()
        sys.stdout.write(f"caught {caught:.1%} at {allowed:.0%} of ordinary, {', '.join(taken)}, from {least:.2f}\n")
    fresh = read(OWN, "check")
    over = np.array([clues(row.text, row.fact) for row in fresh]) @ weights > limit
    told = np.array([row.reveals for row in fresh])
    sys.stdout.write(
        f"check: caught {over[told].mean():.1%} of {told.sum()}, {over[~told].mean():.1%} of {(~told).sum()} ordinary\n"
    )


if __name__ == "__main__":
    main()

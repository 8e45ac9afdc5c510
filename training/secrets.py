"""Fit what speaks for a hint at a secret (`agents.knowledge.clues`) on labelled lines, and print the weights.

`python -m training.secrets` reads `training/secrets.tsv` and the tuning half of `tests/files/secrets.tsv`; every case (a play with
its people) is left out once, so that no line is judged by weights that saw its play. The held half is never read here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.knowledge import Fact, clues, fact_of
from transcript.errors import FileError

ROOT = Path(__file__).resolve().parent.parent
FITTED = ((ROOT / "training" / "secrets.tsv", "dev"), (ROOT / "tests" / "files" / "secrets.tsv", "tune"))
_PEOPLE = re.compile(r"#   (\S+): (?:[가-힣 ]+\. )?(.*)")
_PERSON = re.compile(r"([^(),]+)(?:\(([^)]*)\))?")
_RIDGE, _STEPS = 5.0, 40
_NAMES = ("near", "who", "said of the subject", "near, of the subject", "past", "me or you", "denied", "asked", "bias")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """A line of speech, the fact it may give away, and whether it does."""

    case: str
    fact: Fact
    text: str
    reveals: bool


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
        rows.append(Row(cells[1], fact_of(cells[2], (), people[cells[1]]), cells[3], cells[4] == "yes"))
    return rows


def fitted(rows: Sequence[Row]) -> Floats:
    """Return the log-odds of each clue, the bias last, by logistic regression with a ridge on standardised clues."""
    values = np.array([clues(row.text, row.fact)[:-1] for row in rows])
    truth = np.array([row.reveals for row in rows], dtype=np.float64)
    middle, spread = values.mean(0), values.std(0) + 1e-9
    scaled = np.c_[(values - middle) / spread, np.ones(len(rows))]
    ridge = np.diag([_RIDGE] * values.shape[1] + [0.0])
    weights = np.zeros(scaled.shape[1])
    for _ in range(_STEPS):  # Newton's method
        odds = 1 / (1 + np.exp(-scaled @ weights))
        bent = scaled.T @ (scaled * (odds * (1 - odds))[:, None]) + ridge
        weights -= np.linalg.solve(bent, scaled.T @ (odds - truth) + ridge @ weights)
    return np.append(weights[:-1] / spread, weights[-1] - float((weights[:-1] * middle / spread).sum()))


def main() -> None:
    """Print the weights, and how well they part lines of plays that they were not fitted on."""
    rows = [row for file, half in FITTED for row in read(file, half)]
    values, truth = np.array([clues(row.text, row.fact) for row in rows]), np.array([row.reveals for row in rows])
    cases = np.array([row.case for row in rows])
    odds = np.zeros(len(rows))
    for case in dict.fromkeys(cases.tolist()):
        odds[cases == case] = values[cases == case] @ fitted([row for row in rows if row.case != case])
    for name, weight in zip(_NAMES, fitted(rows), strict=True):
        sys.stdout.write(f"{name}: {weight:.2f}\n")
    for allowed in (0.03, 0.1, 0.2, 0.3, 0.5):
        least = float(np.quantile(odds[~truth], 1 - allowed))
        caught = float((odds[truth] > least).mean())
        sys.stdout.write(f"caught {caught:.0%} where {allowed:.0%} of the innocent lines are, from {least:.2f}\n")


if __name__ == "__main__":
    main()

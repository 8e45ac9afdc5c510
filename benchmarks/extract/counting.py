"""What is found in a printed script, counted against its truth."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clean import FILES as LAYOUTS
from benchmarks.clean import marked as by_hand
from benchmarks.extract.marked import Marked
from benchmarks.extract.printers import PRINTERS
from training.extract import read_people
from training.labels import bare
from training.script import Script


@dataclass
class Count:
    """Lines whose speaker is right and all spoken lines; speakers found, extra and all; the same for levels and addresses."""

    lines: int = 0
    right: int = 0
    speakers: int = 0
    found: int = 0
    extra: int = 0
    pairs: int = 0
    level: int = 0
    terms: int = 0
    term: int = 0

    def row(self, name: str) -> str:
        """Return a row of the table."""
        return (
            f"| {name} | {self.lines} | {self.right / max(1, self.lines):.1%} | {self.found}/{self.speakers} | {self.extra} | "
            f"{self.pairs} | {self.level / max(1, self.pairs):.1%} | {self.term}/{self.terms} |"
        )


_SEVERAL = re.compile("/|모두")
HEADINGS = "| set | spoken lines | right speaker | people found | not there | pairs | right level | right address |"


def compare(script: Marked, got: Script, counts: Count, *, show: bool = False) -> None:
    """Add what was found in one script to `counts`; `show` prints what is wrong."""
    said = {re.sub(r"\W", "", line.text): line.speaker for line in got.lines}
    for row in script.rows:
        if row.kind != "dialogue":
            continue
        counts.lines += 1
        wanted = "" if "/" in row.label else bare(row.label)
        speaker = said.get(re.sub(r"\W", "", row.text))
        counts.right += speaker == wanted
        if show and speaker != wanted:
            print(f"{script.name}: {row.label} → {speaker}: {row.text}")
    people = {person.name for person in got.people}
    counts.speakers += len(script.speakers)
    counts.found += len(script.speakers.keys() & people)
    counts.extra += len(people - script.speakers.keys())
    for pair, level in script.levels.items():
        manner = got.manners.get(pair)
        counts.pairs += 1
        counts.level += bool(manner and manner.level == level)
        if show and (not manner or manner.level != level):
            print(f"{script.name}: {pair} {level}, found {manner}")
    for pair, term in script.address.items():
        manner = got.manners.get(pair)
        counts.terms += 1
        counts.term += bool(manner and manner.address == term)
        if show and (not manner or manner.address != term):
            print(f"{script.name}: {pair} {term}, called {manner.address if manner else None}")


def measure(scripts: Sequence[Marked], *, show: bool = False) -> Iterator[tuple[str, Count]]:
    """Yield the counts of each layout, and last of all of them together."""
    total = Count()
    with tempfile.TemporaryDirectory() as folder:
        for printer in PRINTERS:
            counts = Count()
            for script in scripts:
                compare(script, read_people(printer(script, Path(folder) / script.name)), counts, show=show)
            for name in vars(total):
                setattr(total, name, getattr(total, name) + getattr(counts, name))
            yield printer.__name__, counts
    yield "together", total


def _key(name: str) -> str:
    return re.sub(r"\s", "", name)


def hand_marked(part: str) -> Count:
    """Count the speakers of the scripts of tests/files/layouts that end with `part`; nothing says there whom they speak to."""
    counts = Count()
    for file in sorted(LAYOUTS.glob(f"*-{part}.txt")):
        if file.name.startswith("prose"):
            continue
        got = read_people(file)
        starts = {line.line: _key(line.speaker) for line in got.lines}
        people = {_key(person.name) for person in got.people}
        rows = {n: _key(bare(who)) for n, (kind, who, _) in by_hand(file).items() if kind == "dialogue"}
        wanted = {who for who in rows.values() if not _SEVERAL.search(who)}
        counts.speakers += len(wanted)
        counts.found += len(wanted & people)
        counts.extra += len(people - wanted)
        for number, who in rows.items():
            start = max((n for n in starts if n <= number), default=0)  # a speech of several rows is one line
            counts.lines += 1
            counts.right += starts.get(start) == ("" if _SEVERAL.search(who) else who)
    return counts

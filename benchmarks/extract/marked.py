"""Scripts whose truth is known: the marked ones of tests/files/marked, and scenes of the training corpus."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from training.corpus import CorpusScene
from training.labels import bare

ROOT = Path(__file__).parents[2]
MARKED = ROOT / "tests" / "files" / "marked"
LETTERS = {"합": "합쇼체", "오": "하오체", "게": "하게체", "라": "해라체", "요": "해요체", "해": "해체"}
LEAST = 2  # lines with an ending from which a pair is counted


@dataclass(frozen=True)
class Row:
    """A row of a marked script: a heading, an action line, or speech with whom it is said to and at which level ("" for none)."""

    kind: str
    text: str
    label: str = ""
    to: str = ""
    level: str = ""
    direction: str = ""


@dataclass(frozen=True)
class Marked:
    """A script whose truth is known."""

    name: str
    title: str
    cast: tuple[tuple[str, str, str], ...]
    rows: tuple[Row, ...]
    address: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def speakers(self) -> Counter[str]:
        """Return the lines of each speaker; those of several at once are nobody's."""
        return Counter(bare(row.label) for row in self.rows if row.kind == "dialogue" and "/" not in row.label)

    @property
    def levels(self) -> dict[tuple[str, str], str]:
        """Return the level at which each pair mostly speaks, of pairs with LEAST lines that carry an ending."""
        found: dict[tuple[str, str], Counter[str]] = {}
        for row in self.rows:
            if row.level and "/" not in row.label:
                found.setdefault((bare(row.label), row.to), Counter())[row.level] += 1
        return {pair: counts.most_common(1)[0][0] for pair, counts in found.items() if sum(counts.values()) >= LEAST}


def read_marked(file: Path) -> Marked:
    """Read a marked script; its format is in the README beside it."""
    title, cast, rows, address = file.stem, list[tuple[str, str, str]](), list[Row](), dict[tuple[str, str], str]()
    for text in file.read_text(encoding="utf-8").splitlines():
        if text.startswith("제목 "):
            title = text[3:]
        elif text.startswith("인물 "):
            name, age, role = (part.strip() for part in text[3:].split("|"))
            cast.append((name, age, role))
        elif found := re.fullmatch(r"@ (.+) → (.+) (\S+(?: 씨)?)", text):
            who, rest = found[1], f"{found[2]} {found[3]}"
            to = max((name for name, _, _ in cast if rest.startswith(name + " ")), key=len)
            address[who, to] = rest[len(to) :].strip()
        elif text.startswith("S "):
            rows.append(Row("heading", text[2:]))
        elif text.startswith("= "):
            rows.append(Row("action", text[2:]))
        elif text:
            head, _, said = text.partition(" | ")
            label, _, target = head.partition(" → ")
            to, _, level = target.rpartition(" ")
            direction = re.match(r"\(([^()]*)\)\s*", said)
            words = said[direction.end() :] if direction else said
            spoken = LETTERS.get(level, "")
            rows.append(Row("dialogue", words, label, to, spoken, direction[1] if direction else ""))
    return Marked(file.stem, title, tuple(cast), tuple(rows), address)


def of_corpus(scene: CorpusScene) -> Marked:
    """Return a scene of the training corpus as a marked script."""
    opening = scene.scenario.scenes[0]
    rows = [Row("heading", " / ".join(filter(None, (opening.heading.place, opening.heading.time))))]
    rows.append(Row("action", opening.action.strip().replace("\n", " ")))
    for line in scene.lines:
        if line.speaker:
            text, direction = line.text, line.parenthetical or ""
            rows.append(Row("dialogue", text, line.speaker, line.to or "", line.level or "", direction))
        else:
            rows.append(Row("action", line.text))
    cast = tuple((p.name, p.age, p.role) for p in scene.scenario.personas)
    return Marked(scene.name, scene.scenario.title, cast, tuple(rows))

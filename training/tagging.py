"""The emotion split: every line and scene of a pile of scripts tagged by the classifier and by the rated words, and a report."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion.labels import BASIC_EMOTIONS, families
from emotion.lexicon import Lexicon
from emotion.measure import ClassifierEmotion
from training.clean import CleanLine, structure
from transcript.errors import UsageError
from transcript.record import write_atomically

Report = Callable[[int, int, str], None]
NEUTRAL = "중립"
_FELT = 0.15  # strength of a basic emotion from which a line or scene counts as it
_SHOWN = 3  # lines that stand for an emotion in the report


@dataclass(frozen=True)
class Tagged:
    """A spoken line with its place; `basic` is its strongest basic emotion, `words` those of the lexicon that it says."""

    file: str
    line: int
    scene: int
    speaker: str
    text: str
    basic: str
    strength: float
    valence: float
    arousal: float
    labels: dict[str, float]
    words: tuple[str, ...]


def tag(files: Sequence[Path], out: Path, report: Report | None = None) -> dict[str, Any]:
    """Tag the speech of text files; write `lines.jsonl`, `scenes.jsonl`, `emotions.json`; return the last.

    Raises UsageError when no file has a spoken line.
    """
    lines: list[Tagged] = []
    for number, file in enumerate(files, 1):
        lines += _of(file.name, structure(file.read_text(encoding="utf-8")))
        if report:
            report(number, len(files), file.name)
    if not lines:
        raise UsageError("no spoken line was found; give the texts that `daebon train ingest` wrote")
    scenes = _scenes(lines)
    write_atomically(out / "lines.jsonl", "".join(_json(vars(line)) for line in lines))
    write_atomically(out / "scenes.jsonl", "".join(_json(scene) for scene in scenes))
    found: dict[str, Any] = {"lines": len(lines), "scenes": len(scenes), "emotions": {}}
    by_scene, by_line = Counter(scene["basic"] for scene in scenes), Counter(line.basic for line in lines)
    for basic in (*BASIC_EMOTIONS, NEUTRAL):
        mine = sorted((line for line in lines if line.basic == basic), key=lambda line: -line.strength)
        words = Counter(word for line in mine for word in line.words)
        found["emotions"][basic] = {
            "lines": by_line[basic],
            "scenes": by_scene[basic],
            "words": [word for word, _ in words.most_common(8)],
            "strongest": [f"{line.speaker}: {line.text}" for line in mine[:_SHOWN]],
        }
    write_atomically(out / "emotions.json", json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    return found


def _of(name: str, lines: Sequence[CleanLine]) -> list[Tagged]:
    model, lexicon = ClassifierEmotion(), Lexicon.load()
    spoken, scene = [], 0
    for line in lines:
        scene += line.part == "heading"
        if line.part == "dialogue" and line.said:
            spoken.append((line, scene))
    tagged = []
    for (line, place), reading in zip(spoken, model.readings([line.said for line, _ in spoken]), strict=True):
        basic, strength = max(reading.basic.items(), key=lambda item: item[1], default=(NEUTRAL, 0.0))
        words = tuple(dict.fromkeys(match.word for match in lexicon.matches(line.said)))
        tagged.append(
            Tagged(
                name,
                line.line,
                place,
                line.speaker,
                line.said,
                basic if strength >= _FELT else NEUTRAL,
                round(strength, 3),
                round(reading.valence, 3),
                round(reading.arousal, 3),
                {label: round(value, 3) for label, value in reading.labels.items()},
                words,
            )
        )
    return tagged


def _scenes(lines: Sequence[Tagged]) -> list[dict[str, Any]]:
    """Return each scene with the mean valence of its lines and the basic emotion that is strongest over them."""
    groups: dict[tuple[str, int], list[Tagged]] = defaultdict(list)
    for line in lines:
        groups[line.file, line.scene].append(line)
    rows = []
    for (file, scene), mine in groups.items():
        sums = Counter[str]()
        for line in mine:
            sums.update(families(line.labels))
        basic, total = max(sums.items(), key=lambda item: item[1], default=(NEUTRAL, 0.0))
        rows.append(
            {
                "file": file,
                "scene": scene,
                "lines": len(mine),
                "basic": basic if total / len(mine) >= _FELT / 2 else NEUTRAL,
                "valence": round(sum(line.valence for line in mine) / len(mine), 3),
                "arousal": round(sum(line.arousal for line in mine) / len(mine), 3),
            }
        )
    return rows


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"

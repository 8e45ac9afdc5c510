"""The figures of a set of takes, those of `daebon.scoring` and those of judges that the engine does not have."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from daebon.scores.secrets import secrets_said
from daebon.scoring import Line, agreement, arcs_of, mean, median, steering
from daebon.scoring import lines_of as lines_of_turns
from transcript.turn import Turn

Valences = Callable[[Sequence[str]], Sequence[float]]
Right = Callable[[str, str], bool | None]


def lines_of(path: Path) -> list[Line]:
    """Return the lines of a transcript that had a target."""
    turns = [Turn.from_dict(row) for row in json.loads(path.read_text(encoding="utf-8"))["turns"]]
    return lines_of_turns(turns, f"{path.parent.parent.name}/{path.parent.name}")


def figures(
    paths: Sequence[Path], judges: Mapping[str, Valences], counters: Mapping[str, Right]
) -> dict[str, float | None]:
    """Return every figure of the takes at `paths`, one `r_…` for each judge and one for each counter of levels.

    None where nothing could be measured.
    """
    records: list[dict[str, Any]] = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    lines = [line for path in paths for line in lines_of(path)]
    arcs = arcs_of(lines)
    texts = sorted({line.text for line in lines})
    judged = {name: dict(zip(texts, judge(texts), strict=True)) for name, judge in judges.items()}
    levels = {
        name: [found for line in lines if line.level and (found := right(line.text, line.level)) is not None]
        for name, right in counters.items()
    }
    return {
        **steering(records, lines),
        **{f"r_{name}": median([agreement(arc, judged=read) for arc in arcs]) for name, read in judged.items()},
        **{name: mean([float(right) for right in found]) for name, found in levels.items()},
        "levels_read": max(map(len, levels.values())) / len(lines) if lines and levels else None,
        "secrets": float(sum(len(secrets_said(record)) for record in records)),
    }

"""What the weight of emotion buys and costs: the candidates of finished takes, ranked again with other weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agents.ranking import rank
from agents.steering import readable
from benchmarks.steering.figures import Valences
from daebon.scoring import Line, agreement, arcs_of, mean, median
from emotion.labels import target_valence
from emotion.measure import EmotionModel
from transcript.turn import Emotion, Turn

WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


class Remembered:
    """An emotion model that reads each text once."""

    def __init__(self, model: EmotionModel) -> None:
        """Read with `model`."""
        self._model, self._read = model, dict[str, Emotion]()

    def read(self, text: str, previous: str = "") -> Emotion:
        """Return the emotion of `text`."""
        if text not in self._read:
            self._read[text] = self._model.read(text, previous)
        return self._read[text]


def tradeoff(
    paths: Sequence[Path], emotion: EmotionModel, judge: Valences | None = None
) -> list[dict[str, float | None]]:
    """Return a row for each weight: agreement of the curve, distance to what was asked, and fit of the chosen lines.

    Every turn keeps the history it had, so this is one step at a time and no play; candidates of all attempts take part.
    `judge` reads the chosen lines as well (`r_judge`).
    """
    known = Remembered(emotion)
    rows = []
    for weight in WEIGHTS:
        lines = [line for path in paths for line in _chosen(path, known, weight)]
        texts = sorted({line.text for line in lines})
        judged = dict(zip(texts, judge(texts), strict=True)) if judge else None
        rows.append(
            {
                "weight": weight,
                "r": median([agreement(arc) for arc in arcs_of(lines)]),
                "r_judge": median([agreement(arc, judged=judged) for arc in arcs_of(lines)]) if judged else None,
                "distance": mean([abs(readable(line.planned) - line.measured) for line in lines]),
                "fit": mean([line.logprob for line in lines if line.logprob is not None]),
            }
        )
    return rows


def draw(rows: Sequence[dict[str, float | None]], path: Path) -> None:
    """Draw the rows as a curve to `path` (.svg or .png): what the lines make of the plan against how well they fit."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "daebon"
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for key, label in (("r", "the selector's own reading"), ("r_judge", "the fine-tuned net")):
        points = [
            (fit, value, row["weight"])
            for row in rows
            if (fit := row["fit"]) is not None and (value := row[key]) is not None
        ]
        if not points:
            continue
        axes.plot([x for x, _, _ in points], [y for _, y, _ in points], marker="o", markersize=4, label=label)
        for x, y, weight in points:
            axes.annotate(f"{weight:.1f}", (x, y), textcoords="offset points", xytext=(4, 5), fontsize=7)
    axes.set_xlabel("fit: mean log-probability per token of the chosen lines")
    axes.set_ylabel("planned and measured valence, median r")
    axes.set_title("What the weight of emotion (at the points) buys and costs", fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _chosen(path: Path, emotion: EmotionModel, weight: float) -> list[Line]:
    turns = [Turn.from_dict(row) for row in json.loads(path.read_text(encoding="utf-8"))["turns"]]
    lines = []
    for place, turn in enumerate(turns):
        if turn.kind != "dialogue" or turn.cue is None or not turn.cue.emotion or not turn.speaker:
            continue
        passed = [replace(c, score=None) for c in turn.candidates if not c.rejected]
        if not passed:
            continue
        recent = [other.text for other in turns[max(0, place - 15) : place]]
        planned = target_valence(turn.cue.emotion)
        best = rank(passed, turn.cue, recent, readable(planned), emotion, weight)[0]
        valence = emotion.read(best.text).valence
        lines.append(
            Line(str(path), turn.scene, turn.speaker, best.text, turn.cue.level, planned, valence, best.logprob)
        )
    return lines

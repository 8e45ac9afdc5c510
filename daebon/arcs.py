"""The emotional curves of a take as the exports hold them: a picture, and a row of bars for each character."""

from __future__ import annotations

import tempfile
from pathlib import Path

from transcript.layout import Arc
from transcript.record import Transcript

_BARS = 40  # characters of a row, so that label and bars fit into 72 columns


def drawn_arc(transcript: Transcript) -> Arc:
    """Draw the planned and measured arcs of a take; raises UsageError when nobody speaks in it."""
    from emotion.arcs import series, spans, sparkline
    from emotion.drawing import draw

    arcs = series(transcript.turns)
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "arc.png"
        draw(picture, arcs, title=transcript.title, beats=spans(transcript))
        data = picture.read_bytes()
    rows = []
    for arc in arcs:
        for what, points in (("측정", arc.measured), ("계획", arc.planned)):
            rows += [(f"{arc.name} {what}", sparkline([value for _, value in points], _BARS))] if points else []
    return Arc(data, (("눈금", "▁ 불쾌, █ 유쾌"), *rows))

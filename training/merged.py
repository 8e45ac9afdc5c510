"""The whole collection as one PDF with a bookmark for each document, as the experiment that daebon grew out of began."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path

from training.ingest import Entry
from transcript.errors import UsageError
from transcript.fonts import font_file
from transcript.record import write_atomically

_MARGIN, _SIZE, _LEADING = 56, 10, 16  # points
_TAB = "    "


def merge_pdf(entries: Sequence[Entry], folder: Path, path: Path) -> int:
    """Set the texts of all documents that were read, each once, on A4 pages of `path`; return the number of pages.

    `folder` is where ingest left the texts. Raises UsageError when nothing was read, DaebonError when the disk refuses.
    """
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.utils import simpleSplit
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    read = [entry for entry in entries if entry.status in ("read", "near")]
    if not read:
        raise UsageError(f"{path}: no document was read, so there is nothing to merge")
    pdfmetrics.registerFont(TTFont("nanum", str(font_file())))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=True)
    canvas.setTitle(path.stem)
    width, height = A4
    rows = int((height - 2 * _MARGIN) / _LEADING)
    pages = 0
    for number, entry in enumerate(read):
        text = (folder / entry.text).read_text(encoding="utf-8").rstrip("\n")
        lines = [
            piece for row in re.split(r"[\n\f]", text) for piece in _wrapped(row, width - 2 * _MARGIN, simpleSplit)
        ]
        for start in range(0, len(lines), rows):
            if not start:
                canvas.bookmarkPage(str(number))
                canvas.addOutlineEntry(Path(entry.source).name, str(number), level=0)
            body = canvas.beginText(_MARGIN, height - _MARGIN)
            body.setFont("nanum", _SIZE, _LEADING)
            for line in lines[start : start + rows]:
                body.textLine(line)
            canvas.drawText(body)
            canvas.showPage()
            pages += 1
    canvas.save()
    write_atomically(path, buffer.getvalue())
    return pages


def _wrapped(row: str, width: float, split: object) -> list[str]:
    """Return a row as lines that fit; a word longer than a line is cut."""
    pieces: list[str] = split(row.replace("\t", _TAB), "nanum", _SIZE, width) if row.strip() else [""]  # type: ignore[operator]
    return pieces or [""]

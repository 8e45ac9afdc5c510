"""PDF (A4): what is handed in on paper, with its font inside, a bookmark for each scene, and page numbers."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from html import escape
from typing import Any

from transcript.fonts import BOLD, PLAIN, font_file
from transcript.layout import NBSP, Arc, Line, Script, lay_out
from transcript.record import Transcript

_MM = 72 / 25.4  # points
_MARGIN, _COLUMN = 25 * _MM, 28 * _MM  # of the page, and from the margin to what is said
_SIZE, _LEADING = 10.5, 17  # points
_WIDEST = 80 * _MM  # of a name that stands beside its speech
_SOLID = re.compile(r"\S{36}(?=\S{36})")  # of a word that fills lines by itself, on which reportlab takes seconds
_SHORT = 6  # lines up to which a turn is not parted by the end of a page
_MISSING = "□"


def render(transcript: Transcript, arc: Arc | None = None) -> bytes:
    """Return the script as PDF; arcs, if given, have a page of their own at the end.

    A letter that NanumGothic lacks is printed as □ (see `missing`). The same transcript gives the same bytes.
    """
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    script = lay_out(transcript)
    _letters()
    buffer = io.BytesIO()
    width, height = A4
    document = BaseDocTemplate(buffer, pagesize=A4, title=_shown(script.title), author=_shown(script.tool), invariant=1)
    frame = Frame(_MARGIN, _MARGIN, width - 2 * _MARGIN, height - 2 * _MARGIN, 0, 0, 0, 0)
    document.addPageTemplates([PageTemplate("script", [frame], onPage=_number)])
    document.afterFlowable = lambda flowable: _bookmark(document.canv, flowable)
    document.build([*_front(script), *_body(script), *(_appendix(arc.picture) if arc else ())])
    return buffer.getvalue()


def missing(transcript: Transcript) -> str:
    """Return the characters of the script that the font lacks and `render` replaces, each once, in order of code."""
    script = lay_out(transcript)
    texts = [script.title, *(value for _, value in script.notes), *map(str, script.cast)]
    for scene in script.scenes:
        texts.append(scene.heading)
        texts += (text for line in scene.lines for text in (line.label, line.parenthetical, *line.lines))
    return "".join(sorted(char for char in set("".join(texts)) - _letters() if not _is_invisible(char)))


def _front(script: Script) -> Iterator[Any]:
    from reportlab.platypus import PageBreak, Spacer

    yield Spacer(0, 70 * _MM)
    yield _paragraph("title", _shown(script.title))
    yield from (_paragraph("note", _shown(f"{label}: {value}")) for label, value in script.notes)
    if script.cast:
        yield PageBreak()
        yield _paragraph("cast", "등장인물")
        yield from (_paragraph("role", _shown(str(role))) for role in script.cast)


def _body(script: Script) -> Iterator[Any]:
    from reportlab.platypus import PageBreak

    yield PageBreak()
    for scene in script.scenes:
        yield _paragraph("heading", _shown(scene.heading))
        yield from map(_line, scene.lines)


def _line(line: Line) -> Any:
    from reportlab.pdfbase.pdfmetrics import stringWidth

    if line.kind != "dialogue":
        return _paragraph("transition" if line.kind == "transition" else "action", *map(_shown, line.lines))
    name = _shown(line.label)
    rows = [_shown(row) for row in (line.said, *line.lines[1:])]
    if stringWidth(name, BOLD, _SIZE) > _WIDEST:
        return _paragraph("speech", name, *rows)
    return _paragraph("speech", *rows, name=name)


def _paragraph(style: str, *rows: str, name: str | None = None) -> Any:
    parted = (piece for row in rows for piece in _SOLID.sub(r"\g<0>\n", row).split("\n"))
    markup = "<br/>".join(escape(row, quote=False) or NBSP for row in parted)
    return _kept()(markup, _styles()[style], bulletText=name)


@cache
def _kept() -> Any:
    """Return a paragraph class that goes to the next page as a whole when it is short."""
    from reportlab.platypus import Paragraph

    class Kept(Paragraph):  # type: ignore[misc]
        def split(self, width: float, height: float) -> list[Any]:
            if len(self.blPara.lines) <= _SHORT:
                return []
            parts: list[Any] = super().split(width, height)
            return parts

    return Kept


@cache
def _styles() -> dict[str, Any]:
    from reportlab.lib.enums import TA_CENTER, TA_RIGHT
    from reportlab.lib.styles import ParagraphStyle

    base = ParagraphStyle("base", fontName=PLAIN, fontSize=_SIZE, leading=_LEADING, allowWidows=0, allowOrphans=0)
    bold = ParagraphStyle("bold", base, fontName=BOLD)
    speech = {"leftIndent": _COLUMN, "bulletFontName": BOLD, "bulletFontSize": _SIZE, "bulletIndent": 0}
    styles = (
        ParagraphStyle("title", bold, fontSize=24, leading=34, alignment=TA_CENTER, spaceAfter=15 * _MM),
        ParagraphStyle("note", base, alignment=TA_CENTER),
        ParagraphStyle("cast", bold, fontSize=13, leading=20, spaceAfter=12),
        ParagraphStyle("role", base, leftIndent=5 * _MM, firstLineIndent=-5 * _MM),
        ParagraphStyle("heading", bold, fontSize=11, spaceBefore=18, spaceAfter=8, keepWithNext=1),
        ParagraphStyle("action", base, spaceBefore=8, spaceAfter=8),
        ParagraphStyle("speech", base, spaceAfter=3, **speech),
        ParagraphStyle("transition", base, alignment=TA_RIGHT, spaceBefore=6, spaceAfter=8),
    )
    return {style.name: style for style in styles}


def _appendix(picture: bytes) -> Iterator[Any]:
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.utils import ImageReader
    from reportlab.platypus import Image, PageBreak

    wide, tall = ImageReader(io.BytesIO(picture)).getSize()
    scale = min((A4[0] - 2 * _MARGIN) / wide, (A4[1] - 2 * _MARGIN - 40) / tall)
    yield PageBreak()
    yield _paragraph("cast", "감정선")
    yield Image(io.BytesIO(picture), wide * scale, tall * scale)


def _number(canvas: Any, document: Any) -> None:
    """Print the number of the page, not on the title page."""
    if document.page > 1:
        canvas.setFont(PLAIN, 9)
        canvas.drawCentredString(canvas._pagesize[0] / 2, _MARGIN / 2, f"- {document.page} -")


def _bookmark(canvas: Any, flowable: Any) -> None:
    if getattr(flowable, "style", None) is _styles()["heading"]:
        key = f"scene-{id(flowable)}"
        canvas.bookmarkPage(key)
        canvas.addOutlineEntry(flowable.getPlainText(), key, 0)


def _shown(text: str) -> str:
    seen = (char if char in _letters() else "" if _is_invisible(char) else _MISSING for char in text)
    return "".join(seen).replace(NBSP, " ").strip()


def _is_invisible(char: str) -> bool:
    """Tell marks that belong to the letter before them, and what has no width."""
    return unicodedata.category(char) in ("Cf", "Mn", "Me")


@cache
def _letters() -> frozenset[str]:
    """Register both fonts and return the characters that they have."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    fonts = [TTFont(name, str(font_file(name))) for name in (PLAIN, BOLD)]
    for font in fonts:
        registerFont(font)
    return frozenset(map(chr, set(fonts[0].face.charToGlyph) & set(fonts[1].face.charToGlyph)))

"""Hancom Office (.hwpx, .hwp): a title page, the cast, and a script whose kinds of line are styles."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal
from zipfile import ZipFile

from transcript.layout import Arc, Scene, Script, columns, lay_out
from transcript.paragraphs import (
    ARC,
    CAST,
    HEADING,
    MARK,
    NAMES,
    NOTE,
    STYLES,
    TITLE,
    fill,
    front,
    marked,
    paragraphs,
    scenes,
)
from transcript.record import Transcript

_FONT, _SIZE = "함초롬바탕", 10.5  # comes with Hancom Office; points
_MM = 7200 / 25.4  # HWPUNIT
_PT = 100
_HP = "{http://www.hancom.co.kr/hwpml/2011/paragraph}"
_MARGIN, _EDGE, _COLUMN = 25, 12, 30  # millimetres: of the text, of all print, and from the margin to what is said
_WIDTH = 210 - 2 * _MARGIN

_FIRST = 1 << 16  # number of the first paragraph of the script, above those of the title page

# Of each style: points of its letters, bold, and what `ensure_paragraph_format` takes; margins in HWPUNIT. As in Hancom
# a negative `intent` leaves the first line where it is and moves the others in.
_LOOKS: Mapping[str, tuple[float, bool, Mapping[str, Any]]] = {
    TITLE: (24, True, {"alignment": "CENTER", "margins": {"prev": round(70 * _MM), "next": round(15 * _MM)}}),
    NOTE: (_SIZE, False, {"alignment": "CENTER"}),
    CAST: (13, True, {"margins": {"next": 12 * _PT}, "break_setting": {"page_break_before": True}}),
    NAMES: (_SIZE, False, {"margins": {"intent": -round(5 * _MM)}}),
    HEADING: (11, True, {"margins": {"prev": 18 * _PT, "next": 8 * _PT}, "break_setting": {"keep_with_next": True}}),
    STYLES["action"]: (_SIZE, False, {"margins": {"prev": 8 * _PT, "next": 6 * _PT}}),
    STYLES["event"]: (_SIZE, False, {"margins": {"prev": 8 * _PT, "next": 6 * _PT}}),
    STYLES["dialogue"]: (
        _SIZE,
        False,
        {
            "margins": {"intent": -round(_COLUMN * _MM), "next": 3 * _PT},
            "break_setting": {"keep_lines": True, "widow_orphan": True},
        },
    ),
    STYLES["transition"]: (_SIZE, False, {"alignment": "RIGHT", "margins": {"prev": 6 * _PT, "next": 6 * _PT}}),
    ARC: (13, True, {"alignment": "CENTER", "break_setting": {"page_break_before": True}}),
}


def render(transcript: Transcript, arc: Arc | None = None, *, format: Literal["hwpx", "hwp"] = "hwpx") -> bytes:
    """Return the script as HWPX, or as HWP 5.0, on A4; arcs, if given, have a page of their own at the end.

    A turn is one paragraph, its further rows soft lines; a tab and a hanging indent part name and speech.
    """
    from hwpx import HwpxDocument
    from hwpx.hwp5.writer import write_hwp5

    script = lay_out(transcript)
    document = HwpxDocument.new()
    _set_up(document)
    styles = {name: _style(document, name) for name in _LOOKS}
    for style, text in front(script):
        _add(document, styles[style], text)
    _add(document, styles[HEADING], MARK)
    if arc:
        _add(document, styles[ARC], "감정선")
        document.add_picture(arc.picture, "png", width_mm=_WIDTH, style=NOTE)
    bold = document.styles.ensure_run(bold=True, size=_SIZE, font=_FONT)
    filled = fill(document.to_bytes(), "Contents/section0.xml", "<hp:p ", _rows(script, styles, bold))
    if format == "hwpx":
        return filled
    with ZipFile(io.BytesIO(filled)) as archive:  # through a document of its own, `to_bytes` takes five times as long
        return bytes(write_hwp5({name: archive.read(name) for name in archive.namelist()}))


def parse(path: Path) -> tuple[Scene, ...]:
    """Return the scenes of a script as `render` writes it, edited or not."""
    from hwpx import HwpxDocument

    document = HwpxDocument.open(str(path))
    names = {number: style.name for number, style in document.styles.all.items()}
    return scenes((names.get(str(row.style_id_ref), ""), row.text) for row in document.paragraphs)


def _set_up(document: Any) -> None:
    """Set the margins, and the page's number at the foot from the second page on."""
    side, edge = round(_MARGIN * _MM), round(_EDGE * _MM)  # the areas of header and footer lie between edge and text
    within = side - edge
    document.page.set_margins(left=side, right=side, top=edge, bottom=edge, header=within, footer=within)
    document.page.set_visibility(hide_first_page_num=True)
    run = document.paragraphs[0].element[0]
    number = run.makeelement(f"{_HP}ctrl", {})
    number.append(run.makeelement(f"{_HP}pageNum", {"pos": "BOTTOM_CENTER", "formatType": "DIGIT", "sideChar": "-"}))
    run.append(number)


def _style(document: Any, name: str) -> tuple[str, str, str]:
    """Add a style and return its number, and those of its paragraph and letters."""
    size, bold, look = _LOOKS[name]
    header = document.oxml.headers[0]
    if name == STYLES["dialogue"]:
        stop = {"pos": round(_COLUMN * _MM)}
        look = {**look, "tab_pr_id_ref": header.ensure_tab_definition(tab_stops=[stop], auto_tab_left=True)}
    look = {"alignment": "LEFT", "base_para_pr_id": 0, "line_spacing_percent": 160, **look}
    shape = header.ensure_paragraph_format(**look)
    letters = document.styles.ensure_run(bold=bold, size=size, font=_FONT)
    number = header.ensure_style(name, para_pr_id_ref=shape, char_pr_id_ref=letters, lang_id=1042)
    header.ensure_style(name, next_style_id_ref=number)
    return number, shape, letters


def _add(document: Any, refs: tuple[str, str, str], text: str) -> None:
    number, shape, letters = refs
    document.add_paragraph(text, style_id_ref=number, para_pr_id_ref=shape, char_pr_id_ref=letters)


def _rows(script: Script, styles: Mapping[str, tuple[str, str, str]], bold: str) -> Iterator[str]:
    """Yield the XML of the paragraphs; the first begins a page."""
    for n, (style, text) in enumerate(paragraphs(script)):
        number, shape, letters = styles[style]
        tab = f'<hp:tab width="{_gap(text)}" leader="0" type="1"/>'
        said = marked(text, f'</hp:t></hp:run><hp:run charPrIDRef="{letters}"><hp:t>{tab}', "<hp:lineBreak/>")
        letters = bold if style == STYLES["dialogue"] else letters  # of the name, up to the tab
        yield (
            f'<hp:p id="{_FIRST + n}" paraPrIDRef="{shape}" styleIDRef="{number}" pageBreak="{int(not n)}" columnBreak="0" '
            f'merged="0"><hp:run charPrIDRef="{letters}"><hp:t>{said}</hp:t></hp:run></hp:p>'
        )


def _gap(text: str) -> int:
    """Return the width of the tab behind a name, about; Hancom measures it anew, other viewers draw it as told."""
    name = columns(text.partition("\t")[0]) * _SIZE * _PT / 2
    return round(max(_COLUMN * _MM - name, _SIZE * _PT))

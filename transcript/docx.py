"""Word (.docx): a title page, the cast, and a script whose kinds of line are styles that a writer can change."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

from transcript.layout import Arc, Scene, Script, lay_out
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

_TEXT = '<w:t xml:space="preserve">'
_FONT, _SIZE = "맑은 고딕", 10.5  # points
_MARGIN, _COLUMN = 2.5, 3.0  # centimetres: of the page, and from the margin to what is said


def render(transcript: Transcript, arc: Arc | None = None) -> bytes:
    """Return the script as a Word document on A4; arcs, if given, have a page of their own at the end.

    A turn is one paragraph, its further rows soft lines; a tab and a hanging indent part name and speech.
    """
    from docx import Document
    from docx.shared import Cm

    script = lay_out(transcript)
    document = Document()
    document.core_properties.title = script.title[:255]
    document.core_properties.author = script.tool[:255]
    document.core_properties.comments = ""
    _set_up(document)
    _add_styles(document)
    for style, text in front(script):
        document.add_paragraph(text, style)
    document.add_paragraph(MARK)
    if arc:
        document.add_paragraph("감정선", ARC).paragraph_format.page_break_before = True
        document.add_picture(io.BytesIO(arc.picture), width=Cm(21 - 2 * _MARGIN))
        document.paragraphs[-1].style = document.styles[ARC]
    numbers = {style.name: style.style_id for style in document.styles}
    buffer = io.BytesIO()
    document.save(buffer)
    return fill(buffer.getvalue(), "word/document.xml", "<w:p>", _rows(script, numbers))


def parse(data: bytes) -> tuple[Scene, ...]:
    """Return the scenes of a script as `render` writes it, edited or not."""
    from docx import Document

    document = Document(io.BytesIO(data))
    return scenes((paragraph.style.name, paragraph.text) for paragraph in document.paragraphs)


def _rows(script: Script, numbers: Mapping[str, str]) -> Iterator[str]:
    """Yield the XML of the paragraphs; the first begins a page."""
    begin = "<w:pageBreakBefore/>"
    for style, text in paragraphs(script):
        said = marked(text, f"</w:t></w:r><w:r><w:tab/>{_TEXT}", f"</w:t><w:br/>{_TEXT}")
        bold = "<w:rPr><w:b/></w:rPr>" if style == STYLES["dialogue"] else ""  # of the name, up to the tab
        yield (
            f'<w:p><w:pPr><w:pStyle w:val="{numbers[style]}"/>{begin}</w:pPr><w:r>{bold}{_TEXT}{said}</w:t></w:r></w:p>'
        )
        begin = ""


def _set_up(document: Any) -> None:
    """Make the page A4, with its number at the foot from the second page on."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Cm

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(_MARGIN)
    section.different_first_page_header_footer = True
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    field.append(OxmlElement("w:r"))
    field[0].text = "1"
    foot._p.append(field)


def _add_styles(document: Any) -> None:
    """Add a style for each kind of paragraph; the fonts of Normal hold for Hangul too."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt

    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = _FONT, Pt(_SIZE)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
    normal.paragraph_format.line_spacing = 1.4
    normal.paragraph_format.space_after = Pt(4)
    normal.paragraph_format.widow_control = True
    for name in (TITLE, NOTE, CAST, NAMES, HEADING, *STYLES.values(), ARC):
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style, style.quick_style = normal, True
    centre = WD_ALIGN_PARAGRAPH.CENTER
    looks: dict[str, dict[str, Any]] = {
        TITLE: {"alignment": centre, "space_before": Cm(7), "space_after": Cm(1.5)},
        NOTE: {"alignment": centre},
        CAST: {"page_break_before": True, "space_after": Pt(12), "keep_with_next": True},
        NAMES: {"left_indent": Cm(0.5), "first_line_indent": Cm(-0.5)},
        HEADING: {"space_before": Pt(18), "space_after": Pt(8), "keep_with_next": True},
        "지문": {"space_before": Pt(8), "space_after": Pt(8)},
        "사건": {"space_before": Pt(8), "space_after": Pt(8)},
        "대사": {"left_indent": Cm(_COLUMN), "first_line_indent": Cm(-_COLUMN), "keep_together": True},
        "전환": {"alignment": WD_ALIGN_PARAGRAPH.RIGHT, "space_before": Pt(8), "space_after": Pt(8)},
        ARC: {"alignment": centre},
    }
    for name, look in looks.items():
        for key, value in look.items():
            setattr(document.styles[name].paragraph_format, key, value)
    document.styles["대사"].paragraph_format.tab_stops.add_tab_stop(Cm(_COLUMN))
    for name, size in ((TITLE, 24), (CAST, 13), (HEADING, 11), (ARC, 13)):
        document.styles[name].font.bold, document.styles[name].font.size = True, Pt(size)
    _outline(document.styles[HEADING])


def _outline(style: Any) -> None:
    """Put the headings of scenes into Word's navigation pane."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    level = OxmlElement("w:outlineLvl")
    level.set(qn("w:val"), "0")
    style.element.get_or_add_pPr().append(level)

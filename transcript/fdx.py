"""Final Draft's XML (.fdx): scene numbers and voice markers stay, with a title page and the lists of names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from transcript.layout import NBSP, Line, Scene, Script, gather, headed, lay_out
from transcript.record import Transcript

if TYPE_CHECKING:
    from lxml.etree import _Element

_KINDS = {"action": "Action", "event": "Action", "transition": "Transition"}
_HEADING = re.compile(r"S#\d+\. ?")
_CUE = re.compile(r"(.*?)(?: \(([^()]*)\))?", re.DOTALL)
_BRACKETS = str.maketrans("()", "（）")


def render(transcript: Transcript) -> bytes:
    """Return the script as the XML of Final Draft 8 and later (Version 1), in UTF-8.

    A turn's rows of text are one paragraph, parted by LF as Final Draft parts soft lines. A bracket inside a marker
    becomes full-width; a no-break space keeps a bracket in a name from being read as the marker.
    """
    from lxml import etree

    script = lay_out(transcript)
    root = etree.Element("FinalDraft", DocumentType="Script", Template="No", Version="1")
    content = etree.SubElement(root, "Content")
    for scene in script.scenes:
        _paragraph(content, "Scene Heading", _HEADING.sub("", scene.heading, count=1), Number=str(scene.number))
        for line in scene.lines:
            _line(content, line)
    _title_page(root, script)
    numbers = {"NumberScheme": "1A", "ShowNumbersOnLeft": "Yes", "ShowNumbersOnRight": "Yes"}
    etree.SubElement(root, "SceneNumberOptions", numbers)
    characters = etree.SubElement(etree.SubElement(root, "SmartType"), "Characters")
    for name in dict.fromkeys(line.name for scene in script.scenes for line in scene.lines if line.name):
        etree.SubElement(characters, "Character").text = name
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, standalone=False, pretty_print=True))


def parse(data: bytes) -> tuple[Scene, ...]:
    """Return the scenes of a Final Draft file; an event of ours comes back as action."""
    from lxml import etree

    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    return gather(_pieces(root))


def _pieces(root: _Element) -> Iterator[Scene | Line]:
    name, marker, direction = "", "", ""
    said: list[str] = []
    for kind, number, text in (*_paragraphs(root), ("", "", "")):
        if kind == "Parenthetical" and name and not said and not direction:
            direction = text.strip().removeprefix("(").removesuffix(")")
            continue
        if kind in ("Dialogue", "Parenthetical") and name:
            said += text.split("\n")
            continue
        if name:
            yield Line("dialogue", tuple(said) or ("",), name, marker, direction)
            name, marker, direction, said = "", "", "", []
        if kind == "Character":
            name, marker = _cue(text)
        elif kind in ("Scene Heading", "Shot"):
            yield _scene(number, text)
        elif kind == "Transition":
            yield Line("transition", (text,))
        elif text.strip():
            yield Line("action", tuple(text.split("\n")))


def _paragraphs(root: _Element) -> Iterator[tuple[str, str, str]]:
    """Yield type, scene number and text of the paragraphs, those side by side (DualDialogue) one after another."""
    for top in root.iterfind("./Content/Paragraph"):
        for paragraph in top.findall("./DualDialogue/Paragraph") or [top]:
            text = "".join("".join(part.itertext()) for part in paragraph.iterfind("./Text"))
            yield paragraph.get("Type", "Action"), paragraph.get("Number", ""), text


def _scene(number: str, text: str) -> Scene:
    whole = re.match(r"\d+", number)
    return Scene(int(whole[0]), headed(int(whole[0]), text), ()) if whole else Scene(1, text, ())


def _cue(text: str) -> tuple[str, str]:
    cue = _CUE.fullmatch(text.strip(" "))
    name, marker = (cue[1], cue[2] or "") if cue else (text, "")
    return name.replace(NBSP, " ").strip() or text, marker


def _line(content: _Element, line: Line) -> None:
    if line.kind != "dialogue":
        _paragraph(content, _KINDS[line.kind], "\n".join(line.lines))
        return
    name = line.name.replace(" (", f"{NBSP}(")
    _paragraph(content, "Character", f"{name} ({line.marker.translate(_BRACKETS)})" if line.marker else name)
    if line.parenthetical:
        _paragraph(content, "Parenthetical", f"({line.parenthetical})")
    _paragraph(content, "Dialogue", "\n".join(line.lines))


def _title_page(root: _Element, script: Script) -> None:
    from lxml import etree

    content = etree.SubElement(etree.SubElement(root, "TitlePage"), "Content")
    rows = [*[""] * 12, script.title, "", *(f"{label}: {value}" for label, value in script.notes)]
    if script.cast:
        rows += ["", "등장인물", *map(str, script.cast)]
    for row in rows:
        _paragraph(content, "General", row, Alignment="Center")


def _paragraph(content: _Element, kind: str, text: str, **attributes: str) -> _Element:
    from lxml import etree

    paragraph = etree.SubElement(content, "Paragraph", attributes | {"Type": kind})
    etree.SubElement(paragraph, "Text").text = text
    return paragraph

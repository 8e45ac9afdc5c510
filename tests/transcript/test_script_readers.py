"""What we write is read by readers that are not ours: same scenes, speakers and lines, whatever the text holds.

Fountain is read by screenplain and screenplay-tools, Markdown by markdown-it; plain text by the rule in its docstring.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fountain import FountainParser
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token
from screenplain import types as screenplain_types  # type: ignore[import-untyped]
from screenplain.parsers import fountain as screenplain_fountain  # type: ignore[import-untyped]
from screenplay_tools.fountain.parser import Parser  # type: ignore[import-untyped]
from screenplay_tools.screenplay import ElementType  # type: ignore[import-untyped]

from tests.transcript.hostile import ENDINGS, OPENINGS, transcripts
from transcript import fountain, markdown, text
from transcript.layout import lay_out
from transcript.record import Transcript, read_transcript
from transcript.turn import KINDS, Kind, Turn

RECORDS = sorted((Path(__file__).parent / "golden").rglob("transcript.json"))

Row = tuple[str, str]  # what the row is, and its text; a speech is its name and one row per line
FULL_WIDTH = str.maketrans("()^", "（）＾")


def printed(transcript: Transcript) -> Iterator[Row]:
    """Yield the rows that every format must hold, in order, blank ones left out."""
    for scene in lay_out(transcript).scenes:
        yield "scene", scene.heading
        for line in scene.lines:
            kind = "action" if line.kind == "event" else line.kind
            if kind == "dialogue":
                yield "name", line.label
                if line.parenthetical:
                    yield "dialogue", f"({line.parenthetical})"
            yield from ((kind, row) for row in line.lines if row)


def as_fountain(rows: Iterator[Row], transcript: Transcript) -> list[Row]:
    """Return `rows` with names and transitions as Fountain has to write them."""
    names = {
        line.label: line.name.translate(FULL_WIDTH) + (f" ({line.marker.translate(FULL_WIDTH)})" if line.marker else "")
        for scene in lay_out(transcript).scenes
        for line in scene.lines
    }
    shown: dict[str, Callable[[str], str]] = {
        "name": lambda row: names[row],
        "transition": lambda row: re.sub("<$", "＜", row),
    }
    return [(kind, shown.get(kind, str)(row)) for kind, row in rows]


def read_screenplay_tools(script: str) -> Iterator[Row]:
    """Yield the rows that screenplay-tools finds; it leaves our backslashes to us."""
    parser = Parser()
    parser.mergeActions = parser.mergeDialogue = False
    parser.add_text(script)
    assert not parser.script.notes
    assert not parser.script.boneyards
    kinds = {ElementType.HEADING: "scene", ElementType.ACTION: "action", ElementType.TRANSITION: "transition"}
    for element in parser.script.elements:
        if element.type is ElementType.CHARACTER:
            assert not element.is_dual_dialogue
            yield "name", unescape(element.name + (f" ({element.extension})" if element.extension else ""))
        elif element.type is ElementType.PARENTHETICAL:
            yield "dialogue", f"({unescape(element.text_raw)})"
        elif element.type is ElementType.DIALOGUE and element.text_raw:
            yield "dialogue", unescape(element.text_raw.removeprefix("\\"))
        elif element.text_raw.strip():
            assert element.type in kinds, element.dump()
            assert not getattr(element, "centered", False), element.dump()
            yield kinds[element.type], unescape(element.text_raw)


def read_screenplain(script: str) -> Iterator[Row]:
    """Yield the rows that screenplain finds; it shows headings and transitions in capitals."""
    for element in screenplain_fountain.parse(io.StringIO(script)):
        match element:
            case screenplain_types.Slug():
                assert str(element.line).upper().startswith(f"S#{element.scene_number}.")
                yield "scene", str(element.line)
            case screenplain_types.Dialog():
                yield "name", str(element.character)
                yield from (("dialogue", str(row)) for _, row in element.blocks)
            case screenplain_types.Action(centered=False):
                yield from (("action", str(row)) for row in element.lines)
            case screenplain_types.Transition():
                yield "transition", str(element.line)
            case _:
                raise AssertionError(f"screenplain reads {element!r}")


def read_fountain_py(script: str) -> Iterator[Row]:
    """Yield the rows that fountain-py finds."""
    kinds = {"scene_heading": "scene", "parenthetical": "dialogue", "dialogue": "dialogue", "action": "action"}
    kinds |= {"transition": "transition"}
    for element in FountainParser().parse(script).elements:
        kind = element.type.value
        if kind == "character":
            extension = element.metadata.get("extension")
            yield "name", f"{element.text} ({extension})" if extension else element.text
            continue
        assert kind in kinds, element
        yield from ((kinds[kind], row) for row in element.text.split("\n") if row.strip())


def unescape(row: str) -> str:
    """Drop the backslashes that Fountain puts before emphasis and notes."""
    return re.sub(r"\\([*_\[])", r"\1", row)


def loosely(rows: Iterator[Row] | list[Row]) -> list[Row]:
    """Leave out what screenplain changes: case, backslashes it does not know, underscores (its escape is not read)."""
    squeezed = ((kind, re.sub(r"[\\_]", "", row).strip()) for kind, row in rows)
    return [(kind, row.upper() if kind in {"scene", "transition"} else row) for kind, row in squeezed if row]


def bracketless(rows: Iterator[Row] | list[Row]) -> list[Row]:
    """Leave out the brackets around a direction, of which screenplay-tools drops as many as there are."""
    return [(kind, row.strip("() ") if kind == "dialogue" else row) for kind, row in rows]


def read_text(script: str) -> Iterator[Row]:
    """Yield the rows of plain text from the first heading on."""
    rows = script.splitlines()
    start = next((n for n, row in enumerate(rows) if re.match(r"S#\d", row) and n), len(rows))
    for row in rows[start:]:
        name, tab, speech = row.partition("\t")
        if tab:
            yield from [("name", name.replace("\xa0", " "))] if name else []
            yield "dialogue", unmarked(speech)
        elif row.startswith(" " * 8):
            yield "transition", row.strip()
        elif re.match(r"S#\d", row):
            yield "scene", row
        elif row:
            yield "action", row.removeprefix(" ")


def unmarked(row: str) -> str:
    """Drop the no-break space that keeps a bracket of the text from being read as a direction, or ends one."""
    return re.sub(
        r"^\xa0(?=\()|(?<=\))\xa0$", "", row.replace(")\xa0", ") ", 1) if row.startswith("(") else row
    ).rstrip()


def directed(transcript: Transcript) -> list[Row]:
    """Return the printed rows with a direction before its line, as text and Markdown have them."""
    rows = []
    for scene in lay_out(transcript).scenes:
        rows.append(("scene", scene.heading))
        for line in scene.lines:
            first, *more = line.lines
            if line.kind == "dialogue":
                rows.append(("name", line.label.replace("\xa0", " ")))
                first = f"({line.parenthetical}) {first}".strip() if line.parenthetical else first
            rows += [("action" if line.kind == "event" else line.kind, row) for row in (first, *more) if row]
    return rows


def read_markdown(script: str) -> Iterator[Row]:
    """Yield the rows that a CommonMark reader with GFM's tables and strikethrough shows after the cast list."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(script)
    inside = ""
    for token in tokens:
        inside = token.tag if token.type in {"heading_open", "paragraph_open"} else inside
        assert token.type.removesuffix("_open").removesuffix("_close") in {
            "heading", "paragraph", "inline", "bullet_list", "list_item"
        }, token.type  # fmt: skip
        if token.type != "inline" or token.level > 1 or inside == "h1" or token.content == "등장인물":
            continue
        yield from _inline(token.children or [], inside)


def _inline(tokens: list[Token], inside: str) -> Iterator[Row]:
    assert {token.type for token in tokens} <= {
        "text", "text_special", "hardbreak", "strong_open", "strong_close", "em_open", "em_close"
    }  # fmt: skip
    shown = "".join("\n" if token.type == "hardbreak" else token.content for token in tokens)
    opening = [token.type for token in tokens if token.type.endswith("_open")]
    if inside == "h2":
        assert not opening
        yield "scene", shown
    elif opening[:1] == ["strong_open"]:
        name = "".join(token.content for token in tokens[: [token.type for token in tokens].index("strong_close")])
        yield "name", name.replace("\xa0", " ")
        yield from (("dialogue", row) for row in shown.removeprefix(name).strip(" ").split("\n") if row)
        assert opening[1:] in ([], ["em_open"])
    else:
        assert opening in ([], ["em_open"])
        yield from (("transition" if opening else "action", row) for row in shown.split("\n"))


def check_fountain(transcript: Transcript) -> None:
    """Assert that both readers find what was printed."""
    script, expected = fountain.render(transcript), as_fountain(printed(transcript), transcript)
    assert bracketless(read_screenplay_tools(script)) == bracketless(expected)
    assert loosely(read_screenplain(script)) == loosely(expected)
    lines = [line for scene in lay_out(transcript).scenes for line in scene.lines if line.kind == "dialogue"]
    if all(any(line.lines) and re.search(r"[^\W\d_]", line.name) for line in lines):  # else no cue to fountain-py
        assert loosely(read_fountain_py(script)) == loosely(expected)


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.parent.name)
def test_readers_find_the_golden_scripts(path: Path) -> None:
    transcript = read_transcript(path)
    check_fountain(transcript)
    assert [row for row in read_text(text.render(transcript)) if row[1]] == directed(transcript)
    assert list(read_markdown(markdown.render(transcript))) == directed(transcript)


@settings(max_examples=100, deadline=None)
@given(transcripts())
def test_fountain_holds_whatever_the_text_is(transcript: Transcript) -> None:
    check_fountain(transcript)


@settings(max_examples=100, deadline=None)
@given(transcripts())
def test_text_holds_whatever_the_text_is(transcript: Transcript) -> None:
    assert [row for row in read_text(text.render(transcript)) if row[1]] == directed(transcript)


@settings(max_examples=100, deadline=None)
@given(transcripts())
def test_markdown_holds_whatever_the_text_is(transcript: Transcript) -> None:
    assert list(read_markdown(markdown.render(transcript))) == directed(transcript)


@pytest.mark.parametrize("kind", KINDS)
def test_every_opening_and_ending_of_a_row_stays_in_its_row(kind: Kind) -> None:
    turns = [
        Turn(1, 1, 1, kind, f"{opening}민수{ending}\n\n{opening}지은{ending}\n{opening}", speaker="지은")
        for opening in OPENINGS
        for ending in dict.fromkeys(ENDINGS)
    ]
    transcript = Transcript("덫", {}, {}, tuple(turns))
    check_fountain(transcript)
    assert [row for row in read_text(text.render(transcript)) if row[1]] == directed(transcript)
    assert list(read_markdown(markdown.render(transcript))) == directed(transcript)


def test_twenty_thousand_characters_are_one_line() -> None:
    long = "바다가 운다 " * 3333 + "끝."
    turns = (Turn(1, 1, 1, "dialogue", long, speaker="지은"), Turn(2, 1, 1, "action", long))
    transcript = Transcript(long, {}, {}, turns)
    check_fountain(transcript)
    assert list(read_text(text.render(transcript))) == directed(transcript)
    assert list(read_markdown(markdown.render(transcript))) == directed(transcript)


def test_title_page_is_read_by_both() -> None:
    (path,) = (path for path in RECORDS if path.parent.name == "해진호")
    script = fountain.render(read_transcript(path))
    page = screenplain_fountain.parse(io.StringIO(script)).title_page
    parser = Parser()
    parser.add_text(script)
    theirs = {entry.key: entry.text.split("\n") for entry in parser.script.titleEntries}
    assert [*page] == [*theirs] == ["Title", "Credit", "Author", "Draft date", "Notes"]
    assert page["Title"] == theirs["Title"] == ["해진호의 마지막 이름"]
    assert page["Draft date"] == theirs["Draft date"] == ["2026-03-02"]
    assert [row.strip() for row in theirs["Notes"] if row] == page["Notes"]
    assert "· 지은 (스물일곱), 서울에서 내려온 시나리오 작가" in page["Notes"]


@settings(max_examples=100, deadline=None)
@given(transcripts())
def test_title_page_keeps_its_keys_whatever_the_text_is(transcript: Transcript) -> None:
    script = fountain.render(transcript)
    keys = {"Title", "Credit", "Author", "Draft date", "Notes"}
    page = screenplain_fountain.parse(io.StringIO(script)).title_page
    parser = Parser()
    parser.add_text(script)
    assert {"Title", "Author"} <= page.keys() <= keys
    assert [entry.key for entry in parser.script.titleEntries] == [*page]

"""Every format is read back to the same turns by our importers, and to the same text by readers that are not ours."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from dochan import Dochan
from docx import Document
from hwpx import HwpxDocument
from hypothesis import given, settings
from lxml import etree
from pypdf import PdfReader
from screenplay_tools.fdx.parser import Parser as FdxParser
from screenplay_tools.screenplay import ElementType

from tests.transcript.hostile import ENDINGS, OPENINGS, transcripts
from transcript import docx, fdx, fountain, hwpx, markdown, pdf, tables, text
from transcript.errors import FileError
from transcript.exports import FORMATS, export
from transcript.importing import read_scenes
from transcript.layout import Scene, lay_out
from transcript.record import Transcript, read_transcript
from transcript.turn import KINDS, Turn

GOLDEN = Path(__file__).parent / "golden"
RECORDS = sorted(GOLDEN.rglob("transcript.json"))
FIXED = [read_transcript(path) for path in RECORDS]

# Formats that have a mark of their own for events, and how they are read.
MARKED: dict[str, Callable[[Transcript], tuple[Scene, ...]]] = {
    "docx": lambda take: docx.parse(docx.render(take)),
    "jsonl": lambda take: tables.parse_jsonl("".join(tables.jsonl(take))),
    "csv": lambda take: tables.parse_csv("".join(tables.to_csv(take))),
}
PRINTED: dict[str, Callable[[Transcript], tuple[Scene, ...]]] = {
    "fountain": lambda take: fountain.parse(fountain.render(take)),
    "fdx": lambda take: fdx.parse(fdx.render(take)),
    "md": lambda take: markdown.parse(markdown.render(take)),
    "txt": lambda take: text.parse(text.render(take)),
}
WIDE = str.maketrans("（）＾＜", "()^<")  # Fountain cannot escape them in names, and has no other bracket than these


def printed(take: Transcript) -> tuple[Scene, ...]:
    """Return the scenes with events as the action that is printed."""
    return tuple(
        replace(scene, lines=tuple(replace(x, kind="action") if x.kind == "event" else x for x in scene.lines))
        for scene in lay_out(take).scenes
    )


def folded(scenes: tuple[Scene, ...]) -> tuple[Scene, ...]:
    """Fold the full-width signs of names, markers and the ends of transitions, as Fountain and FDX must."""
    return tuple(
        replace(
            scene,
            lines=tuple(
                replace(
                    line,
                    name=line.name.translate(WIDE),
                    marker=line.marker.translate(WIDE),
                    lines=tuple(row.translate(WIDE) for row in line.lines) if line.kind == "transition" else line.lines,
                )
                for line in scene.lines
            ),
        )
        for scene in scenes
    )


def squeezed(shown: str) -> str:
    """Return text without what a page may change: spaces, line ends, page numbers, letters the font lacks."""
    return re.sub(r"[\s\xa0]|- ?\d+ ?-", "", unicodedata.normalize("NFC", shown))


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("pdf", "html")])
@pytest.mark.parametrize("take", FIXED, ids=lambda take: take.title[:3])
def test_every_format_is_read_back_from_its_file(tmp_path: Path, take: Transcript, name: str) -> None:
    (path,) = export(take, [name], tmp_path)
    assert read_scenes(path) == (printed(take) if name in PRINTED else lay_out(take).scenes)


@pytest.mark.parametrize("name", [*MARKED, *PRINTED])
def test_whatever_the_text_is_it_comes_back(name: str) -> None:
    @settings(max_examples=10 if name == "docx" else 40, deadline=None)
    @given(transcripts())
    def comes_back(take: Transcript) -> None:
        if name in MARKED:
            assert MARKED[name](take) == lay_out(take).scenes
        elif name in ("fountain", "fdx"):
            assert folded(PRINTED[name](take)) == folded(printed(take))
        else:
            assert PRINTED[name](take) == printed(take)

    comes_back()


@settings(max_examples=6, deadline=None)
@given(transcripts())
def test_hancom_holds_whatever_the_text_is(tmp_path_factory: pytest.TempPathFactory, take: Transcript) -> None:
    path = tmp_path_factory.mktemp("한글") / "덫.hwpx"
    path.write_bytes(hwpx.render(take))
    assert hwpx.parse(path) == lay_out(take).scenes


def test_every_opening_and_ending_comes_back_from_every_format(tmp_path: Path) -> None:
    turns = [
        Turn(
            n,
            1,
            1,
            kind,
            f"{opening}민수{ending}\n\n{opening}지은\n{ending}",
            opening,
            (),
            ending,
            "E" if n % 2 else None,
        )
        for n, (opening, ending, kind) in enumerate(
            (opening, ending, kind) for opening in OPENINGS for ending in dict.fromkeys(ENDINGS) for kind in KINDS[:2]
        )
    ]
    take = Transcript("덫", {}, {}, tuple(turns))
    for path in export(take, ["hwpx", "hwp", *MARKED, *PRINTED], tmp_path):
        wanted = printed(take) if path.suffix[1:] in PRINTED else lay_out(take).scenes
        assert folded(read_scenes(path)) == folded(wanted), path.suffix


def test_twenty_thousand_characters_come_back_from_every_format(tmp_path: Path) -> None:
    long, solid = "바다가 운다 " * 3333 + "끝.", "가" * 20_000
    turns = (
        Turn(1, 1, 1, "dialogue", f"{long}\n{solid}", speaker="지은", parenthetical="길게"),
        Turn(2, 1, 1, "action", solid),
        Turn(3, 1, 1, "dialogue", "응.", speaker=solid),
    )
    take = Transcript("긴 말", {}, {}, turns)
    paths = export(take, list(FORMATS), tmp_path)
    for path in paths:
        if path.suffix not in (".pdf", ".html"):
            assert read_scenes(path) == lay_out(take).scenes
    (path,) = (path for path in paths if path.suffix == ".pdf")
    assert squeezed(long + solid) in squeezed("".join(page.extract_text() for page in PdfReader(path).pages))


# --- readers that are not ours


@pytest.mark.parametrize("take", FIXED, ids=lambda take: take.title[:3])
def test_final_draft_is_read_by_screenplay_tools(take: Transcript) -> None:
    parser = FdxParser()
    parser.parse(fdx.render(take).decode())
    found = [(element.type, element.text_raw) for element in parser.script.elements]
    wanted = []
    for scene in printed(take):
        wanted.append((ElementType.HEADING, scene.heading.partition(". ")[2]))
        for line in scene.lines:
            kind = {"action": ElementType.ACTION, "transition": ElementType.TRANSITION}.get(line.kind)
            if kind is not None:
                wanted.append((kind, "\n".join(line.lines)))
                continue
            wanted.append((ElementType.CHARACTER, line.name))
            wanted += [(ElementType.PARENTHETICAL, line.parenthetical)] if line.parenthetical else []
            wanted.append((ElementType.DIALOGUE, "\n".join(line.lines)))
    names = iter(e for e in parser.script.elements if e.type is ElementType.CHARACTER)
    found = [(kind, next(names).name if kind is ElementType.CHARACTER else row) for kind, row in found]
    assert [
        (kind, row.partition("(")[0].rstrip() if kind is ElementType.CHARACTER else row) for kind, row in found
    ] == [(kind, row.partition("(")[0].rstrip() if kind is ElementType.CHARACTER else row) for kind, row in wanted]


def test_final_draft_has_the_elements_of_a_real_file() -> None:
    """Names and nesting as Final Draft writes them (Version 1 to 6); scene numbers and markers stay."""
    (take,) = (take for take in FIXED if take.title.startswith("해진호"))
    root = etree.fromstring(fdx.render(take))
    assert (root.tag, dict(root.attrib)) == ("FinalDraft", {"DocumentType": "Script", "Template": "No", "Version": "1"})
    assert [child.tag for child in root] == ["Content", "TitlePage", "SceneNumberOptions", "SmartType"]
    kinds = {"Scene Heading", "Action", "Character", "Parenthetical", "Dialogue", "Transition"}
    paragraphs = root.findall("./Content/Paragraph")
    assert {paragraph.get("Type") for paragraph in paragraphs} == kinds
    assert all([child.tag for child in paragraph] == ["Text"] for paragraph in paragraphs)
    assert [paragraph.get("Number") for paragraph in paragraphs if paragraph.get("Number")] == ["1", "2"]
    said = [paragraph.findtext("Text") for paragraph in paragraphs if paragraph.get("Type") == "Character"]
    assert {"어촌계장 한씨 (E)", "지은 (N)", "민수 (O.L)"} <= set(said)
    assert [child.text for child in root.find("SmartType/Characters")] == ["지은", "민수", "어촌계장 한씨"]
    assert "해진호의 마지막 이름" in [row.text for row in root.iterfind("./TitlePage/Content/Paragraph/Text")]


def test_a_file_of_final_draft_itself_is_read() -> None:
    data = """<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<FinalDraft DocumentType="Script" Template="No" Version="5"><Content>
<Paragraph Number="12A" Type="Scene Heading"><SceneProperties Length="4/8" Page="1" Title=""><SceneArcBeats>
<CharacterArcBeat Name="민수"><Paragraph><Text>그는 두렵다.</Text></Paragraph></CharacterArcBeat></SceneArcBeats>
</SceneProperties><Text>방파제 / 밤</Text></Paragraph>
<Paragraph Type="Action"><Text>민수가 </Text><Text Style="Bold">뛴다</Text><Text>.</Text></Paragraph>
<Paragraph><DualDialogue><Paragraph Type="Character"><Text>민수 (V.O.)</Text></Paragraph>
<Paragraph Type="Parenthetical"><Text>(낮게)</Text></Paragraph><Paragraph Type="Dialogue"><Text>가.</Text></Paragraph>
<Paragraph Type="Character"><Text>지은</Text></Paragraph><Paragraph Type="Dialogue"><Text>싫어.</Text></Paragraph>
</DualDialogue></Paragraph></Content></FinalDraft>"""
    (scene,) = fdx.parse(data.encode())
    assert (scene.number, scene.heading) == (12, "S#12. 방파제 / 밤")
    assert [(line.name, line.marker, line.parenthetical, line.lines) for line in scene.lines] == [
        ("", "", "", ("민수가 뛴다.",)),
        ("민수", "V.O.", "낮게", ("가.",)),
        ("지은", "", "", ("싫어.",)),
    ]


@pytest.mark.parametrize("take", FIXED, ids=lambda take: take.title[:3])
@pytest.mark.parametrize("name", ["hwpx", "hwp"])
def test_hancom_is_read_by_others(tmp_path: Path, take: Transcript, name: str) -> None:
    (path,) = export(take, [name], tmp_path)
    document = HwpxDocument.open(str(path))
    assert not document.validate().issues
    for shown in (document.text.plain(), Dochan(str(path)).to_plain_text()):
        place = 0
        for scene in lay_out(take).scenes:
            for row in (scene.heading, *(row for line in scene.lines for row in (line.name, *line.lines))):
                place = squeezed(shown).index(squeezed(row), place)
    (spoken,) = {paragraph.element.get("paraPrIDRef") for paragraph in document.paragraphs if "\t" in paragraph.text}
    assert spoken != "0"


@pytest.mark.parametrize("take", FIXED, ids=lambda take: take.title[:3])
def test_word_is_read_by_python_docx(tmp_path: Path, take: Transcript) -> None:
    (path,) = export(take, ["docx"], tmp_path)
    document = Document(str(path))
    headings = [row.text for row in document.paragraphs if row.style.name == "씬 제목"]
    assert headings == [scene.heading for scene in lay_out(take).scenes]
    spoken = [row for row in document.paragraphs if row.style.name == "대사"]
    assert [row.runs[0].text for row in spoken] == [
        line.label for scene in lay_out(take).scenes for line in scene.lines if line.kind == "dialogue"
    ]
    assert all(row.runs[0].bold and not any(run.bold for run in row.runs[1:]) for row in spoken)
    assert document.sections[0].different_first_page_header_footer
    assert "PAGE" in document.sections[0].footer._element.xml


@pytest.mark.parametrize("take", FIXED, ids=lambda take: take.title[:3])
def test_the_text_of_a_pdf_is_found_by_pypdf_and_pdfium(tmp_path: Path, take: Transcript) -> None:
    (path,) = export(take, ["pdf"], tmp_path)
    pages = pypdfium2.PdfDocument(path)
    readings = (
        "".join(page.extract_text() for page in PdfReader(path).pages),
        "".join(page.get_textpage().get_text_range() for page in pages),
    )
    lost = pdf.missing(take)
    for shown in readings:
        found, place = squeezed(shown), 0
        for scene in lay_out(take).scenes:
            for row in (
                scene.heading,
                *(row for line in scene.lines for row in (line.name, line.parenthetical, *line.lines)),
            ):
                if not set(row) & set(lost):
                    place = found.find(squeezed(pdf._shown(row)), place)
                    assert place >= 0, row


def test_a_pdf_carries_its_font_numbers_its_pages_and_has_a_bookmark_for_each_scene(tmp_path: Path) -> None:
    (take,) = (take for take in FIXED if take.title.startswith("해진호"))
    (path,) = export(take, ["pdf"], tmp_path)
    reader = PdfReader(path)
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    korean = [font for font in fonts if "NanumGothic" in font["/BaseFont"]]
    assert korean
    assert all("/FontFile2" in font["/FontDescriptor"] for font in korean)
    assert [item.title for item in reader.outline] == [scene.heading for scene in lay_out(take).scenes]
    assert reader.metadata.title == take.title
    numbers = [re.findall(r"- (\d) -", page.extract_text()) for page in reader.pages]
    assert numbers == [[], ["2"], ["3"]]
    assert pdf.render(take) == path.read_bytes()


@settings(max_examples=20, deadline=None)
@given(transcripts())
def test_a_pdf_is_made_of_whatever_the_text_is(take: Transcript) -> None:
    assert len(PdfReader(io.BytesIO(pdf.render(take))).pages) >= 2
    assert not set(pdf.missing(take)) & set("가나다abc ")


def test_a_short_speech_is_not_parted_by_the_end_of_a_page() -> None:
    rows = "\n".join(f"{n}번째 줄이다." for n in range(6))
    take = Transcript("긴 밤", {}, {}, tuple(Turn(n, 1, 1, "dialogue", rows, speaker="지은") for n in range(30)))
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf.render(take))).pages]
    assert len(pages) > 4
    assert all(page.count("0번째") == page.count("5번째") for page in pages)


# --- data


@pytest.mark.parametrize("take", FIXED, ids=lambda take: take.title[:3])
def test_tables_hold_the_turns_with_all_they_have(take: Transcript) -> None:
    rows, table = "".join(tables.jsonl(take)), "".join(tables.to_csv(take))
    turns = [json.loads(row) for row in rows.split("\n")[:-1]]
    assert [{key: row[key] for key in row if key != "heading"} for row in turns] == [t.to_dict() for t in take.turns]
    assert [turn for _, turn in tables.read_jsonl(rows)] == list(take.turns)
    whole = [replace(turn, text=re.sub("[\ud800-\udfff]", "", turn.text)) for turn in take.turns]
    assert [turn for _, turn in tables.read_csv(table)] == whole
    assert len(rows.splitlines()) == len(take.turns)


@settings(max_examples=40, deadline=None)
@given(transcripts())
def test_no_cell_is_a_formula(take: Transcript) -> None:
    table = "".join(tables.to_csv(take))
    assert table.startswith("\ufeff")
    for row in list(csv.reader(io.StringIO(table.removeprefix("\ufeff"), newline="")))[1:]:
        for cell in row:
            assert not re.match(r"[=+@\t\r＝＋－＠-]", cell.lstrip(" ")), cell


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+82 10", "-", "@민수", "\t=1", "＝1", "'안녕", " =1", "'"])
def test_what_looks_like_a_formula_comes_back_as_typed(cell: str) -> None:
    take = Transcript("표", {}, {}, (Turn(1, 1, 1, "dialogue", cell, speaker=cell, marker="", why=cell),))
    ((_, turn),) = tables.read_csv("".join(tables.to_csv(take)))
    assert turn == take.turns[0]


# --- files that a writer has edited, and files that are not ours


def test_a_document_that_was_edited_in_word_is_read(tmp_path: Path) -> None:
    (take,) = (take for take in FIXED if take.title.startswith("해진호"))
    (path,) = export(take, ["docx"], tmp_path)
    document = Document(str(path))
    document.add_paragraph("지은\t(웃으며) 그럴 줄 알았어요.")
    document.add_paragraph("불이 꺼진다.")
    document.save(str(path))
    *_, last = read_scenes(path)
    assert [(line.kind, line.name, line.parenthetical, line.lines) for line in last.lines[-2:]] == [
        ("dialogue", "지은", "웃으며", ("그럴 줄 알았어요.",)),
        ("action", "", "", ("불이 꺼진다.",)),
    ]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("대본.pdf", b"%PDF", ".fountain"),
        ("대본.docx", b"PK\x03\x04", "export it again"),
        ("대본.hwpx", b"PK\x03\x04", "export it again"),
        ("대본.hwp", b"\xd0\xcf\x11\xe0", "export it again"),
        ("대본.fdx", b"<FinalDraft>", "export it again"),
        ("대본.jsonl", b'{"n": 1}\n', "line 1"),
        ("대본.csv", b"n,scene\r\n1,1\r\n", "line 2"),
        ("대본.json", b"{}", "schema"),
    ],
)
def test_what_is_not_ours_is_refused_in_one_line(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(FileError) as caught:
        read_scenes(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        read_scenes(tmp_path / "없다.txt")


def test_an_entity_in_final_draft_opens_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "비밀.txt"
    secret.write_text("열쇠", "utf-8")
    data = f"""<!DOCTYPE FinalDraft [<!ENTITY x SYSTEM "{secret.as_uri()}">]><FinalDraft><Content>
<Paragraph Type="Action"><Text>a&x;b</Text></Paragraph></Content></FinalDraft>"""
    (scene,) = fdx.parse(data.encode())
    assert "열쇠" not in str(scene)


def test_the_archives_hold_each_part_once_and_hancom_its_type_first(tmp_path: Path) -> None:
    for path in export(FIXED[0], ["docx", "hwpx"], tmp_path):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            assert len(archive.namelist()) == len(set(archive.namelist()))
            if path.suffix == ".hwpx":
                first = archive.infolist()[0]
                assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)

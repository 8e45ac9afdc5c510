"""The exports of a transcript: golden files, file names, and what goes wrong."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from transcript.errors import DaebonError, UsageError
from transcript.exports import FORMATS, export, remarks, safe_name
from transcript.importing import read_scenes
from transcript.layout import Arc, clean, lay_out
from transcript.record import Transcript, read_transcript
from transcript.turn import Turn

GOLDEN = Path(__file__).parent / "golden"
RECORDS = sorted(GOLDEN.rglob("transcript.json"))
RENDERED = sorted(path for path in GOLDEN.rglob("script.*"))
TEXTS = ("txt", "md", "fountain", "fdx", "jsonl", "csv")  # the others hold dates or compressed parts
KNOWN = "fountain, fdx, hwpx, hwp, docx, pdf, html, md, txt, jsonl, csv, json"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63f80f00010101001bb6ee560000000049454e44ae426082"
)


def line(text: str, **fields: object) -> Turn:
    """Return a line of 지은 in scene 1, with `fields` in place of the usual ones."""
    usual: dict[str, object] = {"n": 1, "scene": 1, "beat": 1, "kind": "dialogue", "speaker": "지은", "text": text}
    return Turn.from_dict(usual | fields)


def take(*turns: Turn, title: str = "해진호", **fields: object) -> Transcript:
    """Return a transcript of three scenes; `fields` go into the take."""
    places = [("방파제", "저녁"), ("부두 식당", None), ("조타실", "새벽")]
    scenes = [{"heading": {"place": place, "time": time}} for place, time in places]
    return Transcript(title, {"scenes": scenes}, fields, turns)


def test_every_golden_transcript_has_every_format_of_text() -> None:
    assert RECORDS
    assert {path.parent: path.suffix for path in RENDERED}.keys() == {path.parent for path in RECORDS}
    assert len(RENDERED) == len(RECORDS) * len(TEXTS)


@pytest.mark.parametrize("path", RENDERED, ids=lambda path: f"{path.parent.name}{path.suffix}")
def test_golden(path: Path, tmp_path: Path) -> None:
    (written,) = export(read_transcript(path.with_name("transcript.json")), [path.suffix[1:]], tmp_path)
    assert written.read_bytes() == path.read_bytes()


def test_headings_follow_the_path_that_was_played() -> None:
    transcript = take(line("갔어요?"), line("갔지.", scene=2), path=[0, 2])
    assert [scene.heading for scene in lay_out(transcript).scenes] == ["S#1. 방파제 / 저녁", "S#2. 조타실 / 새벽"]


def test_headings_without_a_path_follow_the_scenario() -> None:
    assert lay_out(take(line("여기요.", scene=2))).scenes[0].heading == "S#2. 부두 식당"


def test_a_transcript_without_scenes_still_has_its_number() -> None:
    assert lay_out(Transcript("즉흥", {}, {}, (line("누구 있어요?"),))).scenes[0].heading == "S#1."


@pytest.mark.parametrize(("scene", "path"), [(3, [0, 2]), (0, [0, 2]), (1, [3]), (1, [-1])])
def test_a_scene_that_was_not_played_is_refused(scene: int, path: list[int]) -> None:
    with pytest.raises(DaebonError, match=f"scene {scene}: take.path is .* transcript.json"):
        lay_out(take(line("어디예요?", scene=scene), path=path))


def test_clean_keeps_what_is_writing_and_drops_what_is_not() -> None:
    decomposed = unicodedata.normalize("NFD", "지은")
    assert (
        clean(f" \ufeff{decomposed}\t“왔네…”\r\n\x00\x1b[0m\ud83d \u202e！\u2028끝\u200f ")
        == "지은 “왔네…” [0m ！ 끝\u200f"
    )
    assert clean("옛말 ᄒᆞᆫ글 👨‍👩‍👧") == "옛말 ᄒᆞᆫ글 👨‍👩‍👧"


def test_export_writes_what_was_asked_in_that_order(tmp_path: Path) -> None:
    transcript = take(line("…왔네."), title="바다: 여름/끝")
    paths = export(transcript, ["fountain", "json", "txt", "fountain"], tmp_path / "새 폴더")
    assert [path.name for path in paths] == ["바다_ 여름_끝.fountain", "transcript.json", "바다_ 여름_끝.txt"]
    assert sorted(path.name for path in (tmp_path / "새 폴더").iterdir()) == sorted(path.name for path in paths)
    assert read_transcript(paths[1]) == transcript
    assert b"\r" not in paths[2].read_bytes()
    assert "지은\t…왔네.\n" in paths[2].read_text("utf-8")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("fountian", f"unknown format 'fountian'; did you mean 'fountain'? known are {KNOWN}"),
        ("한글", f"unknown format '한글'; known are {KNOWN}"),
    ],
)
def test_an_unknown_format_is_named_and_nothing_is_written(tmp_path: Path, asked: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        export(take(line("네?")), ["txt", asked], tmp_path)
    assert str(caught.value) == said
    assert not list(tmp_path.iterdir())


def test_what_a_format_leaves_out_is_said_in_a_line_each() -> None:
    whole = line("…왔네.", why="reply", candidates=[{"text": "…왔네.", "score": 0.5}], cue={"speaker": "지은"})
    transcript = take(whole, line("비가 온다.", kind="event", speaker=None))
    said = dict(row.split(": leaves out ", 1) for row in remarks(transcript, [*FORMATS, "json"]))
    assert set(said) == {*FORMATS} - {"html"}
    assert said["txt"].startswith("beats, events as such, candidates, cues, reasons, the scenario's private parts")
    assert "events as such" not in said["docx"]
    assert "candidates" not in said["jsonl"]
    assert remarks(take(), ["txt"]) == ["txt: leaves out the scenario's private parts (transcript.json holds all)"]


def test_letters_that_a_pdf_cannot_print_are_named() -> None:
    (*_, said) = remarks(take(line("옛말 ᄒᆞᆫ글 👩‍👧 끝"), title="😀"), ["pdf"])
    assert said == "pdf: prints □ for what its font lacks: ᆞ 👧 👩 😀"


def test_the_arcs_are_drawn_where_they_can_be_and_else_named(tmp_path: Path) -> None:
    arc = Arc(PIXEL, (("지은 측정", "▁▄█"),))
    transcript = take(line("…왔네."))
    plain = {path.suffix: path.read_bytes() for path in export(transcript, [*FORMATS], tmp_path / "맨")}
    drawn = {path.suffix: path.read_bytes() for path in export(transcript, [*FORMATS], tmp_path / "곡선", arc)}
    lost = [row.partition(":")[0] for row in remarks(transcript, [*FORMATS], arc) if "picture of the arcs" in row]
    assert lost == ["fountain", "fdx", "jsonl", "csv"]
    assert "감정선\n- 지은 측정: ▁▄█\n" in drawn[".txt"].decode()
    assert "- 지은 측정: `▁▄█`" in drawn[".md"].decode()
    for suffix in (".docx", ".hwpx"):
        with ZipFile(io.BytesIO(drawn[suffix])) as archive:
            assert [name for name in archive.namelist() if archive.read(name) == PIXEL], suffix
    assert len(PdfReader(io.BytesIO(drawn[".pdf"])).pages) == len(PdfReader(io.BytesIO(plain[".pdf"])).pages) + 1
    for path in (tmp_path / "곡선").iterdir():
        if path.suffix not in (".pdf", ".html"):
            assert read_scenes(path) == lay_out(transcript).scenes, path.suffix


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("비명수당", "비명수당"),
        (unicodedata.normalize("NFD", "늦은 밤, 부두에서…"), "늦은 밤, 부두에서…"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ('“왜?” 그리고 "왜:*<|>\\"', "“왜_” 그리고 _왜_______"),
        ("con", "_con"),
        ("Nul.1막", "_Nul.1막"),
        ("COM¹", "_COM¹"),
        ("console", "console"),
        ("-rf 하지 마...", "rf 하지 마"),
        (".숨은 제목. . ", "숨은 제목"),
        ("가짜\u202egpj.exe\u200b", "가짜gpj.exe"),
        ("두\n줄\t제목\u3000", "두 줄 제목"),
        ("\x00\ud800 . ", "제목 없음"),
        ("", "제목 없음"),
        ("a" * 300, "a" * 80),
        ("가" * 300, "가" * 73),
    ],
)
def test_safe_name(title: str, name: str) -> None:
    assert safe_name(title) == name


@given(st.text() | st.text(st.sampled_from("가ᄒᆞᆫ👩‍👧. -/\\:COMNULconp1¹$\u0301\ud800"), max_size=300))
def test_safe_name_of_anything_is_a_file_name_everywhere(title: str) -> None:
    name = safe_name(title)
    assert 1 <= len(name) <= 80
    assert len(f".{name}.fountain.12345678".encode()) <= 255
    assert unicodedata.is_normalized("NFC", name)
    assert not set(name) & set('/\\:*?"<>|')
    assert not {unicodedata.category(char) for char in name} & {"Cc", "Cf", "Cs"}
    assert name == name.strip(" .")
    assert name.split(".")[0].rstrip().upper() not in {"CON", "PRN", "AUX", "NUL", "CONIN$", "COM1", "COM¹", "LPT1"}
    assert safe_name(name) == name


def test_a_long_title_can_be_written(tmp_path: Path) -> None:
    for title in ("가" * 300, "👩" * 300, "ᄒᆞᆫ" * 300):
        assert all(path.exists() for path in export(take(line("길다."), title=title), [*FORMATS], tmp_path))

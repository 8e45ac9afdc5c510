"""Scripts and texts of other people: layouts, encodings, lines that break naive readers, files that are no text."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcript.errors import FileError
from transcript.layout import lay_out
from transcript.reading import STDIN, Kind, ScriptLine, decoded, read_script, sentences
from transcript.record import read_transcript

GOLDEN = Path(__file__).parent / "golden"
FILES = Path(__file__).parents[1] / "files" / "읽기"


def told(lines):
    return [(line.kind, line.speaker, line.text) for line in lines if line.kind != "blank"]


def test_every_sample_is_named_in_a_test_and_read():
    names = {path.name for path in FILES.iterdir()}
    assert names == {"콜론.txt", "두칸.txt", "소설.txt", "소설.md", "배.fountain"}
    for name in names:
        lines = read_script(FILES / name)
        assert {line.kind for line in lines} <= set(get_args(Kind))
        assert len({line.line for line in lines}) == len(lines)


@pytest.mark.parametrize("suffix", ["txt", "md", "fountain"])
def test_our_own_exports_come_back_with_speakers_lines_and_scenes(suffix):
    transcript = read_transcript(GOLDEN / "해진호" / "transcript.json")
    script = lay_out(transcript)
    lines = read_script(GOLDEN / "해진호" / f"script.{suffix}")
    spoken = [
        (line.name, row)
        for scene in script.scenes
        for line in scene.lines
        for row in line.lines
        if line.name and row and not row.startswith("(")
    ]
    assert [(x.speaker, x.text) for x in lines if x.speaker and not x.text.startswith("(")] == spoken
    headings = [line.text for line in lines if line.kind == "heading" and line.text.startswith("S#")]
    assert headings == [scene.heading for scene in script.scenes]
    assert [line.text for line in lines if line.kind == "transition"] == ["F.O.", "암전. <끝>"]
    seen = ("action", "event")
    actions = [row for scene in script.scenes for line in scene.lines if line.kind in seen for row in line.lines]
    assert [line.text for line in lines if line.kind == "action"] == actions


@pytest.mark.parametrize("suffix", ["txt", "md", "fountain"])
def test_what_our_exports_escape_is_read_as_typed(suffix):
    texts = [line.text for line in read_script(GOLDEN / "덫" / f"script.{suffix}")]
    assert r"\*이미 막은 별\* [대괄호] \[하나\] [[[셋]]] 5*3=15 snake_case_name" in texts
    assert "~물결~도." in texts
    assert "#도 찍고." in texts


def test_a_transcript_gives_its_turns():
    path = GOLDEN / "해진호" / "transcript.json"
    turns = read_transcript(path).turns
    lines = read_script(path)
    assert [(line.line, line.kind, line.speaker) for line in lines] == [(t.n, t.kind, t.speaker) for t in turns]
    assert "\n" not in "".join(line.text for line in lines)


def test_a_script_with_colons():
    lines = read_script(FILES / "콜론.txt")
    assert told(lines)[:9] == [
        ("note", None, "제목: 옥상"),
        ("heading", None, "씬1. 병원 옥상 / 밤"),
        ("action", None, "난간에 기대 선 경민. 시각: 새벽 두 시. 손에 든 종이컵이 비었다."),
        ("dialogue", "경민", "아버지 돌아가셨대."),
        ("dialogue", "수아", "뭐? 언제?"),
        ("dialogue", "경민", "방금. 전화로… 담담하더라, 목소리가."),
        ("dialogue", "경민", "나는 끝내 울지 않았다."),
        ("dialogue", "수아", "야, 울어도 돼. “괜찮다”는 말 하지 말고."),
        ("heading", None, "씬2. 장례식장 복도 / 낮"),
    ]
    assert told(lines)[-2:] == [("dialogue", "노감독/수아", "앉아라."), ("dialogue", "경비", "여기 누구 있어요?")]
    assert [line.line for line in lines] == list(range(1, len(lines) + 1))


def test_a_script_with_two_spaces_behind_the_name():
    assert told(read_script(FILES / "두칸.txt")) == [
        ("action", None, "지문만 있는 첫 줄이다."),
        ("dialogue", "민수", "…왔네."),
        ("dialogue", "지은", "오빠는 그대로네요."),
        ("dialogue", "지은", "바다도 그대로고요."),
        ("dialogue", "민수", "뭐가."),
        ("action", None, "민수가  낚싯대를 접는다."),
        ("dialogue", "지은", "그냥, 다요."),
    ]


def test_prose_is_read_line_by_line_as_it_stands():
    lines = read_script(FILES / "소설.txt")
    assert [(line.line, line.kind) for line in lines] == [(1, "prose"), (2, "blank"), (3, "prose"), (4, "prose")]
    assert lines[3].text.startswith("\t들여")
    assert [(s.line, s.text) for s in sentences(lines)] == [
        (1, "할머니: 그 한마디가 이 집의 법이었다."),
        (3, "“가지 마라.”"),
        (3, "할머니가 말했다."),
        (3, "나는 3.5킬로그램짜리 가방을 들었다 놓았다……"),
        (3, "그리고 다시 들었다!"),
        (4, "들여 쓴 문단이다."),
        (4, "아무도 울지 않았다"),
    ]


def test_comments_with_names_colons_and_tabs_stay_prose():
    comments = [
        "???: 아이 싯팔! 십만원씩 주면 다 해결된다니까!!!",
        "theMicky: 설레임이가득할수있수있다면...",
        "#11 로이킴 - 그대를 사랑  2 #12 스윗소로",
        "아니: 이건 아니지",
        "아니: 진짜 아니지",
        "좋다\t정말",
        *(f"{n}번째 봤는데 볼 때마다 운다" for n in range(20)),
    ]
    lines = read_script(STDIN, "\n".join(comments).encode())
    assert [(line.kind, line.text) for line in lines] == [("prose", comment) for comment in comments]


def test_every_line_of_stdin_is_one_line_whatever_it_holds():
    rows = ["", "ㅠ", "😭😭", "I am sad.", "널\0널", "가\u2028나\x85다\x0b라\x0c마", "서럽다 " * 25_000, " ", "끝"]
    lines = read_script(STDIN, ("\n".join(rows) + "\n").encode())
    assert [line.text for line in lines] == rows
    assert [line.line for line in lines] == list(range(1, 10))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(tmp_path, encoding, form, end):
    text = "민수: 이제 다 끝났어.\n지은: …그래요, 오빠.\n\n민수: “가.”"
    path = tmp_path / "대본.txt"
    path.write_bytes(unicodedata.normalize(form, text).replace("\n", end).encode(encoding))
    assert [line.text for line in read_script(path)] == ["이제 다 끝났어.", "…그래요, 오빠.", "", "“가.”"]
    assert [line.speaker for line in read_script(path)] == ["민수", "지은", None, "민수"]


@pytest.mark.parametrize(
    "text", ["똠방각하가 펲시콜라를 마셨다. “뷁!”", "슬픔", "가나다라마바사", "그 사람, 참 나쁜 女子."]
)
def test_cp949_with_syllables_beyond_the_old_standard(text):
    assert decoded(text.encode("cp949"), STDIN) == text


def test_utf_16_of_english_without_a_mark():
    assert decoded("I am so tired.\nGo.".encode("utf-16-le"), STDIN) == "I am so tired.\nGo."


def test_markdown_prose():
    lines = read_script(FILES / "소설.md")
    assert [(line.line, line.kind, line.text) for line in lines] == [
        (1, "heading", "첫눈"),
        (3, "prose", "2023. 12. 3. 쓰다 만 글"),
        (4, "prose", "번호가 붙은 문장."),
        (6, "prose", "그는 끝내 오지 않았다. 사진을 태웠다."),
        (10, "prose", "눈이 왔다. snake_case 같은 발자국이 5*3줄."),
        (13, "prose", "코드 * 안 * 은 그대로"),
    ]


def test_fountain_of_others():
    lines = read_script(FILES / "배.fountain")
    assert [(line.line, *row) for line, row in zip(lines, told(lines), strict=True)] == [
        (1, "note", None, "Title: 배"),
        (2, "note", None, "Author: 누군가"),
        (4, "heading", None, "INT. 선실 - 밤"),
        (6, "action", None, "파도 소리. 하윤이 천천히 일어선다."),
        (10, "dialogue", "하윤", "들려요?"),
        (12, "dialogue", "하윤", "저 소리."),
        (13, "dialogue", "하윤", "들리죠?"),
        (16, "dialogue", "CAPTAIN HAN", "Nobody hears it."),
        (18, "action", None, "@ 표지가 벽에 붙어 있다."),
        (20, "note", None, "2막"),
        (22, "note", None, "하윤이 떠난다"),
        (24, "heading", None, "갑판"),
        (26, "action", None, "암전"),
        (28, "action", None, "바다야 바다야"),
        (30, "transition", None, "CUT TO:"),
        (32, "transition", None, "F.O."),
    ]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("대본.hwp", b"\xd0\xcf\x11\xe0", (".hwp", "save it as text", ".fountain")),
        ("그림.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\0\0\0\1\xa4\x08\x06\0\0\0\xff\xfe", ("UTF-8", "save it")),
        ("제어.txt", bytes(range(1, 32)) * 4, ("is not text",)),
        ("잘림.txt", "첫 줄\n둘째".encode() + b"\xec\x8a\n", ("잘림.txt:2", "UTF-8")),
        ("카페.txt", "déjà vu, très étrange à côté".encode("latin-1"), ("UTF-8",)),
        ("홀수.txt", b"\xff\xfe\x00", ("UTF-8",)),
        ("남.json", b'{"schema": "other"}', ("schema", "daebon.transcript/1")),
    ],
)
def test_what_is_no_text_is_refused_with_its_name_and_a_remedy(tmp_path, name, data, words):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(FileError) as caught:
        read_script(path)
    for word in (str(path), *words):
        assert word in str(caught.value)


@pytest.mark.parametrize("name", ["없다.txt", "", "널\0널.txt"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    with pytest.raises(FileError, match="cannot be read"):
        read_script(tmp_path / name)


HOSTILE = st.lists(
    st.sampled_from(
        ["@", "**", "*", "_", "[[", "]]", "/*", "*/", "\\", "#", "(", ")", "\t", "  ", "\n", "\n\n", ":", "S#1"]
    )
    | st.sampled_from(["민수", "지은", "가.", "INT. ", "> ", "<", "```", "](", "\0", "\ud7a3", "\U0010ff41", "\r"])
).map("".join)


@settings(deadline=None)
@given(text=HOSTILE | st.text(), suffix=st.sampled_from([".txt", ".md", ".fountain"]))
def test_any_text_is_read_in_order(text, suffix):
    data = text.encode("utf-8", "replace")
    try:
        lines = read_script(Path(f"글{suffix}"), data)
    except FileError:
        return
    numbers = [line.line for line in lines]
    assert numbers == sorted(set(numbers))
    if suffix == ".txt" and not {"\r", "\0"} & set(text) and text:
        assert len(lines) == len(text.removesuffix("\n").split("\n"))
    assert all(line.kind == "dialogue" for line in lines if line.speaker)


@given(data=st.binary())
def test_any_bytes_are_read_or_refused(data):
    try:
        lines = read_script(STDIN, data)
    except FileError:
        return
    assert all(isinstance(line, ScriptLine) for line in lines)


@pytest.mark.parametrize("piece", ["_a ", "[", "<a", ". ", "...", "...x", "(a) ", "# ", "/*", "[[", "**", " ", "가: "])
@pytest.mark.parametrize("suffix", [".txt", ".md", ".fountain"])
def test_a_hundred_thousand_characters_of_one_sign_are_read(piece, suffix):
    row = f"@{piece}" * 3 + piece * (100_000 // len(piece)) + "가"
    lines = read_script(Path(f"글{suffix}"), row.encode())
    assert len(lines) <= 1
    assert sum(len(sentence.text) for sentence in sentences(lines)) <= len(row)

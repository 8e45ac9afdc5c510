"""Ingest: ten formats to text, copies, reasons for what cannot be read, and a second run."""

import json
import re
import unicodedata

import pytest

from benchmarks.pile import FORMATS, write_pile
from training.documents import Unreadable, normal, read_document
from training.ingest import documents_in, ingest, summary
from training.merged import merge_pdf
from transcript.errors import FileError, UsageError


@pytest.fixture(scope="module")
def pile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("대본")
    return folder, write_pile(folder, len(FORMATS))


@pytest.fixture(scope="module")
def ingested(pile, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return out, ingest([pile[0]], out, jobs=2)


def letters(text):
    return re.sub(r"\W", "", text)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_its_words(pile, kind):
    document = read_document(pile[1][kind][0])
    text = "\n".join(document.pages)
    assert document.format == (kind if " " not in kind else "text")
    assert unicodedata.is_normalized("NFC", text)
    assert len(letters(text)) > 500
    assert all(f"S#{number}." in text for number in (1, 2, 3))


def test_a_name_stays_apart_from_its_line(pile):
    for kind in ("hwp", "hwpx", "docx", "fdx", "txt cp949", "txt nfd"):
        rows = "\n".join(read_document(pile[1][kind][0]).pages).split("\n")
        spoken = [row for row in rows if re.match(r"[가-힣]{1,6}\t\S", row)]
        assert len(spoken) > 20, kind


def test_a_pdf_has_its_pages(pile):
    assert len(read_document(pile[1]["pdf"][0]).pages) > 1


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("scan", "OCR"),
        ("password", "password"),
        ("damaged", "damaged"),
        ("bomb", "zip bomb"),
        ("empty", "empty"),
    ],
)
def test_what_cannot_be_read_says_why(pile, kind, reason):
    for path in pile[1][kind]:
        with pytest.raises(Unreadable, match=reason):
            read_document(path)


def test_the_report_knows_every_document(pile, ingested):
    out, entries = ingested
    assert summary(entries) == {"read": len(FORMATS), "copy": 1, "near": 1, "unreadable": 7}
    first = pile[1]["txt utf-8"][0]
    assert {entry.of for entry in entries if entry.of} == {str(first)}
    for entry in entries:
        assert bool(entry.reason) == (entry.status == "unreadable")
        assert not entry.text or (out / entry.text).read_text(encoding="utf-8").strip()
    record = json.loads((out / "ingest.json").read_text(encoding="utf-8"))
    assert [row["source"] for row in record["files"]] == [entry.source for entry in entries]


def test_a_second_run_reads_only_what_is_new(pile, ingested, tmp_path):
    out, entries = ingested
    new = tmp_path / "새 대본.txt"
    new.write_text("S#1. 옥상 / 밤\n\n민수\t새로 왔어.\n지은\t어서 와요.\n", encoding="utf-8")
    asked = []
    again = ingest([pile[0], new], out, jobs=1, report=lambda done, total: asked.append((done, total)))
    assert asked == [(1, 1)]
    assert again[:-1] == entries
    assert again[-1].status == "read"


def test_a_document_that_kills_its_process_does_not_stop_the_rest(pile, tmp_path, monkeypatch):
    import os

    import training.ingest as module

    killer = tmp_path / "나쁜.txt"
    killer.write_text("죽어라", encoding="utf-8")

    def dying(path):
        if path == killer:
            os._exit(9)
        return read_document(path)

    monkeypatch.setattr(module, "read_document", dying)  # the processes are forked with it
    entries = ingest([killer, pile[1]["txt nfd"][0], pile[1]["fdx"][0]], tmp_path / "out", jobs=2)
    assert [entry.status for entry in entries] == ["unreadable", "read", "read"]
    assert "ended the process" in entries[0].reason


def test_folders_are_searched_and_wrong_paths_named(pile, tmp_path):
    (tmp_path / ".숨김").mkdir()
    (tmp_path / ".숨김" / "a.txt").write_text("숨은 글", encoding="utf-8")
    (tmp_path / "그림.png").write_bytes(b"png")
    with pytest.raises(UsageError, match=r"no document"):
        documents_in([tmp_path])
    with pytest.raises(FileError, match="does not exist"):
        documents_in([tmp_path / "없음"])
    assert documents_in([pile[1]["hwp"][0]]) == [pile[1]["hwp"][0]]


def test_the_merged_pdf_has_a_bookmark_for_each(ingested, tmp_path):
    from pypdf import PdfReader

    out, entries = ingested
    pages = merge_pdf(entries, out, tmp_path / "all.pdf")
    reader = PdfReader(tmp_path / "all.pdf")
    assert len(reader.pages) == pages
    assert len(reader.outline) == len(FORMATS) + 1  # and the near copy
    assert "S#1." in reader.pages[0].extract_text()


def test_normal_text():
    assert normal("가\r\n나\x00 \n\n\n\n\n다\u2028라") == "가\n나\n\n\n다\n라"

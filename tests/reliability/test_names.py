"""Files made from names that a foreign card or script brings are safe on every file system, and two names get two files."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from scenarios.cards import import_card
from training.continuation import _files

NAMES = [
    "../../밖",
    "CON",
    "nul.yaml",
    "가" * 300,
    "끝.",
    ".숨김",
    "a/b",
    "C:\\x",
    "두\n줄",
    unicodedata.normalize("NFD", "지은"),
    "\u202e뒤집힘",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_card_of_any_name_becomes_a_file_in_its_folder(tmp_path: Path, name: str):
    card = tmp_path / "card.json"
    card.write_text(json.dumps({"name": name, "description": "말수가 적다."}, ensure_ascii=False), encoding="utf-8")
    out = tmp_path / "안" / "더 안"
    written = import_card(card, out)
    assert written.file.parent == out
    stem = written.file.stem
    assert stem == unicodedata.normalize("NFC", stem).strip(" .")
    assert len(written.file.name.encode()) <= 240
    assert not set(stem) & set('/\\:*?"<>|\n')
    assert stem.partition(".")[0].casefold() not in ("con", "nul")
    assert {path.name for path in tmp_path.iterdir()} == {"card.json", "안"}


def test_names_that_a_file_system_takes_for_one_get_two_files():
    people = ["Amy", "amy", "A/B", "A:B", "지은", unicodedata.normalize("NFD", "지은")]
    files = _files(people)
    assert len({file.casefold() for file in files.values()}) == len(people)

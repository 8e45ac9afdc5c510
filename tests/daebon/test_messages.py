"""The messages of the studio: every one is in Korean, with the same places, and the compiled catalogue is the one in the source."""

import io
import string
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from daebon import messages

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "daebon" / "messages" / "ko" / "LC_MESSAGES" / "daebon.po"
SOURCES = sorted(
    [*(ROOT / "daebon" / "studio").glob("*.py"), ROOT / "daebon" / "play.py", ROOT / "daebon" / "console.py"]
)


def said():
    """Return every message of the sources."""
    keywords = {"_": None, "N_": None}
    rows = [row for path in SOURCES for row in extract_from_file("python", str(path), keywords=keywords)]
    return sorted({message for _, message, _, _ in rows if isinstance(message, str)})


def places(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@pytest.fixture(scope="module")
def korean():
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="ko")


def test_every_message_is_translated_with_the_same_places(korean):
    assert len(said()) > 100
    for message in said():
        assert message in korean, f"{message!r} is not in {CATALOGUE}; see daebon/messages/__init__.py"
        text = korean[message].string
        assert text and not korean[message].fuzzy, f"{message!r} has no Korean translation"
        assert places(text) == places(message), message
        assert text.endswith(" ") == message.endswith(" "), message


def test_nothing_is_translated_that_nobody_says(korean):
    assert {entry.id for entry in korean if entry.id} == set(said())


def test_the_compiled_catalogue_is_that_of_the_source(korean):
    compiled = io.BytesIO()
    write_mo(compiled, korean)
    assert CATALOGUE.with_suffix(".mo").read_bytes() == compiled.getvalue()


@pytest.mark.parametrize(
    ("variables", "language", "word"),
    [
        ({"LANG": "ko_KR.UTF-8"}, None, "다음 줄"),
        ({"LANG": "en_US.UTF-8"}, None, "the next line"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C.UTF-8"}, None, "the next line"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ko_KR"}, None, "다음 줄"),
        ({"LANG": "C.UTF-8"}, "ko", "다음 줄"),
        ({"LANG": "ko_KR.UTF-8"}, "en", "the next line"),
        ({}, None, "the next line"),
    ],
)
def test_the_locale_or_the_person_says_which_language(monkeypatch, variables, language, word):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    messages.use(language)
    try:
        assert messages._("the next line") == word
    finally:
        messages.use("en")

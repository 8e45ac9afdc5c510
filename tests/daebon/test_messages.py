"""The messages of the studio: every one is in Korean, with the same places, and the compiled catalogue is the one in the source."""

import ast
import io
import string
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from daebon import messages
from daebon.messages.below import in_words

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "daebon" / "messages" / "ko" / "LC_MESSAGES" / "daebon.po"
SOURCES = sorted((ROOT / "daebon").rglob("*.py"))
# Where what a person in the studio may do wrong is refused, and what else may go wrong there.
ROOMS = ("graph/moves.py", "graph/rehearsal.py", "graph/take.py", "graph/playhead.py", "transcript/sqlite.py")


def said():
    """Return every message of the sources."""
    keywords = {"_": None, "N_": None}
    rows = [row for path in SOURCES for row in extract_from_file("python", str(path), keywords=keywords)]
    return sorted({message for _, message, _, _ in rows if isinstance(message, str)})


def places(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def refused():
    """Return every message that the rooms below raise in the studio, with a word or a number in its places."""
    found = []
    for room in ROOMS:
        tree = ast.parse((ROOT / room).read_text(encoding="utf-8"))
        raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)]
        texts = [call.args[0] for call in raised if call.func.id in ("UsageError", "StoreError") and call.args]
        texts += [node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and room.endswith("sqlite.py")]
        for text in texts:
            if isinstance(text, ast.JoinedStr):
                found.append("".join(map(_filled, text.values)))
            elif isinstance(text, ast.Constant) and isinstance(text.value, str) and " " in text.value:
                found.append(text.value)
    return found


def _filled(part):
    """Return a part of an f-string with something in its place: the first of two constants, else a number."""
    value = part if isinstance(part, ast.Constant) else part.value
    value = value.body if isinstance(value, ast.IfExp) else value
    return str(value.value) if isinstance(value, ast.Constant) else "7"


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


def test_what_the_rooms_below_refuse_is_said_in_the_language_of_the_studio():
    assert len(refused()) > 20
    problems = [text for text in refused() if text != "7: 7"]  # a place and what `_problem` returns
    for language in ("en", "ko"):
        messages.use(language)
        try:
            for text in problems:
                said = in_words(text) if in_words(text) != text else in_words(f"/takes/daebon.sqlite: {text}")
                korean = any("가" <= letter <= "힣" for letter in said)
                assert korean == (language == "ko"), f"{text!r} is said as {said!r}; add it to daebon/messages/below.py"
        finally:
            messages.use("en")


@pytest.mark.parametrize(
    "text",
    [
        "unknown format 'pdff'; did you mean 'pdf'? known are json, pdf",
        "the model gave no answer; try a shorter scenario or another --model",
        "the model refused the prompt: too long",
        "http://127.0.0.1:8000/v1: cannot be reached (refused); start the server or mend the address",
        "/takes/빈집-1/빈집.pdf: cannot be written (No space left on device); free some space or choose another --out folder",
        "ask something in words",
    ],
)
def test_what_else_goes_wrong_in_the_studio_is_said_in_korean(text):
    messages.use("ko")
    try:
        assert any("가" <= letter <= "힣" for letter in in_words(text).replace("빈집", ""))
    finally:
        messages.use("en")


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

"""The labelled drama lines of tests/files/emotion_lines.tsv: whole, well formed, varied, and not in the training corpus."""

import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from emotion.labels import LABELS
from training.corpus import NEUTRAL, read_corpus

_ROOT = Path(__file__).parents[2]
_FILE = _ROOT / "tests" / "files" / "emotion_lines.tsv"


def _text():
    return _FILE.read_text(encoding="utf-8")


@pytest.fixture
def rows():
    header, *body = [line.split("\t") for line in _text().splitlines() if not line.startswith("#")]
    assert header == ["previous", "text", "labels", "genre"]
    return body


def test_three_hundred_rows_of_four_columns_with_text_labels_and_genre(rows):
    assert len(rows) == 300
    assert [row for row in rows if len(row) != 4 or not all(row[1:])] == []


def test_file_is_composed_and_no_field_has_spaces_at_its_ends(rows):
    assert unicodedata.is_normalized("NFC", _text())
    assert [row for row in rows if [field.strip() for field in row] != row] == []


def test_no_text_stands_twice(rows):
    assert [text for text, n in Counter(text for _, text, _, _ in rows).items() if n > 1] == []


def test_a_line_has_three_to_sixty_syllables(rows):
    syllables = {text: sum("가" <= letter <= "힣" for letter in text) for _, text, _, _ in rows}
    assert {text: n for text, n in syllables.items() if not 3 <= n <= 60} == {}


def test_a_row_has_one_to_six_known_labels_none_twice(rows):
    given = [labels.split(",") for _, _, labels, _ in rows]
    assert [labels for labels in given if not set(labels) <= set(LABELS)] == []
    assert [labels for labels in given if len(labels) > 6 or len(set(labels)) < len(labels)] == []


def test_no_emotion_stands_alone_and_in_forty_rows(rows):
    neutral = [labels.split(",") for _, _, labels, _ in rows if NEUTRAL in labels.split(",")]
    assert [labels for labels in neutral if labels != [NEUTRAL]] == []
    assert len(neutral) >= 40


def test_every_label_is_true_of_a_dozen_rows(rows):
    seen = Counter(label for _, _, labels, _ in rows for label in labels.split(","))
    assert {label: seen[label] for label in LABELS if seen[label] < 12} == {}


def test_lines_answer_others_and_come_from_many_genres(rows):
    assert sum(bool(previous) for previous, _, _, _ in rows) >= 60
    assert len({genre for _, _, _, genre in rows}) >= 8


def test_no_line_stands_in_the_training_corpus(rows):
    corpus = {line.text for scene in read_corpus(_ROOT / "training" / "corpus") for line in scene.lines}
    assert [text for _, text, _, _ in rows if text in corpus] == []

"""What the matcher finds and the measure hears in lines.tsv, a table of spoken lines marked by a reader."""

from collections import Counter
from pathlib import Path

import pytest

from emotion.lexicon import Lexicon
from emotion.measure import LexiconEmotion

_ROWS = [
    line.split("\t")
    for line in Path(__file__).with_name("lines.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
_KNOWN = {  # what only a parser or the next line would tell
    "행복한 게 아니라 편한 거야.": "one word against another: the sign is a matter of degree",
    "부끄럽지도 않니, 너는?": "a question that blames",
}
_NEUTRAL = 0.02


def _marked(words):
    return [] if words == "-" else words.split()


def _found(sentence):
    return ["!" * match.negated + match.word for match in Lexicon.load().matches(sentence)]


def _sign(valence):
    return "0" if abs(valence) < _NEUTRAL else "+" if valence > 0 else "-"


@pytest.mark.parametrize(
    ("sentence", "words", "sign"),
    [
        pytest.param(*row, marks=[pytest.mark.xfail(reason=_KNOWN[row[0]], strict=True)] if row[0] in _KNOWN else [])
        for row in _ROWS
    ],
)
def test_line_is_read_as_a_reader_reads_it(sentence, words, sign):
    assert _found(sentence) == _marked(words)
    assert _sign(LexiconEmotion().read(sentence).valence) == sign


def test_precision_and_recall_over_all_lines_including_the_known_misses():
    assert len(_ROWS) >= 60
    right = found = marked = 0
    for sentence, words, _ in _ROWS:
        mine, theirs = Counter(_found(sentence)), Counter(_marked(words))
        right, found, marked = right + (mine & theirs).total(), found + mine.total(), marked + theirs.total()
    assert right / found >= 0.97
    assert right / marked >= 0.97


def test_known_misses_are_rows_of_the_table():
    assert _KNOWN.keys() <= {sentence for sentence, _, _ in _ROWS}

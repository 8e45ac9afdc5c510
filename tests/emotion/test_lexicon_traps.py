"""Precision and recall on sentences that mislead, marked by a reader; half of them were never tuned on."""

import sys
import unicodedata
from importlib.util import find_spec

import pytest

from benchmarks.lexicon import Trap, by_kiwi, by_rules, correlations, halves, score, substrings, traps
from emotion import _kiwi
from emotion._kiwi import KiwiMatcher
from emotion.lexicon import Lexicon
from transcript.errors import DaebonError

ROWS = traps()
LEXICON = Lexicon.load()
RULES = by_rules(LEXICON)


class _Morpheme:
    """What Kiwi would hand out."""

    def __init__(self, form, tag, start, end):
        self.form, self.tag, self.start, self.end = form, tag, start, end


def _tagger(*morphemes):
    """Return a module with a Kiwi that takes every text for these (form, tag, start, end)."""

    class Module:
        class Kiwi:
            def tokenize(self, text):
                return [_Morpheme(*morpheme) for morpheme in morphemes]

    return Module


def _found(monkeypatch, text, *morphemes):
    monkeypatch.setitem(sys.modules, "kiwipiepy", _tagger(*morphemes))
    return [
        ("!" * match.negated + match.word, text[match.start : match.end])
        for match in KiwiMatcher(LEXICON).matches(text)
    ]


def test_the_table_is_long_enough_and_each_sentence_stands_once():
    assert len(ROWS) >= 220
    assert len({unicodedata.normalize("NFC", row.sentence) for row in ROWS}) == len(ROWS)
    assert sum(not row.words for row in ROWS) >= 80
    assert sum(any(form.startswith("!") for forms in row.words for form in forms) for row in ROWS) >= 50
    assert any(row.sentence != unicodedata.normalize("NFC", row.sentence) for row in ROWS)


def test_halves_share_no_sentence():
    parts = halves(ROWS)
    assert not {row.sentence for row in parts["tuning"]} & {row.sentence for row in parts["held out"]}
    assert len(parts["tuning"]) + len(parts["held out"]) == len(parts["all"]) == len(ROWS)


def test_score_counts_a_found_word_once_and_asks_for_its_negation():
    rows = [
        Trap("기뻐, 정말 기뻐", (frozenset({"기쁘다"}), frozenset({"기쁘다"}))),
        Trap("안 슬퍼", (frozenset({"!슬프다", "!슬픔"}),)),
    ]
    found = {"기뻐, 정말 기뻐": ["기쁘다", "정말"], "안 슬퍼": ["슬프다"]}
    assert score(found.__getitem__, rows) == (1, 3, 3)
    assert score(found.__getitem__, rows, negation=False) == (2, 3, 3)
    assert score(lambda _: [], rows)[:2] == (0, 0)


@pytest.mark.parametrize(("half", "precision", "recall"), [("tuning", 0.95, 0.95), ("held out", 0.88, 0.84)])
def test_rules_hold_on_both_halves(half, precision, recall):
    """The bounds are what was seen, rounded down."""
    seen = score(RULES, halves(ROWS)[half])
    assert seen.precision >= precision
    assert seen.recall >= recall


def test_rules_are_far_better_than_plain_substrings():
    plain, rules = (score(matcher, ROWS, negation=False) for matcher in (substrings(LEXICON), RULES))
    assert rules.precision > plain.precision + 0.25
    assert rules.recall > plain.recall + 0.35


def test_substring_matching_finds_stems_anywhere():
    matcher = substrings(LEXICON)
    assert matcher("뒷부분에는 슬프고 사랑니도") == ["슬프다", "사랑"]
    assert matcher("안 슬프지") == ["슬프다"]


@pytest.mark.parametrize(
    "text",
    [
        "그리고 잘생긴 배우가 생기면 그리 기대어 서서",
        "더 이상 고무줄은 없다",
        "눈이 오고 배가 뜬다. 애가 한 번 운다고",
        "화요일에 정말 반 아이들과",
    ],
)
def test_traps_of_the_issue_are_no_words_of_feeling(text):
    assert [word for word in RULES(text) if word not in ("울다", "!울다")] == []


def test_correlations_stand_in_the_head_of_the_table():
    rows = correlations()
    assert [row[0] for row in rows] == ["all", "형용사", "동사", "명사", "부사", "감탄사"]
    valence, arousal = (float(cell.split()[1]) for cell in rows[0][2:])
    assert valence > 0.9
    assert arousal > 0.8


def test_kiwi_reads_lemmas_and_tags(monkeypatch):
    text = "사랑하지만 화가 안 났어"
    morphemes = [
        ("사랑", "NNG", 0, 2),
        ("하", "XSV", 2, 3),
        ("지만", "EC", 3, 5),
        ("화", "NNG", 6, 7),
        ("가", "JKS", 7, 8),
    ]
    morphemes += [("안", "MAG", 9, 10), ("나", "VV", 11, 12), ("었", "EP", 11, 12), ("어", "EF", 12, 13)]
    assert _found(monkeypatch, text, *morphemes) == [("사랑", "사랑하지만"), ("!화나다", "화가 안 났어")]


def test_kiwi_and_rules_share_negation(monkeypatch):
    text = "슬프지 않아"
    morphemes = [("슬프", "VA", 0, 2), ("지", "EC", 2, 3), ("않", "VX", 4, 5), ("어", "EF", 5, 6)]
    assert _found(monkeypatch, text, *morphemes) == [("!슬프다", "슬프지")]
    monkeypatch.setattr(_kiwi, "negated_behind", lambda *_: False)
    assert _found(monkeypatch, text, *morphemes) == [("슬프다", "슬프지")]


def test_kiwi_tells_a_name_from_a_word_and_leaves_marks_to_the_rules(monkeypatch):
    text = "연정이 왔다ㅋㅋ"
    name, noun = ("연정이", "NNP", 0, 3), ("연정", "NNG", 0, 2)
    assert _found(monkeypatch, text, name, ("오", "VV", 4, 5)) == [("ㅋㅋ", "ㅋㅋ")]
    assert _found(monkeypatch, text, noun, ("이", "JKS", 2, 3)) == [("연정", "연정이"), ("ㅋㅋ", "ㅋㅋ")]


def test_missing_kiwi_is_said_in_one_line_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "kiwipiepy", None)
    with pytest.raises(DaebonError, match=r"^kiwipiepy is not installed; run: pip install 'daebon\[kiwi\]'$"):
        KiwiMatcher(LEXICON)


@pytest.mark.skipif(find_spec("kiwipiepy") is None, reason="the extra kiwi is not installed")
def test_kiwi_itself_holds_on_the_held_out_half():
    seen = score(by_kiwi(LEXICON), halves(ROWS)["held out"])
    assert seen.precision >= 0.86
    assert seen.recall >= 0.9

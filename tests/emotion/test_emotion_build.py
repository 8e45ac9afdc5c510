"""The command that makes lexicon.tsv from the ratings."""

import hashlib
from importlib.resources import files

import numpy as np
import pytest

from emotion import build_lexicon
from emotion._calibration import Calibration, Judgement
from emotion.labels import BASIC_EMOTIONS
from emotion.lexicon import COLUMNS
from transcript.errors import DaebonError, FileError

_CSV = """\
\ufeffsource,word,V,A
민경환,기쁘다,1.8,1.5
민경환,가책,-1.5,0.3
이윤형,가난,-1.5,0.6
이윤형,나비,-1.8,0.9
이윤형,가책,0.3,-0.6
고일주,이모티콘(웃음),1.5,0.3
고일주,이모티콘(놀람),0.9,0.3
고일주,망했다,-2.1,0.6
"""
_ANNOTATIONS = {
    "drop": {},
    "rename": {"망했다": "망하다", "이모티콘(웃음)": "^^"},
    "derive": {"기쁘다": "기뻐하다"},
    "label": {"^^": "기쁨", "기쁘다": "기쁨", "기뻐하다": "기쁨", "망하다": "절망", "가책": "죄책감"},
    "pos": {"망하다": "동사", "기뻐하다": "동사", "^^": "감탄사"},
    "reading": {"가책": "strict"},
}
_JUDGEMENTS = {
    row.word: row
    for row in (
        Judgement("기쁘다", "형용사", 2.0, 1.0, "기쁨", "기쁨", "full"),
        Judgement("가난", "명사", -2.0, 0.0, "", "슬픔", "full"),
        Judgement("나비", "명사", 1.0, -1.0, "", "", "full"),
        Judgement("망하다", "동사", -2.5, 1.0, "절망", "슬픔", "full"),
        Judgement("가책", "명사", -1.5, 0.5, "죄책감", "슬픔", "full"),
        Judgement("가난살이", "명사", -2.0, 0.0, "", "슬픔", "strict"),
        Judgement("기쁨", "명사", 2.5, 1.0, "기쁨", "기쁨", "full"),
        Judgement("마당", "명사", 0.1, 0.0, "", "", "full"),
    )
}


def _rows(text):
    return [tuple(line.split("\t")) for line in text.splitlines() if line and not line.startswith("#")]


def test_build_puts_the_shifted_study_in_step_averages_renames_drops_and_derives():
    text = build_lexicon.build(_CSV.encode(), _JUDGEMENTS, _ANNOTATIONS)
    assert [row for row in _rows(text) if row[6] != "inferred"] == [
        COLUMNS,
        ("^^", "감탄사", "0.500", "0.100", "기쁨", "기쁨", "rated", "full"),
        ("가난", "명사", "-0.500", "0.200", "", "슬픔", "rated", "full"),
        ("가책", "명사", "-0.550", "0.200", "죄책감", "슬픔", "rated", "strict"),  # (-1.5 - 1.8) / 2 / 3
        ("기뻐하다", "동사", "0.600", "0.500", "기쁨", "기쁨", "derived", "full"),
        ("기쁘다", "형용사", "0.600", "0.500", "기쁨", "기쁨", "rated", "full"),
        ("나비", "명사", "0.100", "-0.200", "", "", "rated", "none"),
        ("망하다", "동사", "-0.700", "0.200", "절망", "슬픔", "rated", "full"),
    ]


def test_words_that_nobody_rated_get_their_judgement_calibrated():
    rows = {row[0]: row for row in _rows(build_lexicon.build(_CSV.encode(), _JUDGEMENTS, _ANNOTATIONS))}
    assert rows["가난살이"][4:] == ("", "슬픔", "inferred", "strict")
    assert rows["가난살이"][2:4] == rows["가난"][2:4]  # judged alike, and five rated words are fitted exactly
    assert rows["기쁨"][4:] == ("기쁨", "기쁨", "inferred", "none")  # found as 기쁘다, whose number is the better one
    assert rows["마당"][7] == "none"  # no colour


def test_a_calibration_undoes_another_scale():
    """Half the judgement, and arousal the other way round, is what these ratings are."""
    numbers = np.random.default_rng(1).uniform(-2, 2, size=(60, 2)).round(1)
    rows = {f"말{i:02}": Judgement(f"말{i:02}", "명사", v, a, "", "", "full") for i, (v, a) in enumerate(numbers)}
    rated = {word: (f"{row.valence / 6:.3f}", f"{-row.arousal / 6:.3f}", "rated") for word, row in rows.items()}
    calibration = Calibration(rated, rows)
    found = calibration.value(Judgement("새말", "명사", 1.2, -0.6, "", "", "full"))
    assert [float(value) for value in found] == pytest.approx([0.2, 0.1], abs=0.002)
    ((name, count, held_out, raw), *_) = calibration.correlations()
    assert (name, count) == ("all", 60)
    assert held_out == pytest.approx([1, 1], abs=0.001)
    assert raw == pytest.approx([1, -1], abs=0.001)


def test_correlation_is_that_of_words_the_regression_did_not_see():
    """A fit with thirteen live features follows even 60 random numbers; only on unseen ones it does not."""
    numbers = np.random.default_rng(2).uniform(-1, 1, size=(60, 4)).round(2)
    rows, rated = {}, {}
    for i, (v, a, valence, arousal) in enumerate(numbers):
        emotion, pos = BASIC_EMOTIONS[i % 8], ("명사", "부사", "감탄사")[i % 3]
        rows[f"말{i:02}"] = Judgement(f"말{i:02}", pos, 3 * v, 3 * a, "", emotion, "full")
        rated[f"말{i:02}"] = (f"{valence:.3f}", f"{arousal:.3f}", "rated")
    ((_, _, held_out, _), *_) = Calibration(rated, rows).correlations()
    assert max(held_out) < 0.2


def test_derived_numbers_are_not_fitted_on():
    rated = {"믿음": ("0.600", "0.100", "rated"), "믿다": ("0.600", "0.100", "derived")}
    rows = {word: Judgement(word, pos, 1.8, 0.3, "", "", "full") for word, pos in (("믿음", "명사"), ("믿다", "동사"))}
    assert [row.word for row in Calibration(rated, rows).rows] == ["믿음"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("슬프다\t형용사\t-2\tx\t슬픔\t슬픔\tfull", "슬프다: could not convert"),
        ("슬프다\t형용사\t-4\t0\t슬픔\t슬픔\tfull", "슬프다: judged outside -3..3"),
        ("슬프다\t명사\t-2\t0\t슬픔\t슬픔\tfull", "슬프다: '명사' is no part of speech for it"),
        ("슬프다\t형용사\t-2\t0\t슬픔\t분노\tfull", "슬프다: label '슬픔' with emotion '분노'"),
        ("슬프다\t형용사\t-2\t0\t\t슬픔\twhole", "슬프다: emotion '슬픔' or reading 'whole' is unknown"),
        ("슬픔\t명사\t-2\t0\t슬픔\t슬픔\tfull\n" * 2, "슬픔: judged already"),
    ],
)
def test_a_wrong_judgement_is_named_with_its_line(tmp_path, row, problem):
    path = tmp_path / "words.tsv"
    path.write_text(f"# word\n기쁨\t명사\t2.5\t1.0\t기쁨\t기쁨\tfull\n{row}\n", encoding="utf-8")
    with pytest.raises(FileError, match=rf"words.tsv:[34]: {problem}"):
        build_lexicon.read_judgements(path)


def test_build_is_the_same_for_the_same_bytes_and_names_them():
    first, second = (build_lexicon.build(_CSV.encode(), _JUDGEMENTS, _ANNOTATIONS) for _ in range(2))
    assert first == second
    assert hashlib.sha256(_CSV.encode()).hexdigest() in first


def test_shipped_table_is_what_the_annotations_make_of_its_ratings():
    """Fails when annotations.tsv, words.tsv, the label table or the format moves on and lexicon.tsv is not made again."""
    text = files("emotion").joinpath("lexicon.tsv").read_text(encoding="utf-8")
    words = {row[0]: (row[2], row[3], row[6]) for row in _rows(text)[1:] if row[6] != "inferred"}
    judgements = build_lexicon.read_judgements()
    digest = next(line for line in text.splitlines() if len(line) == 66).removeprefix("# ")
    assert build_lexicon.render(words, judgements, build_lexicon.read_annotations(), digest) == text


def test_an_annotated_word_without_a_number_is_refused():
    annotations = {**_ANNOTATIONS, "label": {"행복하다": "행복"}}
    with pytest.raises(DaebonError, match="neither rated nor judged: 행복하다"):
        build_lexicon.build(_CSV.encode(), _JUDGEMENTS, annotations)


@pytest.mark.parametrize("line", ["민경환,기쁘다,,1.5", "민경환,기쁘다,9,1.5", "민경환,기쁘다"])
def test_a_row_without_a_rating_is_named(line):
    with pytest.raises(DaebonError, match=r"line 2: .*기쁘다.*give VA_KOR_concat\.csv"):
        build_lexicon.build(f"source,word,V,A\n{line}\n".encode(), _JUDGEMENTS, _ANNOTATIONS)


@pytest.mark.parametrize(
    ("text", "problem"),
    [("label\t기뿜\t기쁘다", "label '기뿜' is unknown"), ("pos\t명사\t눈물 눈물", "눈물 has a pos already")],
)
def test_a_wrong_annotation_is_named_with_its_line(tmp_path, text, problem):
    path = tmp_path / "annotations.tsv"
    path.write_text(f"# kind\tvalue\twords\n{text}\n", encoding="utf-8")
    with pytest.raises(FileError, match=rf"annotations.tsv:2: {problem}"):
        build_lexicon.read_annotations(path)


def test_the_command_writes_the_table_and_says_what_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr(build_lexicon, "LEXICON", tmp_path / "lexicon.tsv")
    monkeypatch.setattr(build_lexicon, "read_annotations", lambda: _ANNOTATIONS)
    monkeypatch.setattr(build_lexicon, "read_judgements", lambda: _JUDGEMENTS)
    source = tmp_path / "ratings.csv"
    source.write_bytes(_CSV.encode())
    build_lexicon.main([str(source)])
    made = build_lexicon.build(_CSV.encode(), _JUDGEMENTS, _ANNOTATIONS)
    assert (tmp_path / "lexicon.tsv").read_text(encoding="utf-8") == made
    with pytest.raises(SystemExit, match=r"usage: python -m emotion\.build_lexicon"):
        build_lexicon.main([])
    with pytest.raises(SystemExit, match=r"none\.csv"):
        build_lexicon.main([str(tmp_path / "none.csv")])

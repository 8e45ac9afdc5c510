"""The command that makes lexicon.tsv from the ratings."""

import hashlib
from importlib.resources import files

import pytest

from emotion import build_lexicon
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
    "label": {"기쁘다": "기쁨", "망하다": "절망", "가책": "죄책감"},
    "pos": {"망하다": "동사", "기뻐하다": "동사", "^^": "감탄사"},
    "reading": {"가책": "strict"},
}


def _rows(text):
    return [tuple(line.split("\t")) for line in text.splitlines() if line and not line.startswith("#")]


def test_build_puts_the_shifted_study_in_step_averages_renames_drops_and_derives():
    text = build_lexicon.build(_CSV.encode(), _ANNOTATIONS)
    assert _rows(text) == [
        COLUMNS,
        ("^^", "감탄사", "0.500", "0.100", "", "", "rated", "full"),
        ("가난", "명사", "-0.500", "0.200", "", "", "rated", "full"),
        ("가책", "명사", "-0.550", "0.200", "죄책감", "슬픔", "rated", "strict"),  # (-1.5 - 1.8) / 2 / 3
        ("기뻐하다", "동사", "0.600", "0.500", "", "", "derived", "full"),
        ("기쁘다", "형용사", "0.600", "0.500", "기쁨", "기쁨", "rated", "full"),
        ("나비", "명사", "0.100", "-0.200", "", "", "rated", "none"),
        ("망하다", "동사", "-0.700", "0.200", "절망", "슬픔", "rated", "full"),
    ]


def test_build_is_the_same_for_the_same_bytes_and_names_them():
    first, second = (build_lexicon.build(_CSV.encode(), _ANNOTATIONS) for _ in range(2))
    assert first == second
    assert hashlib.sha256(_CSV.encode()).hexdigest() in first


def test_shipped_table_is_what_the_annotations_make_of_its_ratings():
    """Fails when annotations.tsv, the label table or the format moves on and lexicon.tsv is not made again."""
    text = files("emotion").joinpath("lexicon.tsv").read_text(encoding="utf-8")
    words = {row[0]: (row[2], row[3], row[6]) for row in _rows(text)[1:]}
    digest = next(line for line in text.splitlines() if len(line) == 66).removeprefix("# ")
    assert build_lexicon.render(words, build_lexicon.read_annotations(), digest) == text


def test_a_word_that_nobody_rated_is_refused():
    annotations = {**_ANNOTATIONS, "label": {"행복하다": "행복"}}
    with pytest.raises(DaebonError, match="not rated: 행복하다"):
        build_lexicon.build(_CSV.encode(), annotations)


@pytest.mark.parametrize("line", ["민경환,기쁘다,,1.5", "민경환,기쁘다,9,1.5", "민경환,기쁘다"])
def test_a_row_without_a_rating_is_named(line):
    with pytest.raises(DaebonError, match=r"line 2: .*기쁘다.*give VA_KOR_concat\.csv"):
        build_lexicon.build(f"source,word,V,A\n{line}\n".encode(), _ANNOTATIONS)


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
    source = tmp_path / "ratings.csv"
    source.write_bytes(_CSV.encode())
    build_lexicon.main([str(source)])
    assert (tmp_path / "lexicon.tsv").read_text(encoding="utf-8") == build_lexicon.build(_CSV.encode(), _ANNOTATIONS)
    with pytest.raises(SystemExit, match=r"usage: python -m emotion\.build_lexicon"):
        build_lexicon.main([])
    with pytest.raises(SystemExit, match=r"none\.csv"):
        build_lexicon.main([str(tmp_path / "none.csv")])

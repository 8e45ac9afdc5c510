"""The scripted model and its file."""

import pytest

from model import Sampling
from model.scripted import ScriptedModel
from transcript.errors import FileError


def test_it_says_the_lines_of_the_speaker_in_turn(scripted):
    model = scripted({"민수": ["왔네.", "밥은?"], "*": ["파도가 친다."]})
    told = [model.propose("…\n민수:", 1, seed=0, sampling=Sampling()).completions[0].text for _ in range(3)]
    assert told == ["왔네.", "밥은?", "왔네."]
    assert model.propose("[지문]\n지은이", 1, seed=0, sampling=Sampling()).completions[0].text == "파도가 친다."


def test_an_entry_may_hold_the_candidates_of_one_call(scripted):
    model = scripted({"민수": [["하나.", "둘."], ["셋."]]})
    assert [c.text for c in model.propose("민수:", 4, seed=0, sampling=Sampling()).completions] == ["하나.", "둘."]
    assert [c.text for c in model.propose("민수: (웃으며)", 4, seed=0, sampling=Sampling()).completions] == ["셋."]


def test_scores_come_from_the_file(scripted):
    model = scripted({"*": ["."]}, scores={"지은:": 3})
    assert model.score("", ["민수:", "지은:"]).probabilities == (0.25, 0.75)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xb0\xa1", "not a scripted model"),
        (b"[1]", "not a scripted model"),
        (b'{"lines": {}}', "has no lines"),
        (b'{"lines": {"*": 3}}', "not a scripted model"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, data, words):
    path = tmp_path / "script.json"
    path.write_bytes(data)
    with pytest.raises(FileError, match=words) as error:
        ScriptedModel.load(path)
    assert str(path) in str(error.value)

"""Names with particles, vocatives, and inside other words."""

import re

import pytest

from agents.names import called, has_final, mentioned, with_particle
from tests.conftest import FILES

CAST = {"지수": ("지수 씨",), "민호": (), "지은": ("윤 작가",), "강민": (), "하린": ("길잡이",)}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("지수야, 이리 와.", ["지수"]),
        ("어제 지수가 다녀갔다던데.", ["지수"]),
        ("범인은 지수입니다!", ["지수"]),
        ("지수함수부터 다시 풀어.", []),
        ("강민호라는 사람이 왔어요.", []),
        ("민호한테는 말하지 마.", ["민호"]),
        ("지은이가 그랬어. 민호 말고.", ["지은", "민호"]),
        ("윤 작가가 쓴 거라며?", ["지은"]),
        ("윤 작가님, 여기요.", ["지은"]),
        ("하린에게서 받은 숟가락이오.", ["하린"]),
        ("저 길잡이는 믿을 만하오?", ["하린"]),
        ("‘지수’라고 적혀 있었다.", ["지수"]),
        ("건강민원실은 어디죠?", []),
        ("지은 죄가 많아서요.", ["지은"]),
    ],
)
def test_mentioned(text, names):
    assert mentioned(text, CAST) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("지수야, 밥 먹자.", ["지수"]),
        ("아니, 지은아. 그게 아니고.", ["지은"]),
        ("민호!", ["민호"]),
        ("민호는 늦는대.", []),
        ("들어 봐요, 윤 작가님.", ["지은"]),
        ("지은이 누나, 이것 좀 봐.", ["지은"]),
        ("지수가 왔어?", []),
    ],
)
def test_called(text, names):
    assert called(text, CAST) == names


def test_particles_follow_the_final_consonant():
    assert with_particle("지은", "이", "가") == "지은이"
    assert with_particle("민수", "이", "가") == "민수가"
    assert not has_final("Anna")


def _cast(cell):
    people = {}
    for part in re.findall(r"[^,(]+(?:\([^)]*\))?", cell):
        name, _, aliases = part.partition("(")
        people[name.strip()] = [alias for alias in aliases.rstrip(")").split("/") if alias]
    return people


@pytest.mark.parametrize(("half", "least"), [("tune", 0.97), ("held", 0.97)])
def test_the_labelled_table(half, least):
    rows = [row.split("\t") for row in (FILES / "name_mentions.tsv").read_text(encoding="utf-8").splitlines()]
    right = [
        sorted(mentioned(text, _cast(cast))) == sorted(filter(None, named.split(",")))
        and sorted(called(text, _cast(cast))) == sorted(filter(None, addressed.split(",")))
        for part, cast, text, named, addressed, _ in (row for row in rows if len(row) == 6)
        if part == half
    ]
    assert len(right) >= 130
    assert sum(right) / len(right) >= least

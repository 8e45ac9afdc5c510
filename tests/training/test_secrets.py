"""The fit of what speaks for a hint at a secret: its rows, the borrowed lines, the weights, the table of common words."""

from pathlib import Path

import numpy as np
import pytest

from training.corpus import CorpusScene, read_scene
from training.secrets import OWN, ROOT, borrowed, common, fitted, left_out, read
from transcript.errors import FileError

TABLE = """\
#   산부인과: 병원. 한수현(한 대리, 수현 씨), 태호
#   화재: 조태호(조 사장)
half\tcase\tfact\ttext\treveals
dev\t산부인과\t수현은 임신했다\t한 대리 홀몸 아니래.\tyes
dev\t산부인과\t수현은 임신했다\t임신부 배려석에 앉으시면 어떡해요.\tno
ordinary\t산부인과\t수현은 임신했다\t수현 씨, 우산 가져왔어요?\tno
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "secrets.tsv"
    file.write_text(TABLE, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def scenes() -> list[CorpusScene]:
    return [read_scene(file) for file in sorted((ROOT / "training" / "corpus").glob("*.yaml"))[:4]]


def test_a_row_is_of_the_kind_for_which_it_was_written(table):
    assert [(row.kind, row.reveals) for half in ("dev", "ordinary") for row in read(table, half)] == [
        ("reveals", True),
        ("near", False),
        ("ordinary", False),
    ]
    assert read(table, "dev")[0].fact.cast == (("한수현", ("한 대리", "수현 씨")), ("태호", ()))


def test_a_row_without_the_people_of_its_case_is_wrong(table):
    table.write_text(TABLE + "dev\t옥상\t민재가 시우를 밀었다\t네가 밀었지?\tyes\n", encoding="utf-8")
    with pytest.raises(FileError, match="people"):
        read(table, "dev")


def test_every_play_with_ordinary_lines_has_all_kinds():
    told: dict[str, list[bool]] = {}
    for row in read(OWN, "dev"):
        told.setdefault(row.case, []).append(row.reveals)
    ordinary = [row.case for row in read(OWN, "ordinary")]
    assert len(set(ordinary)) >= 60
    assert {(ordinary.count(case), sum(told[case]), len(told[case])) for case in ordinary} == {(10, 8, 12)}


def test_borrowed_lines_name_the_people_of_the_play(table, scenes):
    rows = read(table, "dev")
    lines = list(borrowed(rows, scenes))
    assert len(lines) == 40
    assert {line.kind for line in lines} == {"corpus"}
    assert {line.case for line in lines} == {"산부인과"}
    assert not any(name in line.text for line in lines for name in ("나래", "석진"))
    assert list(borrowed(rows, scenes)) == lines


def test_the_weights_find_the_clue_that_tells():
    chance = np.random.default_rng(1)
    kinds = ["reveals", "near", "ordinary", "corpus"] * 50
    told = np.array([kind == "reveals" for kind in kinds], dtype=float)
    values = np.c_[told + chance.normal(0, 0.3, 200), chance.normal(0, 1, 200), np.ones(200)]
    weights = fitted(values, kinds)
    assert weights[0] > 2
    assert abs(weights[1]) < 1
    assert ((values @ weights > 0) == (told == 1)).mean() > 0.9


def test_a_row_is_not_judged_by_its_own_play(table):
    rows = read(table, "dev") * 4
    others = [type(row)("화재", row.fact, row.text, not row.reveals, row.half) for row in rows]
    values = np.array([[float(row.text.startswith("한")), 1.0] for row in [*rows, *others]])
    odds = left_out(values, [*rows, *others])
    assert odds[0] < odds[1]  # 화재 was labelled the other way round, and it alone is seen


def test_common_words_are_those_of_the_lines(scenes):
    table = common(scenes)
    assert table.splitlines()[1] == "lines\twords"
    level = {word: float(row.split("\t")[0]) for row in table.splitlines()[2:] for word in row.split("\t")[1].split()}
    spoken = [line.text for scene in scenes for line in scene.lines if line.speaker]
    assert level["먹다"] <= 1000 * sum("먹" in text for text in spoken) / len(spoken)
    assert "입덧" not in level

"""Faults and costs of a whole take are counted once, of what the engine made; the counters share nothing with the engine."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from benchmarks import scene_quality
from daebon import scores
from daebon.scores.count import Tally, count, figures
from tests.daebon.scored_takes import ENDED, GOOD, SCENARIOS, take, turn


def test_a_clean_take_has_no_faults_and_its_costs_are_of_the_turns_the_engine_made() -> None:
    tally, faults = count(take(SCENARIOS["바다"], GOOD, beats=[*ENDED, {"reason": "forced: 6 turns"}]))
    assert faults == []
    values = figures(tally)
    assert (values["turns"], values["lines"], values["hangul_share"]) == (5, 4, 1.0)
    assert values["narration_share"] == 1 / 5
    assert values["narration_chars_share"] == 7 / (7 + 4 + 14 + 8 + 17)
    assert values["condition_share"] == 1 / 2
    assert (values["calls_mean"], values["calls_max"], values["seconds_median"]) == (7 / 4, 3, 1.5)


def test_each_planted_fault_is_counted_once_with_its_turn() -> None:
    planted = [
        turn(6, (1, 2), "지은: 네. **그래요.**", speaker="민수", to=["지은"]),
        turn(7, (1, 2), "그래서 내가", speaker="민수", to=["지은"]),
        turn(8, (1, 2), "저 내일 첫차로 떠나요.", speaker="지은", to=["민수"]),
        turn(9, (1, 2), "거기 밧줄은 밟지 마.", speaker="민수", to=["지은"]),
        turn(10, (1, 2), "좋아요.", speaker="지은", to=["민수"], parenthetical="민수: 웃으며"),
    ]
    tally, faults = count(take(SCENARIOS["바다"], GOOD + planted))
    found = [(fault.n, fault.kind) for fault in faults]
    assert found == [(6, "residue"), (7, "cut"), (8, "secret"), (9, "copy"), (10, "residue")]
    assert (tally.residue, tally.cut, tally.secrets, tally.copies) == (2, 1, 1, 1)


def test_a_copy_is_looked_for_in_fifteen_dialogue_lines_and_no_further() -> None:
    said = [
        "기름값",
        "밧줄",
        "통발",
        "페인트",
        "등대",
        "라면",
        "소주",
        "갈매기",
        "그물",
        "문어",
        "구두",
        "버너",
        "안개",
        "부표",
        "닻줄",
    ]
    between = [turn(n, (1, 1), f"{word} 좀 봐.", speaker="지은", to=["민수"]) for n, word in enumerate(said, 2)]
    first = turn(1, (1, 1), "손등에 이 흉터는 없었어요.", speaker="지은", to=["민수"])
    for kept, copies in ((14, 1), (15, 0)):
        again = turn(40, (1, 1), "손등에 이 흉터, 없었어요.", speaker="민수", to=["지은"])
        tally, _ = count(take(SCENARIOS["바다"], [first, *between[:kept], turn(39, (1, 1), "파도."), again]))
        assert tally.copies == copies


def test_what_a_person_typed_or_the_scenario_holds_is_not_counted() -> None:
    typed = [
        turn(6, (1, 2), "ok **가자", speaker="민수", to=["지은"], by="human"),
        turn(7, (1, 2), "S#2. (밤,", by="scenario"),
    ]
    _, faults = count(take(SCENARIOS["바다"], GOOD + typed))
    assert faults == []


def test_foreign_letters_lower_the_hangul_share() -> None:
    foreign = turn(6, (1, 2), "OK, 爱你.", speaker="민수", to=["지은"])
    values = figures(count(take(SCENARIOS["바다"], [foreign]))[0])
    assert values["hangul_share"] == 0.0


def test_tallies_add_up() -> None:
    tally, _ = count(take(SCENARIOS["바다"], GOOD))
    both = tally + tally
    assert (both.takes, both.turns, both.calls) == (2, 10, tally.calls * 2)
    assert sum([tally, tally], Tally()) == both


MODULES = sorted(path for room in (scene_quality, scores) for path in Path(*room.__path__).rglob("*.py"))


def test_every_module_of_the_counters_is_looked_at() -> None:
    assert {"__main__", "residue", "cut", "copies", "secrets", "count", "table", "play"} <= {
        path.stem for path in MODULES
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_the_counters_share_nothing_with_the_engine(path: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add("." * node.level + (node.module or ""))
    own = (f"{scene_quality.__name__}.", f"{scores.__name__}.")
    others = {name.split(".")[0] for name in imported if not name.startswith(own)}
    assert others <= {*sys.stdlib_module_names, "rich"}

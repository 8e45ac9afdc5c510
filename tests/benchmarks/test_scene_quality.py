"""The command of scene quality: its bounds and table, takes given or played once, and what is wrong use."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from benchmarks.scene_quality.__main__ import main
from benchmarks.scene_quality.play import code_version, play, play_all
from benchmarks.scene_quality.table import MEASURES, table
from daebon.scores.count import count, figures
from tests.daebon.scored_takes import ENDED, GOOD, SCENARIOS, take, turn


@pytest.mark.parametrize(
    ("key", "allowed", "broken"),
    [
        ("residue", 0, 1),
        ("cut", 0, 1),
        ("secrets", 0, 1),
        ("hangul_share", 0.97, 0.969),
        ("copy_share", 0.04, 0.041),
        ("narration_share", 0.25, 0.251),
        ("calls_mean", 2.0, 2.01),
        ("residue", 0, None),
    ],
)
def test_the_bounds_are_those_of_the_issue(key: str, allowed: float, broken: float | None) -> None:
    measure = next(measure for measure in MEASURES if measure.key == key)
    assert not measure.broken(allowed)
    assert measure.broken(broken)


def test_the_table_is_aligned_for_wide_letters_and_marks_what_is_broken() -> None:
    values = figures(count(take(SCENARIOS["바다"], GOOD))[0])
    lines = table({"바다": values, "all": {**values, "cut": 2}}).splitlines()
    assert len({cell_len(line) for line in lines}) == 1
    assert [line.split("|")[3].strip() for line in lines if "cut off" in line] == ["2!"]


def write(folder: Path, transcript: Mapping[str, Any]) -> Path:
    folder.mkdir(parents=True)
    path = folder / "transcript.json"
    path.write_text(json.dumps(transcript, ensure_ascii=False), encoding="utf-8")
    return path


def test_counting_given_takes_prints_the_report_and_answers_with_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "good" / "바다-7", take(SCENARIOS["바다"], GOOD, beats=ENDED))
    report = tmp_path / "report.json"
    assert main(["--transcripts", str(tmp_path / "good"), "--json", str(report)]) == 0
    shown = capsys.readouterr().out
    for part in ("machine: ", "date: 20", "seeds: 7", "--transcripts", "| 바다", "broken: none"):
        assert part in shown
    row = json.loads(report.read_text(encoding="utf-8"))
    assert row["figures"]["all"]["lines"] == 4
    assert (row["faults"], row["broken"]) == ([], [])

    bad = [*GOOD, turn(6, (1, 2), "그래서 내가", speaker="민수", to=["지은"])]
    write(tmp_path / "bad" / "바다-7", take(SCENARIOS["바다"], bad, beats=ENDED))
    assert main(["--transcripts", str(tmp_path / "good"), str(tmp_path / "bad")]) == 1
    shown = capsys.readouterr().out
    assert "바다-7 turn 6 cut: no final mark" in shown
    assert "broken: lines cut off" in shown


@pytest.mark.parametrize("content", [None, "{", '{"schema": "daebon.transcript/2"}', "[]"])
def test_what_is_no_transcript_is_wrong_use(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "transcript.json").write_text(content, encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        main(["--transcripts", str(tmp_path)])
    assert stopped.value.code == 2
    assert "transcript" in capsys.readouterr().err


ENGINE = """
import json, pathlib, sys
log = pathlib.Path(__file__).with_name("log")
log.write_text((log.read_text() if log.exists() else "") + " ".join(sys.argv[1:]) + "\\n", encoding="utf-8")
name, seed, out = sys.argv[2], int(sys.argv[5]), pathlib.Path(sys.argv[7])
(out / f"{name}-{seed}").mkdir(parents=True)
if seed == 13:
    print("loading", file=sys.stderr)
    sys.exit("no space left")
(out / f"{name}-{seed}" / "transcript.json").write_text(json.dumps({"seed": seed}))
"""


@pytest.fixture
def engine(tmp_path: Path) -> tuple[list[str], Path]:
    """Return a command that plays like the engine, and the file where it notes how it was called."""
    script = tmp_path / "engine.py"
    script.write_text(ENGINE, encoding="utf-8")
    return [sys.executable, str(script)], tmp_path / "log"


def test_a_take_is_played_once_and_then_reused(engine: tuple[list[str], Path], tmp_path: Path) -> None:
    command, log = engine
    first = play("바다", 7, tmp_path / "work", command)
    again = play("바다", 7, tmp_path / "work", command)
    assert first == again
    assert json.loads(first.read_text()) == {"seed": 7}
    calls = log.read_text(encoding="utf-8").splitlines()
    assert len(calls) == 1
    assert calls[0].startswith("play 바다 --auto --seed 7 --out ")
    assert calls[0].endswith(" --quiet")


def test_a_take_that_fails_says_why_and_is_played_again(engine: tuple[list[str], Path], tmp_path: Path) -> None:
    command, log = engine
    for _ in range(2):
        with pytest.raises(RuntimeError, match="exit code 1, 0 transcripts: no space left"):
            play("바다", 13, tmp_path / "work", command)
    assert len(log.read_text(encoding="utf-8").splitlines()) == 2
    assert list((tmp_path / "work").iterdir()) == []


def test_takes_of_other_code_are_not_reused(
    engine: tuple[list[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, log = engine
    shipped = tmp_path / "repository" / "scenarios" / "shipped"
    shipped.mkdir(parents=True)
    (shipped / "바다.yaml").write_text("title: 바다", encoding="utf-8")
    monkeypatch.setattr("benchmarks.scene_quality.play.ROOT", tmp_path / "repository")
    monkeypatch.setattr("benchmarks.scene_quality.play.SEEDS", (7, 13))
    monkeypatch.setattr("benchmarks.scene_quality.play.code_version", lambda: code_version(tmp_path / "repository"))
    played, failed = play_all(tmp_path / "work", command)
    assert [path.parent.name for path in played] == ["바다-7"]
    assert failed == ["바다 13: exit code 1, 0 transcripts: no space left"]
    play_all(tmp_path / "work", command)
    assert len(log.read_text(encoding="utf-8").splitlines()) == 3  # the take that failed once more
    (shipped / "바다.yaml").write_text("title: 바다 2", encoding="utf-8")
    play_all(tmp_path / "work", command)
    assert len(log.read_text(encoding="utf-8").splitlines()) == 5


def test_code_that_changes_while_it_plays_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = iter(["before", "after"])
    monkeypatch.setattr("benchmarks.scene_quality.play.ROOT", tmp_path)
    monkeypatch.setattr("benchmarks.scene_quality.play.code_version", lambda: next(versions))
    assert play_all(tmp_path / "work", ["false"]) == (
        [],
        [f"the code changed while it played; remove {tmp_path / 'work' / 'before'} and play again"],
    )

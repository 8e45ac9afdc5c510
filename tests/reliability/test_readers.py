"""Every reader of foreign files: what once went wrong, and a few mutated files each; it reads them or says why on one line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.fuzz import targets
from benchmarks.fuzz.watch import tried
from tests.conftest import FILES

CRASHERS = sorted(path for path in (FILES / "crashers").rglob("*") if path.is_file())
SECONDS = 30.0  # of processor time; what hangs takes for ever
EXAMPLES = settings(
    deadline=None,
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def test_every_crasher_belongs_to_a_reader():
    assert len(CRASHERS) >= 15
    assert {path.parent.name for path in CRASHERS} <= set(targets.names())


@pytest.mark.parametrize("crasher", CRASHERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_once_went_wrong(crasher: Path, tmp_path: Path):
    target = targets.target(crasher.parent.name)
    assert tried(target, tmp_path / f"input{target.suffix}", crasher.read_bytes(), SECONDS).wrong == ""


@pytest.mark.parametrize("name", targets.names())
def test_good_files_are_read(name: str, tmp_path: Path):
    target = targets.target(name)
    outcomes = [tried(target, tmp_path / f"input{target.suffix}", good, SECONDS) for good in target.seeds()]
    assert [one.wrong for one in outcomes] == [""] * len(outcomes)
    assert any(one.read for one in outcomes)


@pytest.mark.parametrize("name", targets.names())
@EXAMPLES
@given(rng=st.randoms(use_true_random=False))
def test_mutated_files_are_read_or_refused(name: str, tmp_path: Path, rng: random.Random):
    target = targets.target(name)
    good = rng.choice(list(target.seeds()))
    assert tried(target, tmp_path / f"input{target.suffix}", target.change(good, rng), SECONDS).wrong == ""


def test_a_reader_that_fails_hangs_or_eats_memory_is_seen(tmp_path: Path):
    from dataclasses import replace

    from transcript.errors import FileError

    def hangs(_path: Path) -> object:
        while True:
            pass

    def fails(_path: Path) -> object:
        raise KeyError("beats")

    def hides(path: Path) -> object:
        raise FileError(path, "is damaged") from MemoryError()

    def refuses(path: Path) -> object:
        raise FileError(path, "is damaged\n; mend it")

    base = targets.target("scripted")
    said = {}
    for reader in (hangs, fails, hides, refuses):
        said[reader.__name__] = tried(replace(base, read=reader), tmp_path / "x", b"", 0.1).wrong
    assert said["hangs"].startswith("slow: more than 0.1 s")
    assert said["fails"].startswith("KeyError")
    assert said["hides"].startswith("FileError")
    assert said["refuses"] == "", "our errors put themselves on one line"

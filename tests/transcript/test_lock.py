"""One daebon plays a run, a second one learns who does; the lock goes with its process, also when that is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from transcript.errors import StoreError
from transcript.lock import playing

_HOLDER = """
import sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from transcript.lock import playing
with playing(Path({store!r}), "바다-7") as owner:
    print("reads" if owner else "plays", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def elsewhere(tmp_path):
    """Return a function that starts another process which plays 바다-7 until its input ends."""
    started = []

    def start():
        code = _HOLDER.format(root=str(Path(__file__).parents[2]), store=str(tmp_path / "daebon.sqlite"))
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.stdin.close()
        process.wait()


def test_who_comes_second_learns_who_plays(tmp_path, elsewhere):
    process, word = elsewhere()
    assert word == "plays"
    with playing(tmp_path / "daebon.sqlite", "바다-7") as owner:
        assert owner is not None and owner.pid == process.pid
        assert owner.in_words("바다-7").startswith(
            f"바다-7 is being played by process {process.pid} on {owner.host} since 20"
        )
    assert elsewhere()[1] == "reads"


def test_another_run_of_the_same_store_is_free(tmp_path, elsewhere):
    elsewhere()
    with playing(tmp_path / "daebon.sqlite", "바다-8") as owner:
        assert owner is None


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path, elsewhere):
    process, _ = elsewhere()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with playing(tmp_path / "daebon.sqlite", "바다-7") as owner:
        assert owner is None
    assert elsewhere()[1] == "plays"


def fails(store):
    with playing(store, "바다-7") as owner:
        assert owner is None
        raise StoreError("the disk is full")


def test_it_is_free_after_a_fault_too(tmp_path):
    with pytest.raises(StoreError):
        fails(tmp_path / "daebon.sqlite")
    with playing(tmp_path / "daebon.sqlite", "바다-7") as owner:
        assert owner is None


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / ".playing").write_text("여기는 파일이다", encoding="utf-8")
    with pytest.raises(StoreError, match=r"\.playing"), playing(tmp_path / "daebon.sqlite", "바다-7"):
        pass

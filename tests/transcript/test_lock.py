"""One daebon plays a run, a second one learns who does; the lock goes with its process, also when that is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import BOTH_STORES
from transcript.errors import StoreError
from transcript.lock import playing
from transcript.store import RunStore

_HOLDER = """
import sys, time
sys.path.insert(0, {root!r})
from pathlib import Path, PosixPath
from transcript.lock import playing
from transcript.store import RunStore
with playing(RunStore({place!r}), "바다-7") as owner:
    print("reads" if owner else "plays", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(place):
    made = RunStore(place)
    yield made
    made.close()


@pytest.fixture
def elsewhere(place):
    """Return a function that starts another process which plays 바다-7 until its input ends."""
    started = []

    def start():
        code = _HOLDER.format(root=str(Path(__file__).parents[2]), place=place)
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.stdin.close()
        process.wait()


@BOTH_STORES
def test_who_comes_second_learns_who_plays(store, elsewhere):
    process, word = elsewhere()
    assert word == "plays"
    with playing(store, "바다-7") as owner:
        assert owner is not None and owner.pid == process.pid
        assert owner.in_words("바다-7").startswith(
            f"바다-7 is being played by process {process.pid} on {owner.host} since 20"
        )
    assert elsewhere()[1] == "reads"


@BOTH_STORES
def test_another_run_of_the_same_store_is_free(store, elsewhere):
    elsewhere()
    with playing(store, "바다-8") as owner:
        assert owner is None


@BOTH_STORES
def test_the_lock_of_a_process_that_was_killed_is_free(store, elsewhere):
    process, _ = elsewhere()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    while owned(store):  # a server sees a moment later that its client is gone
        time.sleep(0.01)
    assert elsewhere()[1] == "plays"


def owned(store):
    with playing(store, "바다-7") as owner:
        return owner is not None


def fails(store):
    with playing(store, "바다-7") as owner:
        assert owner is None
        raise StoreError("the disk is full")


@BOTH_STORES
def test_it_is_free_after_a_fault_too(store):
    with pytest.raises(StoreError):
        fails(store)
    with playing(store, "바다-7") as owner:
        assert owner is None


@BOTH_STORES
def test_it_is_held_against_the_same_process_too(store):
    with playing(store, "바다-7"):
        assert owned(store)
        again = RunStore(store.place)
        assert owned(again)
        again.close()
    assert not owned(store)


def test_a_folder_that_cannot_be_written_is_named(store, tmp_path):
    (tmp_path / ".playing").write_text("여기는 파일이다", encoding="utf-8")
    with pytest.raises(StoreError, match=r"\.playing"), playing(store, "바다-7"):
        pass

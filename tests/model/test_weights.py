"""The embedded weights in the cache: built once, checked, rebuilt when broken; safe for two processes and a full disk."""

import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from model import weights
from model._gguf import keep_korean, trim_vocabulary
from transcript.errors import ModelError


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return weights.embedded_weights(tmp_path_factory.mktemp("cache"))


def test_the_file_is_the_pinned_one(built):
    assert weights.sha256_of(built) == weights.SHA256
    assert 70e6 < built.stat().st_size < 90e6
    assert [path.name for path in built.parent.iterdir()] == [weights.FILE_NAME]


def test_a_good_file_is_not_built_again(built, monkeypatch):
    monkeypatch.setattr(weights, "_build", lambda _: pytest.fail("built again"))
    assert weights.embedded_weights(built.parent) == built


def test_a_damaged_file_is_rebuilt(built):
    with built.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"damage")
    assert weights.sha256_of(weights.embedded_weights(built.parent)) == weights.SHA256


def test_two_processes_at_once_both_get_the_whole_file(tmp_path):
    code = "from model.weights import embedded_weights, sha256_of; print(sha256_of(embedded_weights()))"
    environment = {**os.environ, "DAEBON_CACHE": str(tmp_path)}

    def run(_):
        return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)

    with ThreadPoolExecutor(2) as pool:
        assert [done.stdout.strip() for done in pool.map(run, range(2))] == [weights.SHA256] * 2
    assert [path.name for path in tmp_path.iterdir()] == [weights.FILE_NAME]


def test_a_disk_that_refuses_is_a_clear_error_and_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(weights, "trim_vocabulary", full)
    with pytest.raises(ModelError, match=r"No space left.*DAEBON_CACHE"):
        weights.embedded_weights(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_model_is_refused():
    for data in (b"", b"GGUF", b"nothing at all", b"GGUF" + b"\xff" * 100):
        with pytest.raises(ModelError, match="not a GGUF file"):
            trim_vocabulary(data, io.BytesIO(), "x.gguf")


@pytest.mark.parametrize(
    ("token", "index", "kind", "kept"),
    [
        ("▁바다", 200_000, 1, True),
        ("요.", 200_000, 1, True),
        ("▁the", 500, 1, True),
        ("▁lighthouse", 90_000, 1, False),
        ("海", 100_000, 1, False),
        ("…", 100_000, 1, True),
        ("<0xEA>", 400, 6, True),
        ("море", 100_000, 1, False),
    ],
)
def test_which_tokens_stay(token, index, kind, kept):
    assert keep_korean(token, index, kind) is kept

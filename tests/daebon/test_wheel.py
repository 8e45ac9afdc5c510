"""The built wheel carries everything: installed outside the repository, it plays and exports."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Build the wheel from a copy of the tracked files and install it alone into a folder."""
    folder = tmp_path_factory.mktemp("wheel")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).is_file():
            (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / "source" / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(folder), str(folder / "source")], check=True)
    subprocess.run([*pip, "install", "--no-deps", "--target", str(folder / "site"), *folder.glob("*.whl")], check=True)
    return folder / "site"


def test_it_plays_and_exports_outside_the_repository(installed, tmp_path):
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"lines": {"*": [""]}, "invent": True}), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    for arguments in (
        ["scenario", "list"],
        ["play", "바다", "--auto", "--model", f"scripted:{script}", "--out", "o"],
        ["export", "latest", "--out", "o"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "daebon", *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "o" / "바다-7" / "바다.fountain").is_file()


def test_it_carries_data_notices_and_the_adapter(installed):
    for name in (
        "agents/directions.tsv", "emotion/lexicon.tsv", "emotion/NOTICE.md", "model/NOTICE.md", "model/adapters/drama.gguf",
        "model/adapters/CARD.md", "scenarios/shipped/바다.yaml", "scenarios/shipped/personas/지은.yaml",
        "training/recipes/embedded-sft.yaml",
    ):  # fmt: skip
        assert (installed / name).is_file(), name

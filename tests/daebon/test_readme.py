"""The two READMEs: the same commands, each of which exists, and a transcript that the program made."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daebon.cli import app

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.ko.md")


def commands(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    shown = [part for row in re.findall(r"^daebon .+$", text, re.MULTILINE) for part in row.split("daebon ")[1:]]
    found = []
    for row in shown:
        head = re.split(r"\s{3,}", row)[0]
        group, *rest = head.split(" ", 1)
        if group in ("scenario", "persona", "emotion", "train", "model"):
            found += [(group, part.split()[0]) for part in rest[0].split("|")]
        else:
            found += [(part.split()[0],) for part in head.split(" | ")]
    return found


def test_both_readmes_name_the_same_commands():
    assert commands("README.md") == commands("README.ko.md")
    assert len(commands("README.md")) >= 9


@pytest.mark.parametrize("command", sorted(set(commands("README.md"))), ids=" ".join)
def test_each_command_explains_itself(command):
    shown = CliRunner().invoke(app, [*command, "--help"])
    assert shown.exit_code == 0
    assert len(shown.output) > 100


@pytest.mark.parametrize("name", READMES)
def test_the_make_targets_stand_at_the_top(name):
    top = (ROOT / name).read_text(encoding="utf-8").split("\n##")[0]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("play", "test"):
        assert f"make {target}" in top
        assert f"\n{target}:" in makefile


def test_both_readmes_show_the_same_transcript():
    shown = [
        re.search(r"<!-- transcript -->\n```\n(.*?)```", (ROOT / n).read_text(encoding="utf-8"), re.DOTALL)[1]
        for n in READMES
    ]
    assert shown[0] == shown[1]
    assert "S#1. 방파제" in shown[0]
    assert shown[0].count("\n지은") > 5

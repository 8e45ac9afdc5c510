"""Every command that a document shows: parsed by the command line, and run where `$` stands before it and no mark forbids it.

A page's blocks are one sitting in one folder, in which the tutorial's files lie. ```yaml title="FILE"``` blocks are written there. The
scripted model plays in place of the embedded one. Marks, as comments before a block: `exact`, the output must be what is shown;
`typed: A, B`, the studio is opened in a terminal and these are typed (Enter ends each; `Enter` is nothing more); `long: WHY` and
`elsewhere: WHY`, parsed only.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import textwrap

import pytest

from tests.daebon.tmux import Pane, missing
from tests.docs.pages import DOCS, PAGES, ROOT, blocks, calls, commands, parse

TYPED = [page for page in PAGES if any(block.mark.startswith("typed") for block in blocks(page))]
SITTINGS = [page for page in PAGES if page.is_relative_to(DOCS) and any(block.runs for block in blocks(page))]
MARKS = re.compile(r"exact|(?:typed|long|elsewhere): .+")
LINES = {"lines": {"*": [""]}, "invent": True}
SHIM = """\
    import os, re, sys
    words = sys.argv[1:]
    plays = words[:1] in (["play"], ["batch"]) or words[:2] == ["persona", "talk"]
    for at, word in enumerate(words):
        if word == "--model" and plays:
            words[at + 1] = "scripted:" + os.environ["SCRIPTS"] + ("/base.json" if "base" in words[at + 1] else "/lines.json")
    if plays and "--model" not in words:
        words += ["--model", "scripted:" + os.environ["SCRIPTS"] + "/lines.json"]
    sys.path[:0], sys.argv[1:] = [os.environ["DAEBON_ROOT"]], words
    from daebon.cli import main
    main()
"""


def named(pages):
    return [str(page.relative_to(ROOT)) for page in pages]


@pytest.mark.parametrize("page", PAGES, ids=named(PAGES))
def test_every_command_is_one_that_the_command_line_takes(page):
    for block in blocks(page):
        for call in commands(block):
            try:
                parse(call)
            except Exception as error:
                raise AssertionError(f"{block.where}: daebon {' '.join(call)}: {error}") from error


def test_every_example_of_a_help_text_is_one_that_the_command_line_takes():
    place = importlib.util.spec_from_file_location("reference", DOCS / "_site" / "reference.py")
    reference = importlib.util.module_from_spec(place)
    place.loader.exec_module(reference)
    rows = [row.strip() for _, command in reference.commands() for row in (command.help or "").splitlines()]
    shown = [call for row in rows if row.startswith("daebon ") for call in calls(row)]
    assert len(shown) > 20
    for call in shown:
        parse(call)


def test_pages_with_commands_are_found():
    shown = [call for page in PAGES for block in blocks(page) for call in commands(block)]
    assert len(shown) > 60
    assert {"play", "batch", "export", "persona", "train", "emotion", "model", "doctor"} <= {call[0] for call in shown}
    assert {"docs/tutorial.md", "docs/tutorial.ko.md", "docs/how-to/play.md", "docs/models.md"} <= set(named(SITTINGS))


def test_marks_are_known():
    for page in PAGES:
        for block in blocks(page):
            assert not block.mark or MARKS.fullmatch(block.mark), f"{block.where}: {block.mark}"


@pytest.fixture(scope="session")
def shell(tmp_path_factory):
    """Return a function that runs a line of a shell in a folder, with a daebon on its path that plays canned lines."""
    folder = tmp_path_factory.mktemp("bin")
    for name in ("lines.json", "base.json"):
        (folder / name).write_text(json.dumps(LINES), encoding="utf-8")
    (folder / "daebon").write_text(f"#!{sys.executable}\n{textwrap.dedent(SHIM)}", encoding="utf-8")
    (folder / "daebon").chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name not in ("LINES", "TERM")}
    environment |= {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "SCRIPTS": str(folder),
        "DAEBON_ROOT": str(ROOT),
    }
    environment |= {"COLUMNS": "100", "PYTHONUTF8": "1", "LC_ALL": "", "LC_MESSAGES": ""}

    def run(line, cwd, language):
        environment["LANG"] = language
        return subprocess.run(
            ["bash", "-c", line], cwd=cwd, env=environment, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL
        )  # fmt: skip

    return run


@pytest.mark.parametrize("page", SITTINGS, ids=named(SITTINGS))
def test_what_stands_behind_a_dollar_sign_runs(page, shell, tmp_path):
    if page.name == "training.md":
        pytest.importorskip("trl")
    write_files(page, tmp_path)
    for block in blocks(page):
        if block.mark.startswith(("long", "elsewhere", "typed")):
            continue
        for command, shown in block.runs:
            if not command.startswith("export "):
                done = shell(command, tmp_path, "ko_KR.UTF-8" if page.name.endswith(".ko.md") else "en_US.UTF-8")
                assert done.returncode == 0, f"{block.where}: $ {command}\n{done.stdout}{done.stderr}"
                if block.mark == "exact":
                    assert stripped(done.stdout) == stripped(shown), f"{block.where}: $ {command}"


@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.parametrize("page", TYPED, ids=named(TYPED))
def test_what_is_typed_in_the_studio_can_be_typed(page, tmp_path):
    (tmp_path / "lines.json").write_text(json.dumps(LINES), encoding="utf-8")
    write_files(page, tmp_path)
    for block in blocks(page):
        if block.mark.startswith("typed: "):
            words = commands(block)[0]
            pane = Pane(tmp_path, 92, 70, *words, "--model", f"scripted:{tmp_path / 'lines.json'}", language="C.UTF-8")
            try:
                pane.wait("›")
                for text in block.mark.removeprefix("typed: ").split(", "):
                    pane.type("" if text == "Enter" else text)
                assert "left with 0" in pane.wait(r"left with \d+")
            finally:
                pane.close()


def write_files(page, folder):
    for block in (*blocks(DOCS / "tutorial.md"), *blocks(page)):
        if file := re.search(r'title="([^"]+)"', block.info):
            (folder / file[1]).parent.mkdir(exist_ok=True)
            (folder / file[1]).write_text(block.text, encoding="utf-8")


def stripped(text):
    return [row.rstrip() for row in text.strip().splitlines()]

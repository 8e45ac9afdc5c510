"""The site: built strictly, with the reference of the code in it, and nothing in it that a browser would have to fetch."""

import ast
import json
import os
import re
import subprocess
import sys

import pytest

from scenarios import scenario_schema
from tests.docs.pages import DOCS, ROOT

pytest.importorskip("material")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_and_card_is_there_and_no_code_of_the_build(site):
    for page in (*DOCS.rglob("*.md"), *(ROOT / name for name in ("model/NOTICE.md", "emotion/classifier.md"))):
        name = page.relative_to(DOCS if page.is_relative_to(DOCS) else ROOT).with_suffix(".html")
        assert (site / name).is_file(), name
    assert not list(site.rglob("*.py"))
    assert (site / "graph.svg").read_text(encoding="utf-8").count("<path") > 20


def test_the_reference_has_every_command_option_and_key(site):
    line = (site / "reference/cli.html").read_text(encoding="utf-8")
    for words in (
        "daebon play",
        "daebon persona extract",
        "daebon train sft",
        "--keep-best",
        "--no-steer",
        "daebon doctor",
    ):
        assert words in line
    keys = (site / "reference/scenario.html").read_text(encoding="utf-8")
    schema = scenario_schema()
    for definition in (schema, *schema["$defs"].values()):
        for key in definition.get("properties", ()):
            assert f">{key}<" in keys, key
    studio = (site / "reference/studio.html").read_text(encoding="utf-8")
    assert "/retry" in studio
    assert "/다시" in studio
    assert "마지막" in studio
    assert json.loads((site / "reference/scenario.schema.json").read_text(encoding="utf-8")) == schema


def test_a_browser_fetches_nothing_from_elsewhere(site):
    loads = re.compile(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=\"?(https?:)?//[^\">]*", re.IGNORECASE)
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        foreign = [found[0] for found in loads.finditer(text) if "canonical" not in found[0]]
        assert not foreign, (page, foreign)
        assert 'class="mermaid"' not in text  # its script would come from a server


def test_the_errors_that_are_explained_are_errors_of_the_code():
    told = []
    for room in ("agents", "daebon", "graph", "model", "scenarios", "training", "transcript"):
        for file in (ROOT / room).rglob("*.py"):
            nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            told += [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    code = "\n".join(told)
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    shown = re.findall(r"\*\*`(.+?)`\*\*", page)
    assert len(shown) > 25
    for message in shown:
        for part in message.removeprefix("daebon: ").split("…"):
            words = part.strip(" :;,()'[]")
            assert words in code, (message, words)

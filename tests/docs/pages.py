"""The commands of the documents: blocks of code with what stands before them, and how a line of a shell is parsed."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import typer

from daebon.cli import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))  # the READMEs list usages, which tests/daebon/test_readme.py reads
_FENCE = re.compile(r"(?:^<!-- ([^>]*) -->\n)?^( *)```([^\n]*)\n(.*?)^\2```$", re.MULTILINE | re.DOTALL)
_BREAK = {"|", "||", "&&", ";", ">", ">>", "<", "&"}


@dataclass(frozen=True)
class Block:
    """A fenced block: `mark` is the comment before it, `info` what stands behind the fence, `line` that of the fence."""

    page: Path
    line: int
    mark: str
    info: str
    text: str

    @property
    def where(self) -> str:
        """Return page and line, for messages."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def runs(self) -> list[tuple[str, str]]:
        """Return the commands after `$ ` (with the lines that a backslash joins), each with the output that is shown for it."""
        found: list[tuple[str, str]] = []
        for row in self.text.splitlines(keepends=True):
            if row.startswith("$ "):
                found.append((row[2:].rstrip("\n"), ""))
            elif found:
                command, shown = found[-1]
                found[-1] = (f"{command}\n{row.rstrip()}", "") if command.endswith("\\") else (command, shown + row)
        return found


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start(3)) + 1
        found.append(Block(page, line, match[1] or "", match[3].strip(), match[4]))
    return found


def commands(block: Block) -> list[list[str]]:
    """Return the words of every call of daebon in a block, behind `$ ` or bare."""
    rows = [command for command, _ in block.runs]
    if not rows and block.info in ("", "sh", "bash"):
        rows = re.sub(r"\\\n\s*", "", block.text).splitlines()
    return [call for row in rows for call in calls(row)]


def calls(row: str) -> list[list[str]]:
    """Return the words of each call of daebon in a line of a shell, without its first word; `[--optional]` counts as given."""
    if not re.match(r"(?:\w+=\S* )*daebon |.*[|&] *daebon ", row):
        return []
    lexer = shlex.shlex(re.sub(r"\s\[(-[^\]]*)\]", r" \1", row), posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    found: list[list[str]] = []
    open_ = False
    for word in lexer:
        if word in _BREAK:
            open_ = False
        elif word == "daebon":
            found.append([])
            open_ = True
        elif open_:
            found[-1].append(word)
    return found


def parse(words: list[str]) -> None:
    """Have the command line parse a call without doing it; raises what typer raises for wrong use."""
    command = typer.main.get_command(app)
    path: list[str] = []
    while words and (below := getattr(command, "commands", {})):
        assert words[0] in below, f"daebon {' '.join([*path, words[0]])}: no such command"
        path.append(words[0])
        command, words = below[words[0]], words[1:]
    if words != ["--help"]:
        command.make_context(" ".join(path), list(words))

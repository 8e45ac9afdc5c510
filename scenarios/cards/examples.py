"""Lines and gestures out of the prose of a card: `mes_example` with its <START> blocks, and greetings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MOST = 8  # lines and gestures of a persona that a card fills
_LONGEST = 120
_READ = 60_000  # characters of one field that are read for lines
_START = re.compile(r"<START>", re.IGNORECASE)
_LABEL = re.compile(r"^[^\S\n]*[*_]*+([^\s:：*_][^:：\n]{0,39}?)[*_]*\s*[:：][*_]*(?!\S*//)", re.MULTILINE)
_QUOTED = re.compile(r"“([^“”\n]{1,400})”|\"([^\"\n]{1,400})\"|「([^「」\n]{1,400})」|『([^『』\n]{1,400})』")
_ACTION = re.compile(r"(?<!\*)\*++([^*\n]+)\*++|(?<!\w)_([^_\n]+)_(?!\w)")
_LEFT = re.compile(r"!\[[^\[\]\n]*\]\([^()\n]*\)|<[^<>\n]*>|^[#>\-\s]+|[*_`]+|~~")


def lines(messages: Iterable[str]) -> tuple[str, ...]:
    """Return what is said in `messages`, at most eight lines, each once, in their order."""
    found = (line for message in messages for line in _said(message))
    return tuple(dict.fromkeys(found))[:MOST]


def gestures(messages: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """Return the starred actions of somebody called `names`, without the subject: `*소연은 웃는다.*` gives 웃는다."""
    subject = re.compile("(?:" + "|".join(map(re.escape, names)) + r")이?(?:은|는|이|가)\s+(.+)")
    found = []
    for message in messages:
        for action in _ACTION.finditer(message[:_READ]):
            match = subject.fullmatch((action[1] or action[2]).strip().rstrip("."))
            if match and match[1].endswith("다") and not re.search(r"[.!?\"“]", match[1]) and len(match[1]) < _LONGEST:
                found.append(f"{match[1]}.")
    return tuple(dict.fromkeys(found))[:MOST]


def messages(text: str, names: Iterable[str]) -> Iterator[str]:
    """Yield the messages of `mes_example` that somebody called `names` says; <START> and another's label end one."""
    known = {name.casefold() for name in names}
    for block in _START.split(text[:_READ]):
        labels = list(_LABEL.finditer(block))
        ends = [*(label.start() for label in labels[1:]), len(block)]
        for label, end in zip(labels, ends, strict=False):
            if label[1].strip().casefold() in known:
                yield block[label.end() : end].strip()


def _said(message: str) -> Iterator[str]:
    """Yield the quoted speech of a message, or where nothing is quoted all that is no action."""
    message = message[:_READ]
    quoted = [next(filter(None, found.groups())) for found in _QUOTED.finditer(message)]
    for line in quoted or _ACTION.sub("\n", message).splitlines():
        line = re.sub(r"\([^()\n]*\)|（[^（）\n]*）", "", line)
        line = " ".join(_LEFT.sub("", line).split())
        if len(line) > _LONGEST:
            line = re.split(r"(?<=[.!?…])\s", line)[0]
        if 2 <= len(line) <= _LONGEST and re.search(r"\w", line):
            yield line

"""Traces of a template, of markdown or of a name tag in a line."""

from __future__ import annotations

import re
from collections.abc import Iterable

from daebon.scores.hangul import word_set

_TEMPLATE = {
    "template section": r"#|(?<![a-z])(?:prompt|answer|instruction)(?![a-z])|\[/?INST\]|<<SYS>>",
    "special token": r"<[/|]?[A-Za-z][^<>]*>|<\|[^<>]*\|>|<0x[0-9A-F]{2}>|\u2581|\ufffd",
    "role label": r"(?<![a-z])(?:system|user|assistant|human|model|response|input|output|[qa])\s*[:：]",
    "markdown": r"[`*]|__|\]\(|https?:|={3,}|^\s*-{3,}|^\s*(?:[-+•·>]|\d{1,2}[.)])\s",
    "JSON or code": r"[{}|\\]|[\"'”’]\s*[:：]\s",
    "script heading": r"^\s*(?:씬|장면|scene)\s*\d+\s*(?:[.:：)/]|$)|\b(?:INT|EXT)\.|\bCUT TO\b|\bF\.\s?[IO]\.",
}
_TEMPLATE_RE = {why: re.compile(pattern, re.IGNORECASE | re.MULTILINE) for why, pattern in _TEMPLATE.items()}
_CUE = re.compile(r"[(（\[［【〔][^)）\]］】〕]*[)）\]］】〕]?")
_COLON = re.compile(
    r"(?P<before>^|[.!?…~\"”’']|\s)\s*(?P<word>[가-힣]{2,6}|[A-Z][a-z]+)\s*(?:[ENF]\s*)?[:：]", re.MULTILINE
)
_SAID_WITH_COLON = word_set("하나 둘 셋 넷 첫째 둘째 셋째 결론 조건 제목 추신 요컨대 예컨대")
_NOT_A_NAME = re.compile(r".*(?:[어아야은는이지다요면데고]|[하해]자)")


def residue(text: str, names: Iterable[str], *, spoken: bool = True) -> str | None:
    """Name the first trace of a template, of markdown or of a name tag in `text`; None when it is clean.

    `names` are the names and aliases of the cast. Before a colon every Hangul word that opens a sentence counts as a
    tag, whoever it is, except the labels people say ("결론:"); later in a sentence a word that looks inflected does not
    ("잘 들어: …"). In a spoken line any round or square bracket is a cue that belongs in the parenthetical.
    """
    for why, pattern in _TEMPLATE_RE.items():
        if found := pattern.search(text):
            return f"{why}: {found.group().strip()}"
    cast = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    mark = r"\s*(?:[ENF]|V\.?O\.?|O\.?L\.?)?\s*"
    bracket = r"[(（\[［][^)）\]］]*[)）\]］]?"
    tag = rf"(?<![가-힣])(?:{cast})(?:{mark}(?:{bracket})?\s*[:：]|{mark}{bracket}|\t)"
    alone = rf"(?:^|\n)\s*(?:{cast})\s*\n|\n\s*(?:{cast})\s*$"
    if cast and (found := re.search(f"{tag}|{alone}", text)):
        return f"name tag: {found.group().strip()}"
    for found in _COLON.finditer(text):
        inside = found["before"].isspace() and found["before"] != "\n"
        if found["word"] not in _SAID_WITH_COLON and not (inside and _NOT_A_NAME.fullmatch(found["word"])):
            return f"name tag: {found.group().strip()}"
    if spoken and (cue := _CUE.search(text)):
        return f"bracketed cue: {cue.group()}"
    return None

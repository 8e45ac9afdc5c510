"""The text of a card as a person would write it: names for `{{char}}` and `{{user}}` with fitting particles, no macros left.

https://github.com/kwaroran/character-card-spec-v3/blob/main/SPEC_V3.md, "Curly Braced Syntaxes".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_NAME = re.compile(
    r"(?:\{\{\s*(?P<macro>char|user)\s*\}\}|<(?P<tag>bot|char|user)>)"
    r"(?P<particle>은\(는\)|는\(은\)|이\(가\)|\(이\)가|가\(이\)|을\(를\)|를\(을\)|과\(와\)|와\(과\)|아\(야\)|야\(아\)|\(으\)로"
    r"|(?:은|는|이|가|을|를|과|와|아|야|으로|로|이랑|랑|이라고|라고|이라는|라는|이에요|예요|이었|였)(?![가-힣]))?",
    re.IGNORECASE,
)
_PAIRS = ("은는", "이가", "을를", "과와", "아야")
_LONG = (("이랑", "랑"), ("이라고", "라고"), ("이라는", "라는"), ("이에요", "예요"), ("이었", "였"))
_CHOICE = re.compile(r"\{\{\s*(?:random|pick)\s*::?((?:[^{},\\]|\\.)*+)(?:,[^{}]*+)?\}\}", re.IGNORECASE)
_BREAK = re.compile(r"\{\{\s*newline\s*\}\}", re.IGNORECASE)
_SILENT = re.compile(
    r"\{\{\s*(?://[^{}]*|comment\s*:[^{}]*|hidden_key\s*:[^{}]*|original|trim|noop)\}\}", re.IGNORECASE
)
_MACRO = re.compile(r"\{\{[^{}]*\}\}")
_NESTED = 5  # levels of macros in macros
_MOST = 200_000  # characters of one text that are read: more than a persona holds


@dataclass
class Cleaner:
    """Who `{{char}}` and `{{user}}` are; `dropped` gathers the macros that mean nothing on a stage."""

    char: str
    user: str
    dropped: dict[str, None] = field(default_factory=dict)

    def __call__(self, text: object) -> str:
        """Return `text` in NFC without macros and control characters; anything but text is read as empty."""
        if not isinstance(text, str):
            return ""
        text = text[:_MOST].replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
        text = _NAME.sub(self._named, _CONTROL.sub("", text))
        for _ in range(_NESTED):
            if "{{" not in text:
                break
            text = _SILENT.sub("", _BREAK.sub("\n", _CHOICE.sub(lambda found: found[1].strip(), text)))
            text = _MACRO.sub(self._dropped, text)
        return unicodedata.normalize("NFC", text).strip()

    def _named(self, found: re.Match[str]) -> str:
        who = self.user if (found["macro"] or found["tag"]).casefold() == "user" else self.char
        return who + _fitting(who, found["particle"] or "")

    def _dropped(self, found: re.Match[str]) -> str:
        self.dropped[found[0]] = None
        return ""


def _fitting(name: str, particle: str) -> str:
    """Return the particle as it sounds behind `name`: a card's author could not know the name."""
    code = ord(name[-1]) - 0xAC00 if name else -1
    bare = particle.replace("(", "").replace(")", "")
    if not particle or not 0 <= code < 11_172:
        return bare[:1] if "(" in particle and bare != "으로" else bare
    final = code % 28
    if bare in ("으로", "로"):
        return "로" if final in (0, 8) else "으로"  # 8 is ㄹ
    for closed, open_ in (*((pair[0], pair[1]) for pair in _PAIRS), *_LONG):
        if bare in (closed, open_, closed + open_, open_ + closed):
            return closed if final else open_
    return bare

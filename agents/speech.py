"""Speech levels (상대높임): which of the six a line is spoken in, by the ending of each sentence.

The endings follow 국립국어원's six-way division (합쇼체, 하오체, 하게체, 해라체, 해요체, 해체). An ending that two levels share is given to
both, and a fragment (`첫차.`) to none, so a guard that asks `mismatch` turns down only what is surely wrong.
"""

from __future__ import annotations

import re
from typing import get_args

from scenarios.values import Level

LEVELS: tuple[Level, ...] = get_args(Level)

_SENTENCE = re.compile(r"[^.!?…~]+[.!?…~]*")
_TAIL = re.compile(r"[^가-힣]+\Z")
_ANY = frozenset[Level](LEVELS)
_PLAIN: frozenset[Level] = frozenset({"해체", "해라체"})  # mixed freely between the same two people
_MIXED: dict[str, frozenset[Level]] = {"해체": _PLAIN, "해라체": _PLAIN, "하게체": frozenset({"하게체", "해체"})}
_BIEUP = 17  # index of ㅂ among the 28 final consonants of a Hangul syllable
_SSANG_SIOT, _RIEUL, _NIEUN = 20, 8, 4

# Longest first; (ending, final consonant that the syllable before it must have or None, levels that use it).
_ENDINGS: tuple[tuple[str, int | None, frozenset[Level]], ...] = tuple(
    (ending, final, frozenset(levels))  # type: ignore[arg-type]
    for ending, final, levels in (
        ("십시오", None, ["합쇼체"]),
        ("십시다", None, ["합쇼체"]),
        ("옵니다", None, ["합쇼체"]),
        ("나이다", None, ["합쇼체"]),
        ("사옵니까", None, ["합쇼체"]),
        ("옵소서", None, ["합쇼체"]),
        ("니다", _BIEUP, ["합쇼체"]),
        ("니까", _BIEUP, ["합쇼체"]),
        ("시다", _BIEUP, ["하오체"]),
        ("더이다", None, ["하오체"]),
        ("거요", None, ["해요체", "하오체"]),
        ("구려", None, ["하오체"]),
        ("리다", None, ["하오체"]),
        ("시오", None, ["하오체"]),
        ("이오", None, ["하오체"]),
        ("하오", None, ["하오체"]),
        ("겠소", None, ["하오체"]),
        ("있소", None, ["하오체"]),
        ("없소", None, ["하오체"]),
        ("소", _SSANG_SIOT, ["하오체"]),
        ("지요", None, ["해요체"]),
        ("요", None, ["해요체"]),
        ("죠", None, ["해요체"]),
        ("자네", None, []),
        ("걸세", None, ["하게체"]),
        ("일세", None, ["하게체"]),
        ("하세", None, ["하게체"]),
        ("으이", None, ["하게체"]),
        ("는가", None, ["하게체"]),
        ("은가", None, ["하게체"]),
        ("인가", None, ["하게체", "해체"]),
        ("던가", None, ["하게체", "해체"]),
        ("게나", None, ["하게체"]),
        ("구먼", None, ["하게체", "해체"]),
        ("구만", None, ["하게체", "해체"]),
        ("라네", None, ["하게체"]),
        ("다네", None, ["하게체"]),
        ("하게", None, ["하게체", "해체"]),
        ("네", None, ["하게체", "해체"]),
        ("나", _SSANG_SIOT, ["하게체", "해체"]),
        ("구나", None, ["해라체"]),
        ("느냐", None, ["해라체"]),
        ("냐", None, ["해라체", "해체"]),
        ("니", _SSANG_SIOT, ["해라체", "해체"]),
        ("거라", None, ["해라체"]),
        ("마라", None, ["해라체"]),
        ("어라", None, ["해라체"]),
        ("아라", None, ["해라체"]),
        ("해라", None, ["해라체"]),
        ("지마", None, ["해체"]),
        ("다", _SSANG_SIOT, ["해라체"]),
        ("다", _NIEUN, ["해라체"]),
        ("는다", None, ["해라체"]),
        ("하다", None, ["해라체"]),
        ("이다", None, ["해라체"]),
        ("없다", None, ["해라체"]),
        ("있다", None, ["해라체"]),
        ("같다", None, ["해라체"]),
        ("싶다", None, ["해라체"]),
        ("좋다", None, ["해라체"]),
        ("하자", None, ["해라체", "해체"]),
        ("가자", None, ["해라체", "해체"]),
        ("잖아", None, ["해체"]),
        ("거든", None, ["해체"]),
        ("거야", None, ["해체"]),
        ("이야", None, ["해체"]),
        ("아니야", None, ["해체"]),
        ("는데", None, ["해체"]),
        ("은데", None, ["해체"]),
        ("인데", None, ["해체"]),
        ("했지", None, ["해체"]),
        ("어", _SSANG_SIOT, ["해체"]),
        ("지", _SSANG_SIOT, ["해체"]),
        ("게", _RIEUL, ["해체"]),
        ("래", _RIEUL, ["해체"]),
        ("까", _RIEUL, ["해체"]),
        ("걸", _RIEUL, ["해체"]),
        ("없어", None, ["해체"]),
        ("싫어", None, ["해체"]),
        ("좋아", None, ["해체"]),
        ("같아", None, ["해체"]),
        ("몰라", None, ["해체"]),
        ("아냐", None, ["해체"]),
        ("야지", None, ["해체"]),
        ("하지", None, ["해체"]),
        ("줘", None, ["해체"]),
        ("봐", None, ["해체"]),
        ("마", None, ["해체"]),
        ("해", None, ["해체"]),
        ("돼", None, ["해체"]),
        ("군", None, ["해체"]),
    )
)
# Vowels on which a plain sentence of several words ends; a single word (문어.) may be a noun.
_OPEN_ENDS = frozenset("아어여야워와져쳐려겨펴켜써꺼떠커해돼대봐줘놔지서춰둬눠쏴봬")
_ANSWERS = frozenset({"네", "예", "응"})  # yes, not the ending of a sentence
_VOCATIVE = re.compile(r",[^,]{1,8}\Z")
_BY_LAST: dict[str, list[tuple[str, int | None, frozenset[Level]]]] = {}
for _entry in sorted(_ENDINGS, key=lambda entry: (-len(entry[0]), entry[1] is None)):
    _BY_LAST.setdefault(_entry[0][-1], []).append(_entry)


def levels_of(sentence: str) -> frozenset[Level]:
    """Return the levels whose speakers end a sentence this way; all six for a fragment that carries no ending."""
    words = _TAIL.sub("", _VOCATIVE.sub("", _TAIL.sub("", sentence))).strip()
    if words in _ANSWERS:
        return _ANY
    for ending, final, levels in _BY_LAST.get(words[-1:], ()):
        before = words[: -len(ending)]
        if not words.endswith(ending) or (final is not None and _final(before[-1:]) != final):
            continue
        return levels or _ANY
    if words[-1:] in _OPEN_ENDS and " " in words:
        return frozenset({"해체"})
    return _ANY


def mismatch(text: str, wanted: str | None) -> str | None:
    """Return the level found in `text` when some sentence surely is not at the `wanted` one, else None."""
    if wanted is None:
        return None
    accepted = _MIXED.get(wanted, {wanted})
    for sentence in _SENTENCE.findall(text):
        found = levels_of(sentence)
        if not found & accepted:
            return next(level for level in LEVELS if level in found)
    return None


def settles(text: str, wanted: str | None) -> bool:
    """Say whether some sentence of `text` carries an ending of the `wanted` level (a fragment carries none)."""
    accepted = _PLAIN if wanted in _PLAIN else {wanted}
    found = [levels_of(sentence) for sentence in _SENTENCE.findall(text)]
    return any(levels != _ANY and levels & accepted for levels in found)


def _final(syllable: str) -> int:
    code = ord(syllable) - 0xAC00 if syllable else -1
    return code % 28 if 0 <= code < 11172 else -1

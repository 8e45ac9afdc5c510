"""Self-reference and address: 나 or 저, 너 or somebody's title, 응 or 네, as the speech level of a pair wants it.

합쇼체 is spoken by 저; 해요체 by 저 or, among people who are close, by 나, but not by both in one line; the other four by 나. 너 and
네가 go with 해체, 해라체 and 하게체 and with nothing above; so with 응, and 네 goes with what is above. 제 and 내 (my) are told from
제 발로 (one's own) and 방 내 (in) by their place: a sentence begins with them, or 그건 stands before. Below 하오체 nobody is 죄송하다 but
미안하다. Ambiguous words are left alone: 전 (I, and before), 네 before a word (your, and four), 날 (me, and day), 어 (yes, and oh).
"""

from __future__ import annotations

import re

_PARTICLES = ("는", "도", "를", "만", "한테", "에게", "더러", "랑", "까지", "부터", "보다", "처럼", "밖에")
_LOW = {"내가": "제가", "나의": "저의"} | {f"나{particle}": f"저{particle}" for particle in _PARTICLES}
_HIGH = {high: low for low, high in _LOW.items()}
_YOU = ("너", "넌", "널", "네가", "니가", "너희", *(f"너{particle}" for particle in _PARTICLES))
_MY = re.compile(
    r"(?:^|(?<=[.!?…~,] )|(?<=[그이저]건 )|(?<=[그이저]게 ))(?:제|내)"
    r"(?= (?!발로|눈에|살|버릇|명에|풀에|정신|꾀에|무덤|분수|몫|나중|이따|당장|곧|반드시|꼭|오늘|내일|다시)[가-힣])"
)
_SORRY = re.compile(r"죄송(?=[하해했])")
_SORRY_PLAIN = ("하게체", "해체", "해라체")
_HUMBLE, _PLAIN = ("합쇼체",), ("하오체", "하게체", "해체", "해라체")
_POLITE, _ABOVE_YOU = ("합쇼체", "해요체"), ("합쇼체", "해요체", "하오체")
_YES = re.compile(r"(?:^|(?<=[.!?…~] ))(?:(?P<low>응)|(?P<high>네|예))(?=(?P<mark>[,.!?…~]))")
_QUOTED = re.compile(r"“[^”]*”|‘[^’]*’|\"[^\"]*\"")


def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![가-힣])(?:{'|'.join(sorted(words, key=len, reverse=True))})(?=요?(?![가-힣]))")


_LOW_WORDS, _HIGH_WORDS, _YOU_WORDS = _pattern(tuple(_LOW)), _pattern(tuple(_HIGH)), _pattern(_YOU)
_UNAWARE = re.compile(r"저도 모르게|나도 모르게")  # said of anybody


def swapped(text: str, level: str | None) -> str:
    """Return `text` with the speaker's own pronoun and yes as `level` wants them; quotations and what is ambiguous stay."""
    if level in (*_POLITE, "해체", "해라체"):
        text = _YES.sub(lambda found: _yes(found, level in _POLITE), text)
    if level in _SORRY_PLAIN:
        text = _replaced(text, _SORRY, {"죄송": "미안"})
    if level in _HUMBLE or (level in _POLITE and _HIGH_WORDS.search(_UNAWARE.sub(" ", _QUOTED.sub(" ", text)))):
        return _replaced(_replaced(text, _LOW_WORDS, _LOW), _MY, {"내": "제", "제": "제"})
    return _replaced(_replaced(text, _HIGH_WORDS, _HIGH), _MY, {"제": "내", "내": "내"}) if level in _PLAIN else text


def fault(text: str, level: str | None) -> str | None:
    """Return the word by which somebody is addressed too low for a `level`, or None."""
    if level not in _ABOVE_YOU:
        return None
    found = _YOU_WORDS.search(_QUOTED.sub(" ", text))
    return found[0] if found else None


def _yes(found: re.Match[str], polite: bool) -> str:
    if bool(found["high"]) == polite:
        return found[0]
    return "네" if polite else "어" if found["mark"] == "?" else "응"


def _replaced(text: str, words: re.Pattern[str], other: dict[str, str]) -> str:
    kept = [match.span() for pattern in (_QUOTED, _UNAWARE) for match in pattern.finditer(text)]

    def swap(match: re.Match[str]) -> str:
        return match[0] if any(start <= match.start() < end for start, end in kept) else other[match[0]]

    return words.sub(swap, text)

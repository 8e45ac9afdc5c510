"""Lines that are surely cut off."""

from __future__ import annotations

import re

from daebon.scores.hangul import coda, word_set

_END = ".!?…~。！？～⋯‥‼⁇⁈⁉—–―"
_QUOTES = "\"'“”‘’「」『』《》〈〉"
_PAIRS = dict(zip(")]}）］】」』》〉", "([{（［【「『《〈", strict=True))
_INTERJECTIONS = word_set(
    "아 어 음 응 네 예 넵 흠 흥 쳇 와 헉 휴 쉿 야 오 참 에이 에휴 어휴 아휴 아하 어머 어머나 아이고 아이구 애고 글쎄 "
    "그래 그럼 아니 뭐 자 저기 여보 여보세요 세상에 맙소사 이런 옳지 아무렴 오냐 아차 어허 허허 하하 호호 후후"
)
_LAUGH = re.compile(r"[ㅋㅎㅠㅜㅡ]+")
_VERBAL = (5, 6, 13, 14, 15, 20)  # final consonants ㄵ ㄶ ㄾ ㄿ ㅀ ㅆ: only verb stems end in them


def cut(text: str, *, spoken: bool = True) -> str | None:
    """Say why `text` is surely cut off; None when it may be whole.

    Surely cut is: nothing at all, an open quote or bracket, at the end a lone jamo, a broken character, a comma, or a
    verb without its ending ("그랬.", "괜찮."; "그랬…" is a voice that breaks off), and in a spoken line no final mark,
    unless the last sentence is an interjection ("응"). A particle or a connective before the mark ("네가 뭘.",
    "그러니까…") is drama, not a fault. A 지문 may end in a noun ("긴 침묵").
    """
    bare = text.strip()
    if not bare:
        return "empty"
    if why := _unbalanced(bare):
        return why
    tail = re.search(r"[ㄱ-ㆎᄀ-ᇿ\ufffd]+(?=\W*$)", bare)
    if tail and not _LAUGH.fullmatch(tail.group()):
        return f"unfinished syllable: {tail.group()}"
    stem = re.search(r"[가-힣](?=[\s.!?。！？\"'”’]*$)", bare)
    if stem and coda(stem.group()) in _VERBAL:
        return f"unfinished word: {stem.group()}"
    bare = re.sub(r"\s*[(（][^)）]*[)）]$", "", bare) or "."
    inner = bare.rstrip(_QUOTES + " ")
    if inner.endswith((",", "，", "、", ":", "：", ";", "·")):
        return f"ends with {inner[-1]}"
    if not spoken or bare[-1] in _END + _QUOTES or bare.endswith("--") or _LAUGH.fullmatch(bare[-1]):
        return None
    last = re.split(rf"[{re.escape(_END)}]", bare)[-1]
    if all(word in _INTERJECTIONS for word in re.findall(r"\w+", last)):
        return None
    return f"no final mark: {bare[-8:]}"


def _unbalanced(text: str) -> str | None:
    text = re.sub(r"(?<=[A-Za-z0-9])['’](?=[A-Za-z]|\s|$)", "", text)  # apostrophes
    for quotes in ('"“”', "'‘’"):
        if sum(text.count(quote) for quote in quotes) % 2:
            return f"open quote {quotes[0]}"
    opened: list[str] = []
    for char in text:
        if char in _PAIRS.values():
            opened.append(char)
        elif char in _PAIRS and (not opened or opened.pop() != _PAIRS[char]):
            return f"stray {char}"
    return f"open bracket {opened[-1]}" if opened else None

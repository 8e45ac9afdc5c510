"""Korean inflection by rule: the bases that a dictionary form takes, in decomposed jamo (NFD).

The rules are those of the standard grammar (한글 맞춤법, §§ 15 to 19 and 32 to 40). A base goes with its kind, which
says what may stand behind it (`_endings`): 그립다 has 그립 (그립지), 그리우 (그리운), 그리워 (그리워서) and 그리이.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from emotion._endings import Kind as Kind
from emotion._endings import jamo, role_of

# Ends of stems that keep their ㅂ (수줍어, 잡아); stems that change their ㄷ (깨달아); stems that lose their ㅅ (나아).
_REGULAR_B = ("입", "잡", "씹", "뽑", "집", "접", "꼽", "업", "좁", "수줍")
_IRREGULAR_D = frozenset({"깨닫", "듣", "걷", "묻", "싣", "일컫", "긷"})
_IRREGULAR_S = frozenset({"낫", "짓", "붓", "잇", "긋", "젓", "퍼붓"})


def closed(text: str) -> bool:
    """Tell whether the last syllable of `text` (NFC or NFD) ends in a consonant."""
    return "ᆨ" <= jamo(text)[-1] <= "ᇂ"


def noun(word: str) -> Iterator[tuple[str, Kind]]:
    """Yield the one base of a noun with its kind."""
    yield jamo(word), "closed" if closed(word) else "open"


def predicate(word: str) -> Iterator[tuple[str, Kind]]:
    """Yield the bases of a verb or adjective in 다, with its adverb (행복히, 반가이, 자랑스레, 어이없이)."""
    stem = word.removesuffix("다")
    before, last = jamo(stem)[:-1], jamo(stem)[-1]
    if last == "ᆻ" and not stem.endswith("있"):  # a rated past form such as 미치겠다
        yield jamo(stem), "past"
        return
    if last == "ᆸ" and not stem.endswith(_REGULAR_B):
        root = unicodedata.normalize("NFC", before)
        yield jamo(stem), "hard"
        yield jamo(root + "우"), "stem"
        yield jamo(root + ("와" if stem in ("돕", "곱") else "워")), "fused"
        yield jamo(root + "이"), "whole"
        if stem.endswith("스럽"):
            yield jamo(stem[:-1] + "레"), "whole"
        return
    if stem in _IRREGULAR_D or stem in _IRREGULAR_S:
        root = before + "ᆯ" if last == "ᆮ" else before
        yield jamo(stem), "hard"
        yield root, "stem"
        yield root + _vowel(before), "fused"
        return
    yield jamo(stem), "stem"
    if stem.endswith("하"):
        for form in ("해", "하여"):
            yield jamo(stem[:-1] + form), "fused"
        yield jamo(stem[:-1] + "히"), "whole"
        yield jamo(stem[:-1] + "치"), "chi"
    elif stem.endswith("르"):
        yield jamo(stem[:-1]) + "ᆯ" + _vowel(jamo(stem[:-1]), "ᄅ"), "fused"
    elif "ᆨ" <= last <= "ᇂ":
        yield jamo(stem) + _vowel(before), "fused"
        if last == "ᆯ":
            yield before, "short"
        if stem.endswith("없"):
            yield jamo(stem + "이"), "whole"
    else:
        yield from ((form, "fused") for form in _fused(before, last))


def follows(kind: Kind, rest: str) -> bool:
    """Tell whether `rest` (NFD), particles or endings or nothing, may stand behind a base of this kind."""
    return role_of(kind, rest) is not None


def nominal(word: str) -> str:
    """Return the noun in ㅁ of a predicate: 쓸쓸하다 쓸쓸함, 반갑다 반가움, 힘들다 힘듦."""
    stems = [base for base, kind in predicate(word) if kind in ("stem", "past")]
    stem = stems[-1]
    if not closed(stem):
        ending = "ᆷ"
    elif stem.endswith("ᆯ") and word.removesuffix("다") not in _IRREGULAR_D:
        stem, ending = stem[:-1], "ᆱ"
    else:
        ending = jamo("음")
    return unicodedata.normalize("NFC", stem + ending)


def _vowel(before: str, lead: str = "ᄋ") -> str:
    """Return 아 or 어 by vowel harmony with the last vowel of `before` (NFD); `lead` is its leading consonant."""
    vowels = [letter for letter in before if "ᅡ" <= letter <= "ᅵ"]
    return lead + ("ᅡ" if vowels and vowels[-1] in "ᅡᅣᅩ" else "ᅥ")


def _fused(before: str, vowel: str) -> Iterator[str]:
    """Yield the forms of a stem in a vowel with 어/아: 놀라, 기뻐, 지쳐 (지치어), 나눠 (나누어), 나와 (나오아)."""
    if vowel == "ᅳ":
        yield before + _vowel(before, "")
        return
    contracted = {"ᅩ": "ᅪ", "ᅮ": "ᅯ", "ᅵ": "ᅧ", "ᅬ": "ᅫ"}.get(vowel)
    if contracted:
        yield before + contracted
    elif vowel not in "ᅱᅴ":
        yield before + vowel
    if vowel not in "ᅡᅥ":
        yield before + vowel + _vowel(vowel)

"""Particles and inflected forms of Korean words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from daebon.scores.hangul import coda, compose, syllable, word_set

LIGHT = word_set("있 하 되 내 나오 주 보 가 타 오 받")  # verbs that mean little without their noun
_PARTICLE = re.compile(
    r"(?:에게서|한테서|에서는|에서|에게|한테|께서|으로|부터|까지|조차|마저|처럼|보다|이랑|하고|을|를|이|가|은|는|도|만|의|에|께|로|와|과|랑)$"
)
TAIL = re.compile(
    r"(?:들|님|씨|아|야|여|을|를|이|가|은|는|도|만|의|에|에서|에게|한테|께|께서|로|으로|와|과|랑|하고|까지|부터|조차|마저|밖에|뿐|보다"
    r"|처럼|같이|이야|이에요|예요|에요|요|이요|입니다|이오|이다|다|였어|이었어|인데|이라|라|나|네|지|죠|인가|인|이지|이잖아|잖아|든)*"
)
_ENDINGS = frozenset(
    "아어았었여였으은을고는니냐느네다던더지자게기거겠구군소습시세셔셨려러리렸린면며야요라래랬까나신실십오"
)
_N, _SS = 4, 20  # numbers of the final consonants ㄴ and ㅆ
# numbers of the vowels that the last vowel of a stem turns into: ㅗ ㅘ, ㅜ ㅝ, ㅣ ㅕ, ㅡ ㅓ ㅏ
_CONTRACTED = {8: (8, 9), 13: (13, 14), 20: (20, 6), 18: (18, 4, 0)}


def particle_of(word: str) -> str:
    """Return the particle that ends `word`, or ""; 을 and 를 and their like must fit the syllable before them."""
    found = _PARTICLE.search(word)
    if not found or not found.start() or not "가" <= word[found.start() - 1] <= "힣":
        return ""
    closed = syllable(word[found.start() - 1])[2] != 0
    fits = {"을": True, "이": True, "은": True, "과": True, "를": False, "가": False, "는": False, "와": False}
    return found.group() if fits.get(found.group(), closed) == closed else ""


def loose_stem(word: str) -> str:
    """Return the verb stem of a word without particle that may be 빨아 or 꺼진; "" when it cannot be a verb."""
    if word[-1] in "아어고" and len(word) > 1:
        return word[:-1]
    first, vowel, last = syllable(word[-1]) if "가" <= word[-1] <= "힣" else (0, 0, 0)
    return word[:-1] + compose(first, vowel, 0) if last == 4 else ""


def stem_of(verb: str) -> tuple[str, bool]:
    """Return the stem of a verb in plain declarative form (떠난다, 팔았다, 없다) and whether it is past."""
    if not re.fullmatch("[가-힣]+다", verb):
        return verb, False
    bare = verb[:-1]
    first, vowel, last = syllable(bare[-1])
    if bare.endswith("는") and len(bare) > 1:
        return bare[:-1], False
    if last == _N:
        return bare[:-1] + compose(first, vowel, 0), False
    if last != _SS or bare.endswith(("있", "겠")):
        return bare, False
    if bare[-1] in "았었" and len(bare) > 1:
        return bare[:-1], True
    whole = {9: 8, 14: 13, 6: 20}.get(vowel, 0 if bare[-1] == "했" else vowel)
    return bare[:-1] + compose(first, whole, 0), True


def is_form(word: str, stem: str) -> bool:
    """Say whether `word` may be an inflected form of the verb `stem`; one-syllable stems need a known ending."""
    head, tail = word[: len(stem)], word[len(stem) :]
    if len(head) < len(stem) or head[:-1] != stem[:-1]:
        return False
    first, vowel, last = syllable(stem[-1])
    f, v, t = syllable(head[-1]) if "가" <= head[-1] <= "힣" else (-1, -1, -1)
    known = not tail or tail[0] in _ENDINGS
    if f != first:
        return False
    if last:
        if (v, t) == (vowel, last):
            return len(stem) > 1 or (
                known and (bool(tail) or last == 8) and tail not in (("을", "은", "이") if last == 8 else ("이",))
            )
        return last == 8 and v == vowel and (t in (4, 17) or (t == 0 and tail[:1] in tuple("는니네냐시세오")))
    if v not in _CONTRACTED.get(vowel, (vowel,)) or t not in (0, 4, 8, 16, 17, 20):
        return False
    return len(stem) > 1 or known


def is_noun(words: Sequence[str], at: int, noun: str) -> bool:
    """Say whether the words from `at` on begin with `noun`, spaced or not; after one syllable only particles go."""
    if len(noun) == 1:
        return words[at].startswith(noun) and TAIL.fullmatch(words[at], 1) is not None
    return "".join(words[at : at + 2]).startswith(noun)


def is_negative(words: Sequence[str], at: int) -> bool:
    """Say whether the verb at `at` is negated: 안 or 못 before it, or -지 않다, -지 못하다, -지 마, -ㄹ 수 없다, -ㄹ 리 없다."""
    around = " ".join((*words[max(at - 1, 0) : at], f"<{words[at]}", *words[at + 1 : at + 3]))
    return re.search(r"^[안못] <|<\S+지 ?[않못말마]|<\S+ [수리] 없", around) is not None


def is_past(words: Sequence[str], at: int, near: bool) -> bool:
    """Say whether the verb at `at` is past: ㅆ in it, or with `near` after it (팔아 버렸다) or as 판, 뽑은."""
    span = words[at : at + 3] if near else words[at : at + 1]
    if any(coda(char) == _SS and char not in "있겠" for word in span for char in word):
        return True
    return near and coda(words[at][-1]) == _N and words[at][-1] != "는"

"""Names in Korean text: who is mentioned and who is called, with particles and without word boundaries."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

_PARTICLES = (
    "이야말로 에게서 한테서 입니다 이에요 이었어 였어요 이라고 이라는 이지만 이니까 으로서 에게 한테 께서 이랑 이야 이다 예요 이요 "
    "라고 라는 라면 부터 까지 마저 조차 밖에 처럼 보다 만큼 하고 이나 이든 님이 님은 님을 님께 님 씨가 씨는 씨를 씨 "
    "은 는 이 가 을 를 의 께 와 과 랑 도 만 야 아 여 나 든 로 지 냐"
).split()
_CALLS = "이여 아 야 여 님 씨".split()


def has_final(word: str) -> bool:
    """Say whether the last syllable of `word` has a final consonant (받침); False for what is not Hangul."""
    code = ord(word[-1]) - 0xAC00 if word else -1
    return 0 <= code < 11172 and code % 28 != 0


def with_particle(word: str, after_consonant: str, after_vowel: str) -> str:
    """Return `word` with the fitting particle: `with_particle("지은", "이", "가")` is `지은이`."""
    return word + (after_consonant if has_final(word) else after_vowel)


def mentioned(text: str, cast: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names of `cast` (name to aliases) that occur in `text` as words of their own, in order of appearance."""
    found: dict[str, int] = {}
    for name, aliases in cast.items():
        places = [match.start() for form in (name, *aliases) for match in _mention(form).finditer(text)]
        if places:
            found[name] = min(places)
    return sorted(found, key=found.__getitem__)


def called(text: str, cast: Mapping[str, Sequence[str]]) -> list[str]:
    """Return who is addressed by name in `text`: `지은아`, `지은 씨!`, or the bare name set off by punctuation."""
    return [name for name, aliases in cast.items() if any(_call(form).search(text) for form in (name, *aliases))]


@lru_cache(maxsize=512)
def _mention(form: str) -> re.Pattern[str]:
    particles = "|".join(sorted(map(re.escape, _PARTICLES), key=len, reverse=True))
    friendly = "이?" if has_final(form) else ""
    word = rf"{re.escape(form)}{friendly}(?: ?(?:씨|님))?(?:{particles}){{0,2}}"
    return re.compile(rf"(?<![가-힣A-Za-z0-9]){word}(?![가-힣A-Za-z0-9])")


@lru_cache(maxsize=512)
def _call(form: str) -> re.Pattern[str]:
    calls = "|".join(map(re.escape, _CALLS))
    alone = rf"(?:\A|[.!?…,]\s*){re.escape(form)}(?: ?(?:{calls}))?\s*(?=[.!?…,~]|\Z)"
    within = rf"(?<![가-힣]){re.escape(form)}(?:{calls})(?=[.!?…,~])"
    return re.compile(f"{alone}|{within}")

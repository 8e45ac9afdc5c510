"""Count speech levels by Kiwi's tags, as a check on a guard that reads a table of endings: no code or table is shared."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

_SAME = {"해체": {"해체", "해라체"}, "해라체": {"해체", "해라체"}, "하게체": {"하게체", "해체"}}
# 표준국어대사전: -네 (2) and -구먼 stand where 해체 does, too (`네`: what one has just become aware of).
_SHARED = re.compile(r"(?:네|구먼)$")
_BY_ENDING = (
    (r"(?:습니다|ᆸ니다|습니까|ᆸ니까|십시오|ᆸ시다|읍시다|ᆸ시오|습디다|나이다|옵니다|올시다|외다|ᆸ지요)$", "합쇼체"),
    (r"(?:요|죠)$", "해요체"),
    (r"^(?:소|오|으오|구려|구먼|시오|으시오)$", "하오체"),
    (r"^(?:네|게|세|으세|ᆷ세|음세|ᆯ세|나|ᆫ가|은가|는가|구먼|게나|다네|라네)$", "하게체"),
    (
        r"^(?:다|ᆫ다|는다|라|어라|아라|거라|너라|자|냐|느냐|으냐|니|으니|으렴|렴|마|으마|ᆯ게|구나|는구나|단다|란다)$",
        "해라체",
    ),
)


def counter(*, shared: bool = False) -> Callable[[str, str], bool | None]:
    """Return a function of a line and the level wanted: True, False, or None for a line without a final ending.

    With `shared`, the endings that the dictionary gives to 하게체 and to 해체 are right for both; without, for 하게체 only.
    """
    kiwi: Any = import_module("kiwipiepy").Kiwi()

    def right(text: str, wanted: str) -> bool | None:
        said = re.sub(r"[‘“\"'][^’”\"']*[’”\"']", " ", text)
        tokens = [kiwi.tokenize(sentence) for sentence in re.split(r"(?<=[.!?…])\s*", said)]
        found = [levels for one in tokens if (levels := _levels(one, shared))]
        if not found:
            return None
        return all(levels & _SAME.get(wanted, {wanted}) for levels in found)

    return right


def _levels(tokens: list[Any], shared: bool) -> set[str]:
    """Return the level of a sentence by its last final ending and the 요 behind it; empty without one."""
    last = next((i for i in range(len(tokens) - 1, -1, -1) if tokens[i].tag == "EF"), None)
    if last is None:
        return {"해요체"} if tokens and tokens[-1].form == "요" else set()
    if any(token.form in ("요", "이요") and token.tag == "JX" for token in tokens[last + 1 :]):
        return {"해요체"}
    form = tokens[last].form
    if shared and _SHARED.search(form):
        return {"하게체", "해체"}
    return {next((level for pattern, level in _BY_ENDING if re.search(pattern, form)), "해체")}

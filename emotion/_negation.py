"""Eojeols of a line, and what negates a word in them: 안, 못; -지 않다, -ㄴ 게 아니다, -ㄹ 수 없다, -이 없다."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from emotion._endings import Role

ADVERBS = frozenset({"안", "못"})

_TOKEN = re.compile(r"[가-힣]+|ㅋ{2,}|ㅎ{2,}|[ㅠㅜ]+|ㄷ{2,}|\^\^+")
_FORBID = r"마(?:라|요|세요|십시오|시고|시오|시죠)?(?![가-힣])|말(?:고|아|자|라|게|았|지)"
_DO_NOT = rf"(?:하|되)?지(?:도|는|를)?\s*(?:않|못|{_FORBID})"
_BEHIND: Mapping[Role, re.Pattern[str]] = {
    "ji": re.compile(rf"\s*(?:않|안(?:아|았|다|는|네|습|고)|못(?:하|해|했|한|할|합)|{_FORBID})"),
    "mod": re.compile(
        r"\s*(?:게|건|것(?:이|은|도)|거는?|적(?:이|도|은)?)\s*(?:전혀|절대|한\s*번도)?\s*(?:아니|아냐|아닙|없)"
    ),
    "fut": re.compile(r"\s*(?:수(?:가|는|도|조차)?|리(?:가|는)?|것도?|거(?:는|도)?|건|필요(?:가|는|도)?)\s*없"),
    "noun": re.compile(
        rf"\s*(?:{_DO_NOT}|없|아니|아냐|아닙|(?:안|못)\s*(?:하|해|했|한|할|합|돼|되|됐|된|나|났|난|느|받)|{_FORBID})"
    ),
    "bare": re.compile(rf"\s*{_DO_NOT}"),
}
_ASKING = re.compile(r"\s*않(?:아|아요|니|나요|냐|습니까|은가요?)\s*\?")


class Token(NamedTuple):
    """An eojeol's Hangul, or a row of ㅋ, ㅎ, ㅠ, ㄷ, ^; `previous` is the eojeol before if only blanks part them."""

    text: str
    start: int
    end: int
    previous: str


def tokens(text: str) -> list[Token]:
    """Split NFC text; what is neither Hangul nor such a row separates."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        near = found and not text[found[-1].end : match.start()].strip(" \t")
        found.append(Token(match.group(), match.start(), match.end(), found[-1].text if near else ""))
    return found


def negated_behind(text: str, end: int, role: Role) -> bool:
    """Tell whether what follows position `end` negates a word whose ending has this role.

    -지 않아? is no negation: the question takes the answer yes for granted (-지도 않아? is one).
    """
    pattern = _BEHIND.get(role)
    if role == "ji" and text[end - 1] == "지" and _ASKING.match(text, end):
        return False
    return pattern is not None and pattern.match(text, end) is not None

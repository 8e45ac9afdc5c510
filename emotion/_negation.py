"""Eojeols of a line, and what negates a word in them: 안, 못; -지 않다, -ㄴ 게 아니다, -ㄹ 수 없다, -이 없다."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from emotion._endings import Role

ADVERBS = frozenset({"안", "못"})

_TOKEN = re.compile(r"[가-힣]+|ㅋ{2,}|ㅎ{2,}|[ㅠㅜ]+|ㄷ{2,}|\^\^+")
_FORBID = (
    r"마(?:라|요|세요|셔요|십시오|시고|시오|시죠|소서|옵소서|시옵소서|렴)?(?![가-힣])|말(?:고|아|자|라|게|았|지)(?!로)"
)
_IS_NOT = "아[니냐닌닐님닙녜녔]"
_NOT_AT_ALL = r"(?:전혀|절대로?|결코|한\s*번도|하나도|조금도|(?:눈곱|손톱|털끝)만큼도|더는|이젠?|이제는|별로|다시는?)"
_HAVE = "하|되|나|가|들|받|생기|느끼|느껴지|보이"  # what a feeling does, or what is done with it
_HAVE_NOW = "하|해|했|한|할|합|돼|되|됐|된|나|났|난|날|느|받|가|간|갔|들|든|생"  # their first syllables
_DO_NOT = rf"(?:{_HAVE})?지(?:도|는|를|가)?\s*(?:않|못|{_FORBID})"
_THING = r"(?:게|것(?:이|은|도|까지)?|거(?:는|도|라곤)?|건)"
_BEHIND: Mapping[Role, re.Pattern[str]] = {
    "ji": re.compile(rf"\s*(?:않|아니하|안(?:아|았|다|는|네|습|고)|못(?:하|해|했|한|할|합)|{_FORBID})"),
    "mod": re.compile(
        rf"\s*(?:(?:{_THING}|적(?:이|도|은)?)\s*{_NOT_AT_ALL}?\s*(?:{_IS_NOT}|없)|[가-힣]{{1,4}}[은는]\s*{_IS_NOT})"
    ),
    "fut": re.compile(
        rf"\s*(?:(?:수(?:가|는|도|조차)?|{_THING}|(?:필요|이유|까닭)(?:가|는|도|이|은)?)\s*{_NOT_AT_ALL}?\s*없"
        r"|(?:리|턱)(?:가|는|이|은)?\s*(?:없|있|만무|[.?!…]|$))"
    ),
    "noun": re.compile(
        rf"(?:\s*(?:따위|같은\s*{_THING}))?(?:\s*{_NOT_AT_ALL})?\s*"
        rf"(?:{_DO_NOT}|없|{_IS_NOT}|(?:안|못)\s*(?:{_HAVE_NOW})|{_FORBID}|(?:느낀|느껴\s*본|가진|품은)\s*적[이도]?\s*없|필요\s*없)"
    ),
    "thing": re.compile(rf"(?:\s*{_NOT_AT_ALL})?\s*(?:{_IS_NOT}|없)"),
    "alone": re.compile(r"\s*(?:(?:안|못)\s*[하해했한할합]|않|아니하|없)"),
    "bare": re.compile(rf"\s*(?:{_DO_NOT}|{_FORBID})"),
    "so": re.compile(rf"\s*(?:그런|이런|그러는|이러는|그랬던)\s*{_THING}\s*{_IS_NOT}"),
}
# What stands behind a negation and negates it again: 없는 건 아니다, 않다고는 못 한다, 없지 않다.
_AGAIN = re.compile(rf"[가-힣]{{0,2}}(?:\s*{_THING}\s*{_IS_NOT}|[다라]고는?\s*(?:말\s*)?못|지(?:도|는|만은)?\s*않)")
_ASKING = re.compile(r"\s*않(?:(?:아|아요|나요|습니까|은가요?)\s*[?？]|[니냐](?![가-힣]))")


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

    -지 않아? is no negation: the question takes the answer yes for granted (-지도 않아? is one). Neither is what is
    negated twice, as in 희망이 없는 건 아니다.
    """
    pattern = _BEHIND.get(role)
    if pattern is None or (role == "ji" and text[end - 1] == "지" and _ASKING.match(text, end)):
        return False
    found = pattern.match(text, end)
    return found is not None and not _AGAIN.match(text, found.end())

"""Terms of address (호칭) as they are said: 지은아, 오빠, 윤 작가님, 여보, 자네, where somebody is spoken to and not about."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from agents.names import given_name, has_final, surnames, titles

_ALONE = frozenset("형 쌤 샘".split())  # the titles of one syllable that are called by themselves
_KIN = (
    "엄마|아빠|할매|할배|여보|당신|자기야|자기|임자|부인|마누라|서방님|서방|아가씨|아가|얘야|얘들아|어르신|손님|고객님|도련님|사또|나리|마님|아버님|어머님|장인어른|"
    "장모님|형수님|형수|제수씨|올케|아주버님|매형|매부|처남|처제|새아가|새언니|할멈|영감|이보게|여보게|이보시오|여보시오|막내야?|꼬마야?"
)
_CRY = "야|어이|저기|아니|네|예|참|자|아이고|어머|오|응|그래|근데|그럼|미안해요?|고마워요?"
_BEFORE = rf"(?:\A|[.!?…,~“”‘’\"(—-]\s*|(?:\A|[.!?…,~]\s*)(?:{_CRY})\s)"
_AFTER = r"(?=\s*(?:[,.!?…~—]|\Z))"
_BEHIND = r"(?<=[요다까죠네지어아해마냐라니]\s)"  # behind an ending without a comma: 고마워 오빠.
_SUBJECT = re.compile(r"(?<![가-힣])(자네)(?:가|는|도|를|한테|의|만|랑)?(?![가-힣])")


def terms(text: str, forms: Sequence[str] = ()) -> list[str]:
    """Return the terms by which somebody is called in `text`, in order; `forms` are names, which also count with 아, 씨 and titles."""
    text = unicodedata.normalize("NFC", text)
    pattern = _pattern(tuple(forms))
    found = [(match.start(1), match[1].strip()) for match in pattern.finditer(text)]
    found += [(match.start(), match[1]) for match in _SUBJECT.finditer(text)]
    return [term for _, term in sorted(found)]


@lru_cache(maxsize=256)
def _pattern(forms: tuple[str, ...]) -> re.Pattern[str]:
    bare = [title for title in titles() if len(title) > 1 or title in _ALONE]
    title = rf"(?:{'|'.join(titles())})(?:님)?"
    names = sorted({form for name in forms for form in (name, given_name(name))}, key=len, reverse=True)
    own = "|".join(map(re.escape, names))
    called = "|".join(re.escape(name) + ("아" if has_final(name) else "야") for name in names)
    kinds = [f"(?:우리 )?(?:{'|'.join(bare)})(?:님)?", _KIN]
    kinds.append(rf"(?:{'|'.join(surnames())}) ?{title}")
    if names:
        kinds += [called, rf"(?:{own})이?(?: ?(?:{title}|씨|님|양|군))?"]
        kinds.append(rf"(?:{'|'.join(surnames())})(?:{own})(?: ?(?:{title}|씨))?")
    term = "|".join(kinds)
    return re.compile(rf"(?:{_BEFORE}|{_BEHIND})((?:{term}))(?![가-힣]){_AFTER}")

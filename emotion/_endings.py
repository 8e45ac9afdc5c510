"""The endings, particles and light verbs that may follow a base, as tables over decomposed jamo, and what they do.

A base is the beginning of an eojeol, such as 슬ㅍㅓ in 슬펐어; `conjugation` makes the bases, this module judges what
stands behind them. The tables know the spellings of daily use; they do not know which stem is a verb and which an
adjective, as a wrong 기쁜다 does no harm in a text that somebody wrote.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Literal, cast

Kind = Literal[
    "stem", "hard", "short", "past", "fused", "closed", "open", "strict", "predicate", "copula", "thing", "chi", "whole"
]
"""What a base is, by what may follow.

- `stem`: every ending of a predicate (슬프고, 슬픈, 좋은, 그리운)
- `hard`: an irregular stem, which takes no 으 (그립지; not 정답은)
- `short`: a stem that has lost its ㄹ (우는)
- `past`: ends in ㅆ (미치겠다)
- `fused`: has 어 or 아 in it (슬퍼서)
- `closed`, `open`: a noun in a consonant, in a vowel: particles, copula, light verbs (걱정은, 걱정이다, 걱정하다)
- `strict`: a noun with particles that no verb takes (기대를; not 기대는, which may be leaning)
- `predicate`: a noun before light verbs only (수치스럽다)
- `copula`: the 이 of 이다
- `thing`: 거 and 것 written together with a predicate (힘든거야)
- `chi`: 편치, 원치, which is 하지 before a negation
- `whole`: nothing more, or 요 and the like
"""

Role = Literal["ji", "mod", "fut", "noun", "thing", "alone", "bare", "so", "not", "other"]
"""What an ending does for negation.

- `ji`: 지 (슬프지 않다)
- `mod`: 은, 는 (슬픈 게 아니다)
- `fut`: 을 (믿을 수 없다)
- `noun`: a particle or none (걱정 없다)
- `thing`: 은 거 written together (힘든거 아니야)
- `alone`: what is a word of feeling only before its negation: 기대 안 해, 편치 않다
- `bare`: 어 (슬퍼 하지 마)
- `so`: 어서 (슬퍼서 그런 게 아니다)
- `not`: negated inside the eojeol (슬프지않아, 걱정마)
"""

_TRAILING = str.maketrans("ㄴㄹㅁㅂㅆㄻ", "ᆫᆯᆷᆸᆻᆱ")

# Endings that begin with a consonant: every stem takes them as they are.
_CONSONANTAL = """
다 다고 다고요 다고는 다고도 다네 다네요 달까 달까요 다구 다구요 다는 다니 다니까 다니요 다며 다면 다면서 다만
다지 다지만 다더라 다던데 다가 다가도 단 단다 답니다 답디다 대 대요 고 고요 고는 고도 고만 고서 고야 고자 고말고
고말고요 구 구요 곤 구나 구만 구먼 구려 군 군요 지만 지마는 지만요 지요 죠 잖아 잖아요 잖니 잖냐 잖소 잖습니까
잖은가 네 네요 네여 게 게요 게도 게만 게끔 게나 게라도 게는 겐 거나 거든 거든요 거니와 건만 건대 거늘 거라 기
기는 기도 기만 기가 기에 기를 기까지 기로 기란 기보다 기조차 기라도 길래 건마는 느니보다 나봐 나봐요 나봅니다
나보다 나보네 나보군 기엔 기야 기는커녕 긴 길 나 나요 냐 냐고 냐고요 냐는 냐면 냐니 니 느냐 느냐고 는가 는가요
는데 는데요 는데도 는지 는지도 는지를 는지는 는지요 는걸 는걸요 는구나 는구만 는군 는군요 는커녕 던데 던데요
던가 던가요 던지 던걸 더니 더니만 더라 더라고 더라고요 더라구 더라구요 더라도 더라면 더군 더군요 더냐 디 든 든지
든가 느라 느라고 도록 듯 듯이 듯한 듯해 자 자고 자고요 자마자 자는 자니 소
"""
# Endings that lose 으, or fuse with the syllable before them, behind a vowel (`_shrunk`).
_SHRINKING = """
습니다 습니다만 습니까 습디다 습니다요 는다 는다고 는다고요 는다는 는다니 는다니까 는다면 는다며 는다지만 는단
는단다 는답니다 는대 는대요 은데 은데요 은데도 은가 은가요 은가봐 은가봐요 은가봅니다 은가보다 은가보네 은지
은지도 은지를 은지는 은지요 은걸 은걸요 은들 은커녕 은줄 을까 을까요 을까봐 을게 을게요 을걸 을걸요 을지 을지도
을지라도 을래 을래요 을수록 을텐데 을텐데요 을만큼 을뿐 을려고 을라고 으련만 으되 을뿐더러 을세라 을지언정
을리가 을줄 으면 으면서 으면서도 으면은 으면요 으니 으니까 으니까요 으며 으나 으나마 으려 으려고 으려고요 으려면
으려나 으려는 으러 으므로 으라 으라고 으라는 으라니 으라며 으라면 으란 으랴 으리 으리라 으오 으세요 으셔요
으십니다 으십니까 으십시오 으시오
"""
_FUSED = """
요 서 서요 서는 서도 서야 서인지 서일까 서라도 선지 선 도 도요 야 야지 야지요 야죠 야만 라 라도 라고 라고요 라니
용 여
"""
_COPULA = """
야 야말로 에요 예요 라 라고 라고요 라는 라니 라니요 라며 라면 라면서 라서 라도 라지만 란 란다 랍니다 래 래요
어서 어야
"""
_PARTICLES = """
에 에는 에도 에서 에선 에서도 의 도 도요 만 만요 만이 만은 만을 만으로 만으로도 만큼 까지 까지도 까지요 부터
조차 조차도 마저 마저도 밖에 뿐 뿐만 처럼 보다 보다도 보다는 보단 한테 한텐 에게 에겐 같은 같아 같이 답게 다운
하고 치고 따위 요 히 히도
"""
_CLOSED = """
이 이요 은 은요 을 을요 과 과는 과도 으로 로 으로써 으로부터 으로도 으로는 으로서 이랑 이나 이나마 이라도 이든
이든지 은커녕
"""
_OPEN = """
가 가요 는 는요 를 를요 와 와는 와도 로 로써 로부터 로도 로는 로서 랑 나 나마 라도 든 든지 는커녕
"""
_STRICT = "가 를 를요 와 의 로 에 이 을 을요 과 으로"

# What is said on behind a base, with the kind of base that this makes: 걱정 + 하 is a stem again.
_LIGHT_VERBS = """
하:stem 해:fused 하여:fused 되:stem 돼:fused 되어:fused 스럽:stem 스러우:stem 스러워:fused 스레:whole 받:stem
받아:fused 시키:stem 시켜:fused 드리:stem 드려:fused 당하:stem 당해:fused
"""
_AFTER_NOUN = f"""{_LIGHT_VERBS} 나:stem 나:fused 내:stem 내:fused 이:copula 였:past 들:closed 적:closed 감:closed
뿐이:copula 거리:open 소리:open 바다:open 덩어리:open 투성이:open 후:open 중:closed"""
_WISH = "고싶:stem 고싶어:fused 고있:stem 고있어:fused"
_THINGS = (
    "은거:thing ㄴ거:thing 는거:thing 을거:thing ㄹ거:thing 은것:thing ㄴ것:thing 는것:thing 을것:thing ㄹ것:thing"
)
_AS_FOR = "긴하:stem 긴해:fused 기는하:stem 기는해:fused 기도하:stem 기도해:fused 기만하:stem 기만해:fused"
_AFTER_STEM = (
    f"음:closed ㅁ:closed {_THINGS} {_AS_FOR} 겠:past 으시:stem 으셔:fused 으셨:past 시:stem 셔:fused 셨:past {_WISH}"
)
_AFTER_FUSED = """
ㅆ:past 야겠:past 하:stem 해:fused 지:stem 져:fused 보이:stem 보여:fused 보:stem 봐:fused 가:stem 가:fused
두:stem 둬:fused 두어:fused 드리:stem 드려:fused 주:stem 줘:fused 버리:stem 버려:fused 있:stem 있어:fused
죽겠:past
"""
_NOT_AFTER_STEM = " ".join(
    f"{ji}{negation}"
    for ji in ("지", "지도", "지는", "지가", "지를", "지만은", "진", "질")
    for negation in ("않:stem", "않아:fused", "못하:stem", "못해:fused", "마:fused", "마:short", "말:stem")
)
_NOT_AFTER_NOUN = "없:stem 없어:fused 없이:whole 마:fused 마:short 말:stem 안하:stem 안해:fused"


def jamo(text: str) -> str:
    """Decompose Hangul syllables into leading, middle and trailing jamo (NFD)."""
    return unicodedata.normalize("NFD", text)


def role_of(kind: Kind, rest: str) -> Role | None:
    """Return what `rest` (NFD) does behind a base of this kind, or None when it is no ending at all."""
    if (role := _ENDINGS[kind].get(rest)) is not None:
        return role
    for prefix, following in _LINKS.get(kind, ()):
        if rest.startswith(prefix) and (role := role_of(following, rest[len(prefix) :])):
            return role
    for prefix, following in _NOT_LINKS.get(kind, ()):
        if rest.startswith(prefix) and role_of(following, rest[len(prefix) :]):
            return "not"
    return None


def _form(text: str) -> str:
    """Decompose an ending; a first ㄴ ㄹ ㅁ ㅂ ㅆ ㄻ is the trailing consonant of the syllable before."""
    return jamo(text.translate(_TRAILING))


def _shrunk(ending: str) -> str:
    """Return what 습니다, 는다, 은데, 을까, 으면 become behind a vowel: ㅂ니다, ㄴ다, ㄴ데, ㄹ까, 면."""
    return {"습": "ㅂ", "는": "ㄴ", "은": "ㄴ", "을": "ㄹ", "으": ""}[ending[0]] + ending[1:]


def _roles(text: str, role: Role) -> dict[str, Role]:
    return {_form(ending): role for ending in text.split()}


def _ending_table() -> Mapping[Kind, Mapping[str, Role]]:
    shrinking = " ".join(f"{ending} {_shrunk(ending)}" for ending in _SHRINKING.split())
    stem = {
        **_roles(f"{_CONSONANTAL} {shrinking} ㅂ시다", "other"),
        **_roles("지 지는 지도 지가 지를 지만은 진 질", "ji"),
        **_roles("은게 ㄴ게 는게 은건 ㄴ건 는건 던게 던거", "thing"),
        **_roles("은 는 던 ㄴ", "mod"),
        **_roles("을 ㄹ", "fut"),
    }
    with_eu = tuple(map(_form, ("으", "은", "을", *"ㄴㄹㅂ")))
    hard = {ending: role for ending, role in stem.items() if not ending.startswith(with_eu)}
    after_lost_l = tuple(map(_form, (*"ㄴㄹㅂ나냐네느는니세셔십오", "시오")))
    nouns = {**_roles(_PARTICLES, "noun"), "": "noun"}
    after_past = " ".join("어" + ending for ending in _FUSED.split())
    return {
        "stem": stem,
        "hard": hard,
        "short": {ending: role for ending, role in stem.items() if ending.startswith(after_lost_l)},
        "past": {**stem, **_roles(after_past, "other"), **_roles("어", "bare")},
        "fused": {**_roles(_FUSED, "other"), "": "bare", **_roles("서 서는 서도", "so")},
        "closed": {**nouns, **_roles(_CLOSED, "noun")},
        "open": {**hard, **_roles(f"{_COPULA} ㅂ니다 ㅂ니까", "other"), **nouns, **_roles(_OPEN, "noun")},
        "strict": {**_roles(_STRICT, "noun"), "": "alone"},
        "predicate": {},
        "copula": {
            **{ending: role for ending, role in stem.items() if not ending.startswith(jamo("느"))},  # 사랑이는: a name
            **_roles(_COPULA, "other"),
        },
        "thing": {
            **_roles(f"{_PARTICLES} {_CLOSED} {_OPEN} {_COPULA} 지 죠 지요 니 네 네요 고 다", "thing"),
            "": "thing",
        },
        "chi": _roles("는 도", "alone") | {"": "alone"},
        "whole": {"": "other", **_roles("요 도 도요", "other")},
    }


def _links(text: str) -> list[tuple[str, Kind]]:
    pairs = (entry.split(":") for entry in text.split())
    return [(_form(prefix), cast(Kind, kind)) for prefix, kind in pairs]


_ENDINGS = _ending_table()
_LINKS: Mapping[Kind, list[tuple[str, Kind]]] = {
    "stem": _links(_AFTER_STEM),
    "hard": _links(f"겠:past {_AS_FOR} {_WISH}"),
    "short": _links("ㄻ:closed 시:stem 셔:fused 셨:past"),
    "past": _links("었:past 겠:past 음:closed"),
    "fused": _links(_AFTER_FUSED),
    "closed": _links(_AFTER_NOUN),
    "open": _links(_AFTER_NOUN),
    "strict": _links(_LIGHT_VERBS),
    "predicate": _links(_LIGHT_VERBS),
    "copula": _links("었:past 였:past 겠:past 시:stem 셔:fused 셨:past"),
}
_NOT_LINKS: Mapping[Kind, list[tuple[str, Kind]]] = {
    "stem": _links(_NOT_AFTER_STEM),
    "hard": _links(_NOT_AFTER_STEM),
    "chi": _links("않:stem 않아:fused 못하:stem 못해:fused"),
    "closed": _links(_NOT_AFTER_NOUN),
    "open": _links(_NOT_AFTER_NOUN),
}

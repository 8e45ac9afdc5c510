"""Mending a speech level: the ending of each sentence that is at the wrong one is conjugated to the level wanted.

Only where it is safe: the form must have one reading (`들어` is 들다 or 듣다 and is left), the mood must be said by the marks
or by the ending, and the line that comes out must read as the level wanted. Rules: 한글 맞춤법 §§ 15 to 19 and 34 to 38.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from agents.address import swapped
from agents.speech import ending_of, mismatch, settles
from emotion.conjugation import closed, predicate

_SENTENCE = re.compile(r"([^.!?…~]*[가-힣])([^가-힣.!?…~]*)([.!?…~]+[\"'”’)]*|\Z)")
_PLAIN = ("해체", "해라체")

# Fused forms of one syllable or more that come from another stem than their letters say, and those that have two readings.
_FROM = {
    "해": "하", "돼": "되", "와": "오", "봐": "보", "줘": "주", "둬": "두", "써": "쓰", "꺼": "끄", "커": "크", "떠": "뜨",
    "몰라": "모르", "달라": "다르", "골라": "고르", "불러": "부르", "흘러": "흐르", "눌러": "누르", "빨라": "빠르",
    "아파": "아프", "고파": "고프", "나빠": "나쁘", "바빠": "바쁘", "기뻐": "기쁘", "슬퍼": "슬프", "예뻐": "예쁘",
    "그래": "그렇", "이래": "이렇", "어때": "어떻", "추워": "춥", "더워": "덥", "고마워": "고맙", "미워": "밉", "무서워": "무섭",
    "가벼워": "가볍", "무거워": "무겁", "어려워": "어렵", "쉬워": "쉽", "가까워": "가깝", "귀여워": "귀엽", "부끄러워": "부끄럽",
    "서러워": "서럽", "외로워": "외롭", "그리워": "그립", "아까워": "아깝", "뜨거워": "뜨겁", "차가워": "차갑", "시끄러워": "시끄럽",
    "도와": "돕", "매워": "맵", "마셔": "마시", "가져": "가지", "던져": "던지", "기다려": "기다리", "걸려": "걸리", "들려": "들리",
    "보여": "보이", "떨려": "떨리", "느껴": "느끼", "지켜": "지키", "시켜": "시키", "숨겨": "숨기", "남겨": "남기", "버려": "버리",
    "내려": "내리", "때려": "때리", "알려": "알리", "살려": "살리", "달려": "달리", "열려": "열리", "흔들려": "흔들리", "다쳐": "다치",
    "미쳐": "미치", "지쳐": "지치", "놓쳐": "놓치", "고쳐": "고치", "배워": "배우", "싸워": "싸우", "지워": "지우", "태워": "태우",
    "세워": "세우", "키워": "키우", "비워": "비우", "깨워": "깨우", "치워": "치우", "피워": "피우", "채워": "채우", "외워": "외우",
    "나눠": "나누", "바꿔": "바꾸", "감춰": "감추", "멈춰": "멈추", "맞춰": "맞추", "싶어": "싶", "같아": "같", "알아": "알",
    "살아": "살", "놀아": "놀", "울어": "울", "만들어": "만들", "열어": "열", "힘들어": "힘들", "가": "가", "사": "사", "자": "자",
    "타": "타", "떠나": "떠나", "만나": "만나", "나가": "나가", "들어가": "들어가", "돌아가": "돌아가", "지나": "지나", "일어나": "일어나",
    "자라": "자라", "모자라": "모자라", "놀라": "놀라", "비싸": "비싸", "짜": "짜", "차": "차", "싸": "싸", "서": "서", "보내": "보내",
    "지내": "지내", "끝내": "끝내", "내": "내", "꺼내": "꺼내", "가르쳐": "가르치", "드려": "드리", "틀려": "틀리", "어울려": "어울리",
}  # fmt: skip
_ALONE = ("그래", "이래", "어때")  # as the end of a longer word they are something else: 십이월이래
_THING = {"합쇼체": ("겁니다", "겁니까"), "하오체": ("것이오", "것이오"), "하게체": ("걸세", "것인가")}
_TWO_READINGS = ("들어", "물어", "걸어", "묻어", "나아", "지어", "길어", "켜", "져", "펴", "낫")
_LIQUID = frozenset(
    "살 놀 울 만들 들 걸 열 불 알 길 멀 팔 돌 달 밀 물 말 풀 빌 힘들 흔들 떠들 매달 머물 베풀 줄 늘".split()
)
_OPEN_OF_LIQUID = {"압": "알", "만듭": "만들", "놉": "놀", "웁": "울", "힘듭": "힘들", "엽": "열", "멉": "멀"}
_NO_PLAIN_FORM = re.compile(r"(?:드|계|주무|잡수|돌아가)$")  # stems of respect whose plain form is another word
_SHORT_OF_LIQUID = frozenset("사 노 우 드 거 여 부 아 기 머 파 도 다 미 무 마 푸 비 주".split())  # 산다 is 사다 or 살다
_ANSWERS = {"응": "네", "어": "네", "그래": "그래요", "아니야": "아니에요", "아니": "아니요"}  # before a comma, raised


@dataclass(frozen=True)
class _Read:
    """What an ending says: the text before it, how that joins (`past`, `stem`, `copula`, `plain`), and the mood.

    `plain` is a 해체 form as it stands, to which 해요체 adds 요.
    """

    base: str
    kind: str
    mood: str


def remade(text: str, wanted: str | None) -> str | None:
    """Return `text` with every sentence at the `wanted` level, or None where that is not safe or nothing is wrong."""
    if wanted is None or mismatch(text, wanted) is None:
        return None
    said = unicodedata.normalize("NFC", text)
    if re.search(r"[“”\"‘’]", said):
        return None  # another's speech keeps its level
    out, end = [], 0
    for match in _SENTENCE.finditer(said):
        body, gap, marks = match.groups()
        if mismatch(body + marks, wanted):
            changed = _changed(_answered(body, wanted), wanted, "?" in marks)
            if changed is None:
                return None
            body = changed
        out.append(said[end : match.start()] + body + gap + marks)
        end = match.end()
    made = "".join(out) + said[end:]
    made = swapped(made, wanted)
    return made if mismatch(made, wanted) is None and settles(made, wanted) else None


def _answered(body: str, wanted: str) -> str:
    """Return a sentence with the yes or no before its first comma at the level wanted."""
    pairs = _ANSWERS if wanted in ("해요체", "합쇼체") else {high: low for low, high in _ANSWERS.items() if low != "어"}
    match = re.match(r"\s*([가-힣]+),", body)
    return body.replace(match[1], pairs[match[1]], 1) if match and match[1] in pairs else body


def _changed(body: str, wanted: str, question: bool) -> str | None:
    place = body.rfind(" ") + 1
    before, word = body[:place], body[place:]
    read = _read(word, body, question)
    if read is None or (question and wanted in _PLAIN and re.search("[가-힣]?셨|시[는나지]", read.base)):
        return None  # asked with respect: the one addressed is not somebody to be plain with
    made = _said(read, wanted)
    return None if made is None else before + made


def _read(word: str, body: str, question: bool) -> _Read | None:
    """Take the ending off the last word of a sentence; None where it has no reading or more than one."""
    mood = "question" if question else "statement"
    if match := re.fullmatch(r"(.*?[가-힣])(?:으?십시오|으?세요|으?시오)", word):
        stem = match[1]
        if _final(stem) == "ᆸ" and word.endswith("시오") and not word.endswith(("으시오", "으십시오")):
            stem = stem[:-1] + _without_final(stem[-1])  # 봅시오
        if not question and not _NO_PLAIN_FORM.search(stem):
            return _Read(stem, "stem", "command")
        return None
    if match := re.fullmatch(r"(.*아니)(?:야|에요|예요|다|ㅂ니다|냐|오)", word) or re.fullmatch(
        r"(.*아)닙니[다까]", word
    ):
        return _Read(match[1] if match[1].endswith("니") else match[1] + "니", "negative", mood)
    if match := re.fullmatch(r"(.+?)(?:입니[다까]|이에요|예요|이야|이냐|이오|일세|이다)", word):
        return _Read(match[1], "copula", mood)
    if (match := re.fullmatch(r"(.*[가-힣])야", word)) and not closed(match[1]) and _is(body, "해체"):
        return _Read(match[1], "copula", mood)
    if word.endswith(("네", "지")) and _is(body, "해체"):
        return _Read(word, "plain", mood)
    past = re.fullmatch(r"(.*?[가-힣])(?:어요?|다|소|습니[다까]|냐|니|나)", word)
    if past and _final(past[1]) in ("ᆻ", "ᆹ"):
        return _Read(past[1], "past", mood)
    if (match := re.fullmatch(r"(.*[가-힣])습니[다까]", word)) and closed(match[1]):
        return _Read(match[1], "stem", mood)
    if match := re.fullmatch(r"(.*[가-힣])니[다까]", word):
        return _Read(stem, "stem", mood) if _final(match[1]) == "ᆸ" and (stem := _of_liquid(match[1])) else None
    if (match := re.fullmatch(r"(.*[가-힣])는다", word)) and closed(match[1]) and not question:
        return _Read(match[1], "stem", mood)
    if (match := re.fullmatch(r"(.*[가-힣])다", word)) and _final(match[1]) == "ᆫ" and not question:
        short = _without_final(match[1][-1])
        if short == "우" and len(match[1]) > 1 and match[1] != "기운":
            return _Read(match[1][:-1] + short, "stem", mood)  # 외운다, 싸운다; 운다 itself is 울다
        return None if short in _SHORT_OF_LIQUID else _Read(match[1][:-1] + short, "stem", mood)
    if word.endswith("요") and len(word) > 1:
        return _plain(word[:-1].removesuffix("이") if word.endswith("이요") else word[:-1], body, mood)
    if word.endswith("죠") and len(word) > 1:
        return _Read(word[:-1] + "지", "plain", mood)
    return _plain(word, body, mood) if _is(body, "해체") and not _is(body, "하게체") else None


def _plain(word: str, body: str, mood: str) -> _Read | None:
    """Return the reading of a 해체 form: its stem where that is known, else as it stands."""
    if not word or not re.search(r"[가-힣]$", word):
        return None
    if word.endswith("잖아") or (word == "봐" and re.search("까 봐", body)):
        return _Read(word, "plain", mood)
    for fused in sorted(_FROM, key=len, reverse=True):
        whole = len(fused) == 1 and fused not in "해돼와봐줘둬"
        if word == fused or (word.endswith(fused) and not whole and fused not in _ALONE):
            return _Read(word[: -len(fused)] + _FROM[fused], "stem", mood)
    if not word.endswith(_TWO_READINGS) and (match := re.fullmatch(r"(.*[가-힣])[어아]", word)) and closed(match[1]):
        return _Read(match[1], "stem", mood)
    return _Read(word, "plain", mood)


def _said(read: _Read, wanted: str) -> str | None:
    """Return a reading at another level, or None where the level has no safe form for it."""
    base, question = read.base, read.mood == "question"
    shut = closed(base)
    if read.kind == "past":
        ends = {
            "해체": "어",
            "해라체": "어",
            "해요체": "어요",
            "합쇼체": "습니까" if question else "습니다",
            "하오체": "소",
        }
        return base + (("나" if question else "네") if wanted == "하게체" else ends[wanted])
    if read.kind in ("copula", "negative"):
        glue = "이" if shut else ""
        if read.kind == "negative":
            ends = {
                "해체": "야",
                "해라체": "야",
                "해요체": "에요",
                "하오체": "오",
                "하게체": "가" if question else "ㄹ세",
            }
            if wanted == "합쇼체":
                return base[:-1] + ("닙니까" if question else "닙니다")
            return base[:-1] + ("닌가" if question else "닐세") if wanted == "하게체" else base + ends[wanted]
        if base.endswith("거") and wanted in _THING:  # 거 is 것, and joins: 겁니다
            return base[:-1] + _THING[wanted][question]
        ends = {
            "해체": glue + "야",
            "해라체": glue + "야",
            "해요체": "이에요" if shut else "예요",
            "하오체": glue + "오",
        }
        ends |= {"합쇼체": "입니까" if question else "입니다", "하게체": "인가" if question else "일세"}
        return base + ends[wanted]
    if read.kind == "plain":
        if wanted in _PLAIN:
            return base
        return _polite(base) if wanted == "해요체" else None
    return _of_stem(base, read.mood, wanted)


def _of_stem(stem: str, mood: str, wanted: str) -> str | None:
    shut, liquid = closed(stem), stem.endswith(tuple(_LIQUID))
    fused = next((unicodedata.normalize("NFC", base) for base, kind in predicate(stem + "다") if kind == "fused"), None)
    if stem.endswith("렇") or stem.endswith("떻"):
        fused = stem[:-1] + {"그렇": "그래", "이렇": "이래", "어떻": "어때"}.get(stem[-2:], "")[-1:]
        fused = fused if fused != stem[:-1] else None
    if mood == "command":
        soft = "" if not shut or liquid else "으"
        bare = stem[:-1] + _without_final(stem[-1]) if liquid else stem
        forms = {"해체": fused, "해라체": fused, "해요체": bare + soft + "세요", "합쇼체": bare + soft + "십시오"}
        return forms.get(wanted) or {"하오체": bare + soft + "시오", "하게체": stem + "게"}.get(wanted)
    question = mood == "question"
    if wanted in _PLAIN:
        return fused
    if wanted == "해요체":
        return fused + "요" if fused else None
    bare = stem[:-1] + _without_final(stem[-1]) if liquid else stem
    if wanted == "합쇼체":
        return (
            _with_b(bare) + ("니까" if question else "니다")
            if not shut or liquid
            else stem + ("습니까" if question else "습니다")
        )
    if wanted == "하오체":
        return bare + "오" if not shut or liquid else stem + "소"
    return bare + ("나" if question else "네")


def _polite(word: str) -> str | None:
    """Return a 해체 form with 요; None for endings to which it cannot be added."""
    if word.endswith(
        ("야", "자", "라", "냐", "니", "다", "마", "구나", "요", "응", "어이", "게")
    ) and not word.endswith(
        ("ㄹ게", "을게", "할게", "갈게", "올게", "볼게", "줄게", "릴게", "일게", "될게", "둘게", "쓸게")
    ):
        return None
    return word[:-1] + "죠" if word.endswith("지") else word + "요"


def _is(word: str, level: str) -> bool:
    ending = ending_of(word, False)
    return ending is not None and level in ending.levels and ending.role != "word"


def _of_liquid(word: str) -> str | None:
    """Return the stem before ㅂ니다: 갑 is 가, 압 is 알, and 삽 (사다, 살다) is nobody's."""
    for short, stem in _OPEN_OF_LIQUID.items():
        if word.endswith(short):
            return word[: -len(short)] + stem
    if word.endswith(("삽", "듭", "겁", "붑", "팝", "돕", "답", "깁", "밉", "풉", "빕", "맙")):
        return None
    return word[:-1] + _without_final(word[-1])


def _final(text: str) -> str:
    return unicodedata.normalize("NFD", text)[-1]


def _without_final(syllable: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", syllable)[:2])


def _with_b(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text) + "ᆸ")

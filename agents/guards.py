"""What code can see is wrong with a candidate line; each guard returns the reason, in words for the transcript."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents import address
from agents.calling import terms
from agents.knowledge import Fact, hints, says, stems
from agents.names import given_name
from agents.speech import mismatch, settles

_RESIDUE = re.compile(r"#|```|\*\*|__|[\[\]{}<>|\\=_`]|https?:|S ?#|Prompt|Answer|INST|지문|^\s*[-•*]\s|^\s*\d+[.)]\s")
_ROLE_BREAK = re.compile(
    r"AI|인공지능|언어 ?모델|챗봇|죄송하지만|도와드릴|감독의 지시|감독님의 지시|대본을 (작성|쓰)|시나리오를 (작성|쓰)"
    r"|프롬프트|지시문|대괄호|등장인물|이 장면|다음 대사|ㅋㅋ|ㅎㅎ"
)
_SPELLED_OUT = re.compile(r"(?<![가-힣])(?:[가-힣][^가-힣]+){3,}[가-힣](?![가-힣])")  # 열·쇠·를 강 물 에
_ENDS = re.compile(r"[.!?…~][\"'”’)]*\Z")
_ALLOWED = re.compile(r"[가-힣0-9 .,!?…~·\-—'\"‘’“”%]*")
_WORD = re.compile(r"[가-힣0-9]+")
_LETTERS = re.compile(r"[^0-9a-z가-힣]+")
_COARSE = ("새끼", "시발", "씨발", "꼴리", "섹스", "똥", "젠장", "병신", "좆", "엉덩이", "가슴", "자지", "보짓")
NEAR_COPY = 0.5  # share of common character 3-grams from which a line counts as a copy
LOOK_BACK = 15
STRETCH = 14  # letters on end from which a line reads out what its speaker was told
_HARP_BACK, _HARP_MOST = 6, 3  # a word said in three of the last six lines is worn out
_ENDING_SYLLABLES = frozenset("었았였으은는을어아여네더지고게며면던겠습나")
_FUNCTION_WORDS = frozenset(
    "나 너 내 네 내가 네가 저 제 제가 나는 너는 저는 그 이 저 그거 이거 저거 그게 이게 뭐 왜 안 못 더 다 좀 또 그럼 그냥 아니 지금 오늘 "
    "여기 거기 저기 우리 하나 것 거 수 때 말 일 사람 오빠 누나 언니 형 아빠 엄마 어머니 아버지 할머니 아저씨 선생님 잘 한 두 번".split()
)
_SHORTEST, _LONGEST = 2, 90
_SPELLED = {
    "거에요": "거예요",
    "이예요": "이에요",
    "되요": "돼요",
    "됬": "됐",
    "할께": "할게",
    "갈께": "갈게",
    "웬지": "왠지",
}
_MISSPELLED = re.compile("|".join(_SPELLED))
_MISSAID = {"저가": "제가", "너가": "네가"}
_MISSAID_WORD = re.compile(rf"(?<![가-힣])(?:{'|'.join(_MISSAID)})(?![가-힣])")
_NOT_BUT = re.compile(r"(?P<denied>[가-힣]+) ?(?:게|것이|건) 아니(?:라|고) (?P<said>.+)")
_SO = re.compile(
    r"(?<=[가-힣])(?:니까?|면|서) (?=[가-힣])"
)  # where a clause ends that gives the reason or the condition
# Faults with which a line may stand when nothing better was found, the least one first.
_LESSER = (
    "harps on", "too short", "speech level", "address", "asks instead", "too long", "contradicts itself", "repeats itself",
    "copy of",
)  # fmt: skip
GRAVE = len(_LESSER) + 1


@dataclass(frozen=True)
class Rules:
    """What a line of one speaker is held against.

    `cast` maps every name to its aliases; `recent` are the texts of the last turns, `written` lines of the writer that must
    not be copied (examples of the personas); `forbidden` facts may not be said; `told` is what only the prompt of the speaker says
    (their private text, the cue) and no line may read out; `level` is the wanted speech level, and
    a `revealing` line brings out a fact of the writer's: it needs an ending of that level, and gives another fact away only where it
    says that outright, as facts of one play share their people and things. `called` are people with what the writer has the
    speaker call them: who is 아빠 is not called 영호.
    """

    speaker: str
    cast: Mapping[str, Sequence[str]]
    level: str | None = None
    recent: Sequence[str] = ()
    written: Sequence[str] = ()
    forbidden: Sequence[Fact] = ()
    revealing: bool = False
    told: Sequence[str] = ()
    called: Sequence[tuple[str, str]] = ()


def mended(text: str, rules: Rules) -> tuple[str, str | None]:
    """Return the line up to where it stops being this speaker's, and the parenthetical it began with (None without one)."""
    text = unicodedata.normalize("NFC", text).split("\n", 1)[0].strip()
    opening = re.match(r"\(([^()]{1,14})\)\s*", text)
    parenthetical = opening.group(1).strip() if opening else None
    text = re.sub(r"\s*\([^()]*\)?\s*", " ", text[opening.end() :] if opening else text).strip()
    tag = re.search(rf"\s*(?:{_forms(rules.cast)})\s*(?:\([^)]*\))?\s*[:：]", text)
    if tag:
        text = text[: tag.start()].rstrip()
    text = text.strip("\"“”'‘’ ")
    text = re.sub(rf"(?<![가-힣])((?:{_forms(rules.cast)})[아야])[아야](?![가-힣])", r"\1", text)  # 막동아야
    text = _MISSPELLED.sub(lambda found: _SPELLED[found[0]], text)
    text = _MISSAID_WORD.sub(lambda found: _MISSAID[found[0]], text)
    if text and not _ENDS.search(text):
        whole = re.match(r".*[.!?…~]", text)
        text = whole.group(0) if whole else text
    return re.sub(r"\.{2,}", "…", re.sub(r"([!?~…])\1+", r"\1", text)), parenthetical


def fault(text: str, rules: Rules) -> str | None:
    """Return why `text` cannot be `rules.speaker`'s next line, or None; the gravest reason first."""
    words = _WORD.findall(text)
    if not words:
        return "empty"
    if leaks(text):
        return "template or markup residue"
    if coarse := next((word for word in _COARSE if word in text and not any(word in w for w in rules.written)), None):
        return f"coarse where the writer is not: {coarse}"
    if ":" in text or "：" in text:
        return "name tag"
    if _ROLE_BREAK.search(text):
        return "steps out of the role"
    if not _ENDS.search(text):
        return "cut off"
    if not rules.revealing and recites(text, rules.told):
        return "reads out what only they were told"
    given = says if rules.revealing else hints
    for fact in rules.forbidden:
        if given(text, fact) or _spells(text, fact):
            return f"gives away: {fact.text}"
    if not _ALLOWED.fullmatch(text):
        return "foreign letters or lone jamo"
    if text.count('"') % 2 or text.count("“") != text.count("”"):
        return "open quotation"
    if re.match(rf"(?:{_forms({rules.speaker: rules.cast.get(rules.speaker, ())})})(?:[아야]| ?[씨님])?[,!.]", text):
        return "calls themselves by name"
    return _poor(text, words, rules)


def gravity(reason: str | None) -> int:
    """Return 0 for no fault, higher for a worse one, and GRAVE for one with which a line may never be said."""
    if reason is None:
        return 0
    return next((i for i, fault in enumerate(_LESSER, 1) if reason.startswith(fault)), GRAVE)


def similarity(a: str, b: str) -> float:
    """Return the share (0..1) of the shorter text's character 3-grams that the other has; spaces and marks don't count."""
    first, second = _letters(a), _letters(b)
    if min(len(first), len(second)) < 4:
        return 1.0 if first == second else 0.0
    x, y = trigrams(a), trigrams(b)
    return len(x & y) / min(len(x), len(y))


def trigrams(text: str) -> frozenset[str]:
    """Return the character 3-grams of a text; spaces and marks don't count."""
    letters = _letters(text)
    return frozenset(letters[i : i + 3] for i in range(len(letters) - 2))


def leaks(text: str) -> bool:
    """Say whether marks of a template, of Markdown or of a script's layout stand in what somebody says."""
    return _RESIDUE.search(text) is not None


def recites(text: str, told: Sequence[str]) -> bool:
    """Say whether a line has a stretch of STRETCH letters on end in common with one of the texts `told`."""
    letters, wholes = _letters(text), [_letters(one) for one in told]
    pieces = {letters[i : i + STRETCH] for i in range(len(letters) - STRETCH + 1)}
    return any(piece in whole for piece in pieces for whole in wholes)


def novelty(text: str, recent: Sequence[str]) -> float:
    """Return 1 minus the highest similarity of `text` to one of `recent`, in 0..1."""
    return 1.0 - max((similarity(text, other) for other in recent), default=0.0)


def worn(text: str, recent: Sequence[str]) -> tuple[str, int]:
    """Return the content word of `text` that most of the last six of `recent` had too, and in how many of them it stood."""
    lately = [set(_roots(other)) for other in recent[-_HARP_BACK:]]
    counts = {root: sum(root in words for words in lately) for root in _roots(text)}
    return max(counts.items(), key=lambda one: one[1], default=("", 0))


def _spells(text: str, fact: Fact) -> bool:
    """Say whether a line gives a fact away syllable by syllable, where no word can be told from another."""
    runs = [unicodedata.normalize("NFD", re.sub("[^가-힣]", "", run[0])) for run in _SPELLED_OUT.finditer(text)]
    return any(2 * sum(key in run for key in fact.keys) > len(fact.keys) for run in runs)


def _poor(text: str, words: Sequence[str], rules: Rules) -> str | None:
    if sum(map(len, words)) < _SHORTEST:
        return "too short"
    if len(text) > _LONGEST:
        return "too long"
    if found := mismatch(text, rules.level):
        return f"speech level: {found}, wanted {rules.level}"
    if low := address.fault(text, rules.level):
        return f"address: {low} in {rules.level}"
    if wrong := _misnamed(text, rules):
        return f"address: {wrong[0]}, who is {wrong[1]}"
    if rules.revealing and rules.level and not settles(text, rules.level):
        return f"speech level: no ending, wanted {rules.level}"
    if rules.revealing and "?" in text:
        return "asks instead of telling"
    if max(words.count(word) for word in words) > 2 or re.search(r"(.{2,})\W*\1\W*\1", text):
        return "repeats itself"
    mine = _roots(text)
    if max((mine.count(root) for root in mine), default=0) > 2:
        return "repeats itself"
    if (claim := _NOT_BUT.search(text)) and _beginnings(claim["denied"]) & _beginnings(claim["said"]):
        return "contradicts itself"  # 훔친 게 아니라 훔쳤어
    for joint in _SO.finditer(text):
        if (then := _beginnings(text[joint.end() :])) and then <= _beginnings(text[: joint.end()]):
            return "repeats itself"  # 물이 끓어서 물이 끓어요
    root, lines = worn(text, rules.recent)
    if lines >= _HARP_MOST:
        return f"harps on: {root}"
    pieces = [piece for piece in re.split(r"[.!?…~,]+\s*", text) if len(_letters(piece)) >= 3]
    if any(similarity(a, b) >= 0.75 for i, a in enumerate(pieces) for b in pieces[:i]):
        return "repeats itself"
    for other in rules.recent[-LOOK_BACK:]:
        if similarity(text, other) >= NEAR_COPY:
            return f"copy of: {other}"
    for other in rules.written:
        if similarity(text, other) >= 0.7:
            return f"copy of the example: {other}"
    return None


def _misnamed(text: str, rules: Rules) -> tuple[str, str] | None:
    """Return a call by name, and what it should be, where the writer has the speaker call them by something else."""
    for name, term in rules.called:
        given = given_name(name)
        if given not in term and (wrong := next((said for said in terms(text, (name,)) if given in said), None)):
            return wrong, term
    return None


def _roots(text: str) -> list[str]:
    """Return the content words of `text` without particles and endings: 젖었어, 젖은 and 젖어서 are one root."""
    words = [stem for stem in stems(text) if stem not in _FUNCTION_WORDS]
    return [word[:1] if word[1:2] and word[1] in _ENDING_SYLLABLES else word[:2] for word in words]


def _beginnings(text: str) -> set[str]:
    """Return the content words of `text`, each up to the onset of its second syllable: 훔친 and 훔쳤어 begin alike."""
    return {
        unicodedata.normalize("NFD", root[:1]) + unicodedata.normalize("NFD", root[1:])[:1] for root in _roots(text)
    }


def _letters(text: str) -> str:
    return _LETTERS.sub("", text.casefold())


def _forms(cast: Mapping[str, Sequence[str]]) -> str:
    forms = {form for name, aliases in cast.items() for form in (name, *aliases)}
    return "|".join(sorted(map(re.escape, forms), key=len, reverse=True))

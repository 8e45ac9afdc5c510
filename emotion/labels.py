"""KOTE's 44 labels, the eight basic emotions, and the names by which a writer may call them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from difflib import SequenceMatcher
from functools import cache

from emotion._endings import jamo
from emotion.conjugation import nominal
from emotion.lexicon import Lexicon
from transcript.errors import UsageError

BASIC_EMOTIONS = ("기쁨", "신뢰", "공포", "놀람", "슬픔", "혐오", "분노", "기대")

BASIC: Mapping[str, str] = {
    "불평/불만": "분노",
    "환영/호의": "신뢰",
    "감동/감탄": "기쁨",
    "지긋지긋": "혐오",
    "고마움": "기쁨",
    "슬픔": "슬픔",
    "화남/분노": "분노",
    "존경": "신뢰",
    "기대감": "기대",
    "우쭐댐/무시함": "혐오",
    "안타까움/실망": "슬픔",
    "비장함": "기대",
    "의심/불신": "혐오",
    "뿌듯함": "기쁨",
    "편안/쾌적": "기쁨",
    "신기함/관심": "기대",
    "아껴주는": "신뢰",
    "부끄러움": "공포",
    "공포/무서움": "공포",
    "절망": "슬픔",
    "한심함": "혐오",
    "역겨움/징그러움": "혐오",
    "짜증": "분노",
    "어이없음": "놀람",
    "없음": "",
    "패배/자기혐오": "슬픔",
    "귀찮음": "혐오",
    "힘듦/지침": "슬픔",
    "즐거움/신남": "기쁨",
    "깨달음": "놀람",
    "죄책감": "슬픔",
    "증오/혐오": "혐오",
    "흐뭇함(귀여움/예쁨)": "기쁨",
    "당황/난처": "놀람",
    "경악": "놀람",
    "부담/안_내킴": "공포",
    "서러움": "슬픔",
    "재미없음": "혐오",
    "불쌍함/연민": "슬픔",
    "놀람": "놀람",
    "행복": "기쁨",
    "불안/걱정": "공포",
    "기쁨": "기쁨",
    "안심/신뢰": "신뢰",
}
"""Label -> basic emotion, in KOTE's order (arXiv:2205.05300); 없음, no emotion, has none.

The families are Plutchik's (Emotion: A Psychoevolutionary Synthesis, 1980). A milder or stronger form goes with its
emotion: 짜증 annoyance with 분노, 불안/걱정 apprehension with 공포, 재미없음 boredom and 증오/혐오 loathing with 혐오,
편안/쾌적 serenity with 기쁨, 존경 admiration with 신뢰, 경악 amazement and 당황/난처 distraction with 놀람, 신기함/관심
interest and 비장함 vigilance with 기대. A mixture goes with one of its two: 아껴주는 love with 신뢰, 죄책감 remorse and
안타까움/실망 disappointment with 슬픔, 부끄러움 shame with 공포, 우쭐댐/무시함 contempt with 혐오. The rest is our
reading.
"""

LABELS: tuple[str, ...] = tuple(BASIC)

STANDS_FOR: Mapping[str, tuple[str, ...]] = {
    "불평/불만": ("불만", "불만족하다"),
    "환영/호의": ("환영", "호감"),
    "감동/감탄": ("감동", "감동하다", "감탄", "감탄하다"),
    "지긋지긋": ("지긋지긋하다",),
    "고마움": ("고맙다", "감사하다"),
    "슬픔": ("슬프다",),
    "화남/분노": ("화나다", "분노", "분노하다"),
    "존경": ("존경", "존경하다"),
    "기대감": ("기대감", "기대하다"),
    "우쭐댐/무시함": ("우쭐하다", "무시하다"),
    "안타까움/실망": ("안타깝다", "실망", "실망하다"),
    "비장함": ("비장하다",),
    "의심/불신": ("의심",),
    "뿌듯함": ("뿌듯하다",),
    "편안/쾌적": ("편안하다", "상쾌하다"),
    "신기함/관심": ("신기하다", "관심있다"),
    "아껴주는": ("애지중지하다", "소중하다"),
    "부끄러움": ("부끄럽다",),
    "공포/무서움": ("공포", "무섭다"),
    "절망": ("절망", "절망하다"),
    "한심함": ("한심하다",),
    "역겨움/징그러움": ("역겹다",),
    "짜증": ("짜증내다",),
    "어이없음": ("어이없다",),
    "없음": (),
    "패배/자기혐오": ("패배감", "자기혐오"),
    "귀찮음": ("귀찮다",),
    "힘듦/지침": ("힘들다", "지치다"),
    "즐거움/신남": ("즐거움", "즐겁다", "신나다"),
    "깨달음": ("깨달음",),
    "죄책감": ("죄책감",),
    "증오/혐오": ("증오", "증오하다", "혐오하다"),
    "흐뭇함(귀여움/예쁨)": ("흐뭇하다", "귀엽다", "예쁘다"),
    "당황/난처": ("당황하다", "곤혹스럽다"),
    "경악": ("경악하다",),
    "부담/안_내킴": ("부담스럽다", "꺼리다"),
    "서러움": ("서럽다", "서러움"),
    "재미없음": ("지루하다", "따분하다"),
    "불쌍함/연민": ("불쌍하다", "연민"),
    "놀람": ("놀라다",),
    "행복": ("행복하다",),
    "불안/걱정": ("불안", "불안하다", "걱정", "걱정하다"),
    "기쁨": ("기쁨", "기쁘다"),
    "안심/신뢰": ("안심", "신뢰"),
}
"""Label -> the rated words whose mean is its valence and arousal; 없음 has none and stands at (0, 0)."""


def resolve(name: str) -> str | None:
    """Return the KOTE label that a name means, or None.

    A name is a label, a part of one (걱정, 귀여움), a basic emotion, or a lexicon word that has a label, as it stands
    or as a noun (반갑다, 반가움, 후회). Spaces may stand for the underscore of 부담/안_내킴.
    """
    return _names().get(_key(name))


def nearest(name: str, n: int = 3) -> list[str]:
    """Return the `n` known names most like `name`, best first; 슬픔 is near 슬픈, as jamo are compared, not syllables.

    Likeness is difflib's ratio over decomposed jamo; of names equally like, labels and their parts come first.
    """
    letters = jamo(_key(name))
    ranked = sorted(_written(), key=lambda known: -SequenceMatcher(None, jamo(known), letters, autojunk=False).ratio())
    return ranked[:n]


def valence_arousal(label: str) -> tuple[float, float]:
    """Return the mean valence and arousal, -1..1, of the rated words that stand for a KOTE label."""
    words = [Lexicon.load().words[word] for word in STANDS_FOR[label]]
    if not words:
        return 0.0, 0.0
    return sum(word.valence for word in words) / len(words), sum(word.arousal for word in words) / len(words)


def target_valence(targets: Mapping[str, float]) -> float:
    """Return the valence, -1..1, that target emotions (name -> strength 0..1) ask for: the mean weighted by strength.

    No targets, or only strengths of 0, give 0. Raises UsageError for an unknown name.
    """
    return _weighted(targets, 0)


def target_arousal(targets: Mapping[str, float]) -> float:
    """Return the arousal, -1..1, that target emotions ask for; see `target_valence`."""
    return _weighted(targets, 1)


def families(strengths: Mapping[str, float]) -> dict[str, float]:
    """Return the strength 0..1 of each basic emotion: that of the strongest label of its family, 0 for none.

    Raises UsageError for a name that no label resolves.
    """
    basic = dict.fromkeys(BASIC_EMOTIONS, 0.0)
    for name, strength in strengths.items():
        if family := BASIC[name if name in BASIC else _known(name)]:
            basic[family] = max(basic[family], strength)
    return basic


def _weighted(targets: Mapping[str, float], side: int) -> float:
    total = sum(targets.values())
    if total <= 0:
        return 0.0
    return sum(strength * valence_arousal(_known(name))[side] for name, strength in targets.items()) / total


def _known(name: str) -> str:
    label = resolve(name)
    if label is None:
        raise UsageError(f"emotion {name!r} is unknown; write one of {', '.join(nearest(name))}, or another KOTE label")
    return label


def _key(name: str) -> str:
    return "_".join(unicodedata.normalize("NFC", name).split())


@cache
def _written() -> Mapping[str, str]:
    """Return label of each label, part of a label, and labelled word; where two share a name the label goes first."""
    names = {label: label for label in LABELS}
    for label in LABELS:
        for part in re.split(r"[/()]", label):
            if part:
                names.setdefault(part, label)
    names["기대"] = "기대감"  # the seven other basic emotions are labels or parts of labels
    for word in Lexicon.load().words.values():
        if word.label:
            names.setdefault(word.word, word.label)
    return names


@cache
def _names() -> Mapping[str, str]:
    """Return `_written` and the nouns of its predicates: 반가움, 쓸쓸함, and 후회 of 후회하다."""
    names = dict(_written())
    for word in Lexicon.load().words.values():
        if word.label and word.word.endswith("다"):
            names.setdefault(nominal(word.word), word.label)
            if word.word.endswith("하다") and word.reading == "full" and len(word.word) > 3:
                names.setdefault(word.word.removesuffix("하다"), word.label)
    return names

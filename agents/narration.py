"""Action lines (지문): the gestures a persona has, how those of the model begin and what is wrong with a candidate."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agents.guards import LOOK_BACK, NEAR_COPY, similarity
from agents.names import with_particle
from scenarios.values import Persona

_SHAPE = re.compile(r"[가-힣0-9 ,·]+다\.")
_FINITE = re.compile(r"(?:[가-힣]는다|[가-힣]다)\.\Z")
_SPEECH = re.compile(
    r"(?:니다|이다|였다|했다|었다|았다|겠다|싶다|같다|있었다|[셨렸졌켰겼꼈폈쳤됐갔왔봤샀섰줬췄])다?\.\Z"
)
_HONORIFIC = re.compile(r"(?:계신|으신|[가-힣]신)다\.\Z")
_LONGEST = 45


def beginning(subject: str) -> str:
    """Return how an action line about `subject` begins: the name with its particle."""
    return with_particle(subject, "이", "가")


def gestures(persona: Persona) -> list[str]:
    """Return the action lines that the writer gave a persona."""
    return [f"{beginning(persona.name)} {gesture}" for gesture in persona.gestures]


def trimmed(text: str) -> str:
    """Return the first sentence of a raw action line."""
    first = re.match(r"[^.\n]*\.", re.sub(r"\s+", " ", text).strip())
    return first.group(0) if first else text.strip()


def fault(text: str, subject: str, others: Sequence[str], recent: Sequence[str]) -> str | None:
    """Return why `text` cannot stand as a present-tense action line about `subject`, or None."""
    body = text.removeprefix(beginning(subject)).strip()
    if not _SHAPE.fullmatch(text) or not _FINITE.search(text):
        return "not one sentence that ends in 다."
    if _SPEECH.search(text):
        return "not in the present tense"
    if _HONORIFIC.search(text):
        return "honorific: 지문 speaks plainly of everybody"
    if len(body) < 5 or len(text) > _LONGEST:
        return "too short" if len(body) < 5 else "too long"
    words = body.rstrip(".").split()
    if len(words) < 2 or max(words.count(word) for word in words) > 1:
        return "too short" if len(words) < 2 else "repeats itself"
    if re.search(r"장면|대사|지문|관객|카메라", body):
        return "steps out of the role"
    if subject in body or any(similarity(text, other) >= NEAR_COPY for other in recent[-LOOK_BACK:]):
        return "copy of an earlier line"
    if any(body.count(name) > 1 for name in others):
        return "repeats itself"
    return None

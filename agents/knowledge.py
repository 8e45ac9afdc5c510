"""Who knows which fact, whether a line says or hints at one, and how a line that must say one begins."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agents.clues import Part, clues_of, part_of
from agents.mending import remade
from agents.names import has_final, mentioned
from agents.paraphrases import words_of
from scenarios.values import Relation, Scenario

_PARTICLES = (
    "에서는 에게서 한테서 으로는 에서 에게 한테 께서 부터 까지 으로 이랑 하고 처럼 보다 은 는 이 가 을 를 의 에 께 로 와 과 랑 도 만"
).split()
_WEAK = frozenset("있 없 하 되 이 주 오 가 보 것 수 안 못 제 내 네 그 저 나 너 우리 때 들".split())
_FORMAL = frozenset({"해요체", "합쇼체"})


# Words of a fact that say nothing of it.
_EMPTY = frozenset(
    "것이 사람 말 이미 다시 다른 전혀 벌써 아직 곧 더 전 이번 다음 한 두 못하 못해 않 아니 아니라 그날 그냥 자신 나온 다녀온 끝나면 되면 "
    "직접 함께 같이 스스로 때문 위해 노리고 내고 들고".split()
)
# What speaks for a hint at a fact, in log-odds; `python -m training.secrets` fits them and the limit (docs/steering.md).
_LOG_ODDS = (
    1.23,
    4.21,
    2.34,
    -1.82,
    0.75,
    0.42,
    1.03,
    1.48,
    2.52,
    1.54,
    0.50,
    1.57,
    0.71,
    0.84,
    0.94,
    0.75,
    0.74,
    0.69,
    0.44,
    -0.44,
    1.33,
    1.39,
    0.87,
    1.68,
    0.63,
    0.46,
    0.99,
    -6.09,
)
_HINT = -0.7  # 3 % of the ordinary lines of plays that it was not fitted on lie above it


@dataclass(frozen=True)
class Fact:
    """One fact of the play: its text, who holds it when the curtain rises, and what gives it away.

    `keys` are the stems of its content words, `parts` the same with their concepts; `cast` maps everybody's name to their
    other names, and `people` are those whom the fact names, the one it is about first.
    """

    text: str
    holders: frozenset[str]
    keys: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    people: tuple[str, ...] = ()
    cast: tuple[tuple[str, tuple[str, ...]], ...] = ()


def facts_of(scenario: Scenario) -> tuple[Fact, ...]:
    """Return every fact once: the scenario's knowledge first, then each persona's secrets; the order is their number."""
    holders: dict[str, set[str]] = {entry.fact: set(entry.who) for entry in scenario.knowledge}
    for persona in scenario.personas:
        for secret in persona.secret:
            holders.setdefault(secret, set()).add(persona.name)
    cast = {p.name: p.aliases for p in scenario.personas}
    return tuple(fact_of(text, who, cast) for text, who in holders.items())


def fact_of(text: str, holders: Iterable[str], cast: Mapping[str, Sequence[str]]) -> Fact:
    """Return a fact that `holders` know, in a play whose people are `cast` (name to other names)."""
    names = [form for name, others in cast.items() for form in (name, *others)]
    words = words_of(text)
    parts = []
    for i, word in enumerate(words):
        stem = _verb_stem(word) if i == len(words) - 1 else _noun_stem(word)
        if i == len(words) - 1 and word.endswith("이다") and len(stem) > 2:
            stem = stem.removesuffix("이")
        if {stem, word} & _EMPTY or stem in names or mentioned(word, cast):
            continue
        part = part_of(stem, word)
        if part.concepts or stem not in _WEAK:
            parts.append(part)
    people = tuple(mentioned(text, cast))
    known = tuple((name, tuple(others)) for name, others in cast.items())
    return Fact(text, frozenset(holders), keys_of(text, names), tuple(parts), people, known)


def keys_of(fact: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the content stems of a one-sentence fact as decomposed jamo, without the `names` of the cast.

    `지은은 내일 첫차로 떠난다` gives 내일, 첫차 and 떠나: a word of speech that starts with a stem carries it, whatever its ending.
    """
    words = re.findall(r"[0-9A-Za-z가-힣]+", unicodedata.normalize("NFC", fact))
    known = set(names)
    keys = []
    for i, word in enumerate(words):
        stem = _verb_stem(word) if i == len(words) - 1 else _noun_stem(word)
        if stem and stem not in known and stem not in _WEAK and word not in known:
            keys.append(_jamo(stem))
    return tuple(dict.fromkeys(keys))


def stems(text: str) -> list[str]:
    """Return the words of `text` without their particles, in order."""
    return [_noun_stem(word) for word in re.findall(r"[0-9A-Za-z가-힣]+", text)]


def share_said(text: str, keys: Sequence[str]) -> float:
    """Return which share (0..1) of the stems `keys` the words of `text` carry."""
    words = [_jamo(word) for word in re.findall(r"[0-9A-Za-z가-힣]+", unicodedata.normalize("NFC", text))]
    return sum(any(word.startswith(key) for word in words) for key in keys) / len(keys) if keys else 0.0


def says(text: str, fact: Fact) -> bool:
    """Say whether a line gives `fact` away: more than half of its stems, and at least two when there are two."""
    share = share_said(text, fact.keys)
    return share > 0.5 or (len(fact.keys) == 2 and share == 1.0)


def hints(text: str, fact: Fact) -> bool:
    """Say whether a line gives `fact` away or comes near it, in other words too; wider than `says`, for those who must not.

    It takes a line that denies the fact, or says it of somebody else in the same words, for a hint more often than not.
    """
    return says(text, fact) or sum(w * clue for w, clue in zip(_LOG_ODDS, clues(text, fact), strict=True)) > _HINT


def clues(text: str, fact: Fact) -> tuple[float, ...]:
    """Return what in a line speaks for a hint at `fact`, as numbers that training.secrets weighs; the last is always 1."""
    return clues_of(text, fact.parts, fact.people, dict(fact.cast))


def opening(fact: Fact, speaker: str, addressee: str, relation: Relation | None, level: str | None) -> str:
    """Return the beginning of the line in which `speaker` says `fact`, up to the stem of its verb, or with its ending.

    The writer's fact gives the content, the model finds the ending of what is past: `민수는 배를 팔았다` is `나 배를 팔았` said by
    민수. What is present is conjugated here (`지은은 내일 떠난다` is `저 내일 떠나요`): after the bare stem the model
    turned a fact into its denial or into an order (`떠나지 않겠소`, `떠나십시오`), and 떠납니다 does not begin with 떠나.
    """
    words = fact.text.rstrip(" .!?…").split()
    if not words:
        return ""
    first, rest = words[0], words[1:]
    if first in _subjects(speaker):
        words = ["저" if level in _FORMAL else "나", *rest]
    words = [_as_said(word, speaker, addressee, relation, level) for word in words]
    stem, told = _stem_as_written(words[-1]), " ".join(words)
    if level and not _is_past(stem):
        if whole := remade(f"{told}.", level):
            return whole[:-1]
        if level == "해라체":
            return told
    return " ".join([*words[:-1], stem])


def _is_past(stem: str) -> bool:
    return unicodedata.normalize("NFD", stem).endswith("\u11bb")  # ㅆ


def _as_said(word: str, speaker: str, addressee: str, relation: Relation | None, level: str | None) -> str:
    """Replace the speaker's and the addressee's name in one word by what the speaker would say."""
    formal = level in _FORMAL
    own = {"의": "제" if formal else "내", "를": "저를" if formal else "나를", "을": "저를" if formal else "나를"}
    if word.startswith(speaker) and word[len(speaker) :] in own:
        return own[word[len(speaker) :]]
    rest = word[len(addressee) :] if addressee and word.startswith(addressee) else None
    if rest not in {"의", "은", "는", "이", "가", "을", "를"}:
        return word
    if level in {"해체", "해라체"}:
        return {"의": "네", "은": "너는", "는": "너는", "이": "네가", "가": "네가"}.get(rest or "", "너를")
    title = (relation.address if relation else "") or addressee
    pairs = {"은": "은는", "는": "은는", "이": "이가", "가": "이가", "을": "을를", "를": "을를"}
    if rest == "의":
        return title
    after = pairs[rest or "은"]
    return title + (after[0] if has_final(title) else after[1])


def _subjects(name: str) -> set[str]:
    return {name + particle for particle in ("은", "는", "이", "가", "이는", "이가")}


def _stem_as_written(word: str) -> str:
    """Cut the sentence ending off the last word, so that another can follow: 떠난다 → 떠나, 팔았다 → 팔았, 제사다 → 제사."""
    if word.endswith("는다"):
        return word[:-2]
    if not word.endswith("다"):
        return word
    stem = word[:-1]
    plain = unicodedata.normalize("NFD", stem)
    if plain.endswith("\u11ab"):  # ㄴ다
        return unicodedata.normalize("NFC", plain[:-1])
    return stem


def _verb_stem(word: str) -> str:
    """Return the stem of the last word without its tense: 떠난다 → 떠나, 팔았다 → 팔, 봤다 → 보 is left as 봐."""
    stem = _stem_as_written(word)
    plain = unicodedata.normalize("NFD", stem)
    if _is_past(stem):
        bare = unicodedata.normalize("NFC", plain[:-1])
        return bare[:-1] if len(bare) > 1 and bare[-1] in "아어" else bare
    return stem


def _noun_stem(word: str) -> str:
    for particle in _PARTICLES:
        if word.endswith(particle) and len(word) > len(particle):
            bare = word[: -len(particle)]
            if len(particle) > 1 or particle in "에의도만" or has_final(bare) == (particle in "은이을과"):
                return bare
    return word


def _jamo(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def forbidden(
    facts: Sequence[Fact], speaker: str, known: Mapping[str, Sequence[int]], locked: Iterable[int]
) -> list[Fact]:
    """Return the facts `speaker` may not say now: those they don't know, and those `locked` until a beat reveals them."""
    mine = set(known.get(speaker, ()))
    shut = set(locked)
    return [fact for i, fact in enumerate(facts) if i not in mine or i in shut]

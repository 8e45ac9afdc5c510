"""Character dynamics: what each character feels over a scene, drawn to rest and moved by lines and events.

The equations, a table of the parameters with their sources, and a worked example are in docs/dynamics.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import hypot

from emotion.conjugation import closed
from emotion.labels import BASIC_EMOTIONS, families, target_arousal, target_valence
from transcript.errors import UsageError
from transcript.turn import Emotion

AXES = ("valence", "arousal")  # core affect (Russell, Psychological Review 110, 2003)

# Turns until half of the way back to rest is gone, at volatility 0 and 1, geometric between. The pull to a home base is
# DynAffect's (Kuppens, Oravecz & Tuerlinckx, JPSP 99, 2010); no paper counts it in turns, the two figures are ours.
HALF_LIFE = (8.0, 2.0)
# Times the half-life. Sadness lasts longest; surprise, fear and disgust are among the shortest of 27 (Verduyn &
# Lavrijsen, Motivation and Emotion 39, 2015). The order is theirs; they measured hours, the factors are ours.
LASTING: Mapping[str, float] = {"슬픔": 2.0, "공포": 0.5, "놀람": 0.5, "혐오": 0.5}
# Times every share below, at volatility 0 and 1, linear between. People differ in how far affect is moved (DynAffect);
# the figures are ours.
REACTIVITY = (0.5, 1.5)
OWN = 0.5  # share of the way that one's own line moves one, as arcs.INERTIA has it; ours
EVENT = 0.5  # share of the way that an event moves those who are present; ours
# Share of the way to the line of a loved speaker (affection 1). Contagion as absorption, sender times channel times
# receiver: Bosse et al., PRIMA 2009; liking opens the channel: Hess & Fischer, SPPC 8, 2014. The figure is ours.
CONTAGION = 0.4
# Contagion from somebody one is indifferent to, as a share of CONTAGION, linear in affection and so 0 at -1/3. Strangers
# are mimicked less (Hess & Fischer); disliked people less and even in reverse (Likowski et al., JESP 44, 2008). Ours.
STRANGER = 0.25
FULL = 0.5  # how far from neutral, 0..1, a line has to be to count in full; a line that says nothing moves nobody; ours

# What is felt in place of a disliked speaker's emotion: resentment at their fortune, gloating over their trouble
# (Ortony, Clore & Collins, The Cognitive Structure of Emotions, 1988); antagonism is answered in kind (Levenson &
# Gottman, JPSP 45, 1983, on negative affect reciprocity).
ANSWER: Mapping[str, str] = {
    "기쁨": "분노",
    "신뢰": "분노",
    "공포": "기쁨",
    "놀람": "놀람",
    "슬픔": "기쁨",
    "혐오": "분노",
    "분노": "분노",
    "기대": "분노",
}

SLIGHT, PLAIN, STRONG = 0.2, 0.4, 0.7  # from here on a feeling is said with 조금, without adverb, with 몹시; ours

# Basic emotion -> stem, to which 고 or 면서도 is added as it stands, and end of the sentence.
_WORDS: Mapping[str, tuple[str, str]] = {
    "기쁨": ("기쁘", "기쁘다"),
    "신뢰": ("든든하", "든든하다"),
    "공포": ("불안하", "불안하다"),
    "놀람": ("놀라 있", "놀라 있다"),
    "슬픔": ("슬프", "슬프다"),
    "혐오": ("못마땅하", "못마땅하다"),
    "분노": ("화가 나", "화가 난다"),
    "기대": ("설레", "설렌다"),
}
_SIGN = {"기쁨": 1, "신뢰": 1, "기대": 1, "놀람": 0, "공포": -1, "슬픔": -1, "혐오": -1, "분노": -1}
_CORE = {  # (pleasant, aroused) -> what is said when no single emotion stands out (Russell's four quarters)
    (True, True): "들떠 있다",
    (True, False): "마음이 편하다",
    (False, True): "날이 서 있다",
    (False, False): "기운이 없다",
}
_CALM = "담담하다"
_SPOKEN_CLOSED = frozenset("013678LMNR")  # 영 일 삼 육 칠 팔 엘 엠 엔 알: 손님 1은, 손님 2는

State = dict[str, dict[str, float]]
"""Name -> {"valence", "arousal": -1..1, and each of labels.BASIC_EMOTIONS: 0..1}; ten numbers of four decimals each."""


@dataclass(frozen=True)
class Temper:
    """What a character feels at rest (label -> strength 0..1) and how quickly that moves: 0 steady .. 1 stormy.

    `contagion` and `half_life` are factors, 1 for most people: on the share by which another's line moves one, and on the
    turns until half of the way back to rest is gone. `rest` is added to the valence at rest. `agents.psychology` makes them
    from the Big Five.
    """

    baseline: Mapping[str, float] = field(default_factory=dict)
    volatility: float = 0.5
    contagion: float = 1.0
    half_life: float = 1.0
    rest: float = 0.0


def opening(temperaments: Mapping[str, Temper]) -> State:
    """Return everybody at rest. Raises UsageError for an unknown emotion in a baseline."""
    return {name: _rounded(_rest(temper)) for name, temper in temperaments.items()}


def after(
    state: State,
    speaker: str | None,
    heard_by: Collection[str],
    emotion: Emotion,
    basic: Mapping[str, float],
    temperaments: Mapping[str, Temper],
    affections: Mapping[tuple[str, str], float],
) -> State:
    """Return the state after one turn; `state` is left as it is.

    Everybody, present or not, first decays toward rest. Then the speaker moves toward the line, and those who heard it
    by contagion; without a `speaker` the turn is an event and moves all in `heard_by`. `emotion` and `basic` (basic
    emotion -> 0..1, see `families`) are what was measured in the text. `affections` maps (who, toward whom) to -1..1;
    a missing pair is 0. Raises UsageError for a person or a basic emotion that is unknown.
    """
    _check(state, speaker, heard_by, basic, temperaments)
    line = {"valence": emotion.valence, "arousal": emotion.arousal} | {e: basic.get(e, 0.0) for e in BASIC_EMOTIONS}
    changed: State = {}
    for name, before in state.items():
        temper = temperaments[name]
        felt = _decayed(before, temper)
        if name == speaker:
            felt = _moved(felt, line, OWN, temper)
        elif name in heard_by and speaker is None:
            felt = _moved(felt, line, EVENT, temper)
        elif name in heard_by:
            share = (
                CONTAGION * temper.contagion * (STRANGER + (1 - STRANGER) * affections.get((name, speaker or ""), 0.0))
            )
            felt = _moved(felt, line if share > 0 else _answered(line), abs(share), temper)
        changed[name] = _rounded(felt)
    return changed


def in_words(name: str, state_of_one: Mapping[str, float]) -> str:
    """Return the state as one sentence for a prompt, such as 지금 지은은 불안하고 조금 슬프다.

    The two strongest basic emotions are said, joined by 고 or, when contrary, by 면서도; an adverb of degree that holds
    for both sides of 고 is said once. When none reaches `SLIGHT`, the quarter of core affect is named from `PLAIN` on,
    and 담담하다 stands for the rest.
    """
    subject = name + ("은" if closed(name) or name[-1] in _SPOKEN_CLOSED else "는")
    return f"지금 {subject} {_feeling(state_of_one)}."


def _rest(temper: Temper) -> dict[str, float]:
    """Return the state at rest; strengths that sum to less than 1 leave valence and arousal that much nearer to 0."""
    basic = families(temper.baseline)
    total = min(1.0, sum(temper.baseline.values()))
    return {
        "valence": max(-1.0, min(1.0, total * target_valence(temper.baseline) + temper.rest)),
        "arousal": total * target_arousal(temper.baseline),
        **basic,
    }


def _decayed(before: Mapping[str, float], temper: Temper) -> dict[str, float]:
    slow, fast = HALF_LIFE
    half_life = slow * (fast / slow) ** temper.volatility * temper.half_life
    rest = _rest(temper)
    return {
        key: rest[key] + (before[key] - rest[key]) * 0.5 ** (1 / (half_life * LASTING.get(key, 1.0))) for key in rest
    }


def _moved(felt: Mapping[str, float], line: Mapping[str, float], share: float, temper: Temper) -> dict[str, float]:
    """Return `felt` moved part of the way to `line`.

    Core affect goes as far as the line is from neutral. A basic emotion rises as far as the line names it, and falls
    only as far as the line names a contrary one: 지긋지긋해 takes nothing from anger.
    """
    steady, stormy = REACTIVITY
    share *= steady + (stormy - steady) * temper.volatility
    core = share * _weight(hypot(line["valence"], line["arousal"]))
    moved = {axis: felt[axis] + core * (line[axis] - felt[axis]) for axis in AXES}
    for emotion in BASIC_EMOTIONS:
        rises = line[emotion] >= felt[emotion]
        said = line[emotion] if rises else max(line[other] * _contrary(emotion, other) for other in BASIC_EMOTIONS)
        moved[emotion] = felt[emotion] + share * _weight(said) * (line[emotion] - felt[emotion])
    return moved


def _weight(strength: float) -> float:
    return min(1.0, strength / FULL)


def _contrary(emotion: str, other: str) -> bool:
    return _SIGN[emotion] * _SIGN[other] < 0


def _answered(line: Mapping[str, float]) -> dict[str, float]:
    """Return what a listener feels who dislikes the speaker; arousal is caught all the same."""
    strengths = {e: line[e] for e in BASIC_EMOTIONS}
    valence, total = line["valence"], sum(strengths.values())
    antagonism = (strengths["분노"] + strengths["혐오"]) / total if total else 0.0
    felt = dict.fromkeys(BASIC_EMOTIONS, 0.0)
    for emotion, strength in strengths.items():
        felt[ANSWER[emotion]] = max(felt[ANSWER[emotion]], strength)
    return {"valence": valence * (2 * antagonism - 1 if valence < 0 else -1), "arousal": line["arousal"], **felt}


def _rounded(felt: Mapping[str, float]) -> dict[str, float]:
    return {key: round(value, 4) + 0.0 for key, value in felt.items()}


def _check(
    state: State,
    speaker: str | None,
    heard_by: Collection[str],
    basic: Mapping[str, float],
    temperaments: Mapping[str, Temper],
) -> None:
    for name in (*heard_by, *(() if speaker is None else (speaker,))):
        if name not in state:
            raise UsageError(f"{name!r} has no state; use one of {', '.join(state)}, or add them to opening()")
    for name in state:
        if name not in temperaments:
            raise UsageError(f"{name!r} has a state but no temperament; give temperaments[{name!r}]")
    for emotion in basic:
        if emotion not in BASIC_EMOTIONS:
            raise UsageError(f"{emotion!r} is no basic emotion; use {', '.join(BASIC_EMOTIONS)}, or call families()")


def _feeling(state: Mapping[str, float]) -> str:
    strongest = sorted(BASIC_EMOTIONS, key=lambda emotion: -state[emotion])[:2]
    said = [emotion for emotion in strongest if state[emotion] >= SLIGHT]
    if not said:
        if hypot(state["valence"], state["arousal"]) < PLAIN:
            return _CALM
        return _CORE[state["valence"] >= 0, state["arousal"] >= 0]
    first, *second = said
    if not second:
        return _adverb(state[first]) + _WORDS[first][1]
    degrees = [_adverb(state[emotion]) for emotion in said]
    stem, end = _WORDS[first][0], _WORDS[second[0]][1]
    if _contrary(first, second[0]):
        return f"{degrees[0]}{stem}면서도 {degrees[1]}{end}"
    return f"{degrees[0]}{stem}고 {degrees[1] if degrees[1] != degrees[0] else ''}{end}"


def _adverb(strength: float) -> str:
    if strength >= STRONG:
        return "몹시 "
    return "" if strength >= PLAIN else "조금 "

"""What is proposed to a writer who begins a persona or a scenario from one line: closed sets by score, short texts by the model.

The embedded model is small. So whatever can be a choice is one: it is settled by a word of the idea where one says it, else
scored; only short texts are written, many at once, and those that fail the guards are never shown. Every proposal says how it
came about.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from agents import prompts
from agents.character import SAMPLING, warmth, weigh
from agents.guards import Rules, leaks, similarity
from agents.names import titles, with_particle
from agents.speech import LEVELS
from emotion.shapes import GLOSS, SHAPES
from model.base import StageModel
from scenarios import find, load_scenario
from scenarios.values import Persona, Voice
from transcript.turn import Cue

_SHOTS = ("바다", "민어", "유실물")  # the shipped scenarios whose people show the model what a field looks like
_DRAWN = 6  # texts drawn at once
_LONGEST = 60  # letters of a short text
_CLEAR = 0.4  # of the letters that a proposal may share with a shown example or an earlier proposal
_SAMPLES = {  # the same question at each level
    "합쇼체": " 식사는 하셨습니까?",
    "하오체": " 식사는 하셨소?",
    "하게체": " 밥은 먹었는가?",
    "해라체": " 밥은 먹었느냐?",
    "해요체": " 밥은 먹었어요?",
    "해체": " 밥은 먹었어?",
}
_ONES = {
    "한": 1,
    "하나": 1,
    "두": 2,
    "둘": 2,
    "세": 3,
    "셋": 3,
    "네": 4,
    "넷": 4,
    "다섯": 5,
    "여섯": 6,
    "일곱": 7,
    "여덟": 8,
    "아홉": 9,
}
_TENS = {
    "열": 10,
    "스물": 20,
    "스무": 20,
    "서른": 30,
    "마흔": 40,
    "쉰": 50,
    "예순": 60,
    "일흔": 70,
    "여든": 80,
    "아흔": 90,
}
_OLD = re.compile("조선|사극|선비|내시|상궁|노비|대감|임금|고려|궁궐")
_AGE = re.compile(r"(\d{1,3})\s?(?:세|살)|(\d0)대")
_AGE_WORD = re.compile(rf"(?<![가-힣])({'|'.join(_TENS)})\s?({'|'.join(_ONES)})?\s?(?:살|세)?(?:의|인|이|,|\s|$)")
_WRITTEN = re.compile(r"[가-힣0-9 ,.·…?!'\"‘’“”%~-]+")
_FIELDS = {  # key of a persona: its label in the prompt, how a good one ends
    "persona": ("속사정", r"다\.?$"),
    "want": ("바라는 것", r"(?:것|기)$"),
    "fear": ("두려운 것", r"(?:것|기)$"),
    "secret": ("비밀", r"다\.?$"),
}


@dataclass(frozen=True)
class Proposal:
    """A value for one field, and in words how it came about: by a word of the idea, by score, or written by the model."""

    value: str
    how: str


@dataclass(frozen=True)
class Beat:
    """One beat of a structure: its scene (from 1), time of day, least and most turns, and the goal with places for names."""

    scene: int
    time: str
    turns: tuple[int, int]
    goal: str


@cache
def table(kind: str) -> tuple[tuple[str, str], ...]:
    """Return (key, value) of every row of a kind in authoring.tsv."""
    rows = files("agents").joinpath("authoring.tsv").read_text(encoding="utf-8").splitlines()
    cells = [row.split("\t") for row in rows if row and not row.startswith("#")]
    return tuple((row[1], "\t".join(row[2:])) for row in cells if row[0] == kind)


def values(kind: str) -> tuple[str, ...]:
    """Return the values of a kind, in order."""
    return tuple(value for _, value in table(kind))


def structures() -> tuple[str, ...]:
    """Return the names of the structures that a scenario may take."""
    return tuple(dict.fromkeys(key for key, _ in table("beat")))


def beats(structure: str) -> tuple[Beat, ...]:
    """Return the beats of a structure."""
    found = []
    for key, value in table("beat"):
        if key == structure:
            scene, time, turns, goal = value.split("|")
            least, most = turns.split("-")
            found.append(Beat(int(scene), time, (int(least), int(most)), goal))
    return tuple(found)


def goal(pattern: str, a: str, b: str) -> str:
    """Return the goal of a beat with names in its places, each with the particle that fits."""

    def put(match: re.Match[str]) -> str:
        name, particle = (a if match[1] == "A" else b), match[2]
        pairs = {"이": ("이", "가"), "은": ("은", "는"), "을": ("을", "를"), "과": ("과", "와")}
        return with_particle(name, *pairs[particle]) if particle in pairs else name + particle

    return re.sub(r"\{([AB])([^}]*)\}", put, pattern)


def age_of(idea: str) -> Proposal | None:
    """Return the age that an idea says or implies; None where it says nothing."""
    if found := _AGE.search(idea):
        return Proposal(found[1] or str(int(found[2]) + 5), f"“{found[0]}”에서")
    if found := _AGE_WORD.search(idea):
        return Proposal(str(_TENS[found[1]] + _ONES.get(found[2] or "", 0)), f"“{found[0].strip(' ,')}”에서")
    return _of_word(idea, "age")


def level_of_idea(idea: str) -> Proposal | None:
    """Return the speech level that people of a word in the idea usually speak; None where no word says one."""
    return _of_word(idea, "level")


def names_for(idea: str, age: str, taken: Sequence[str], seed: int) -> list[str]:
    """Return names that are usual for somebody of that age and time, in an order drawn by `seed`."""
    years = int(age) if age.isdecimal() else 30
    decade = "조선" if _OLD.search(idea) else str(next(limit for limit in (60, 40, 25, 0) if years >= limit))
    woman, man = (any(_stands(idea, word) for word, _ in table(kind)) for kind in ("woman", "man"))
    kinds = ["woman"] if woman and not man else ["man"] if man and not woman else ["woman", "man"]
    found = [name for key, some in table("name") for name in some.split() if key in [f"{k}-{decade}" for k in kinds]]
    random.Random(f"{idea} {seed}").shuffle(found)
    return [name for name in found if name not in taken]


def parts_of(logline: str) -> tuple[str, str]:
    """Return who a logline is about: its subject, and the person whom the subject acts on; "" where the grammar does not say."""
    found = re.match(r"(.+?[가-힣])(?:이|가|은|는) (?:(.+[가-힣])(?:을|를|에게|한테|와|과) \S+)?", logline.strip())
    if not found:
        return "", ""
    other = prompts.neutral(found[2] or "")
    person = any(_stands(other, word) for kind in ("woman", "man", "level", "age", "person") for word, _ in table(kind))
    return prompts.neutral(found[1]), other if person or other.endswith(titles()) else ""


def of_idea(kind: str, idea: str) -> list[Proposal]:
    """Return the values of a kind that a word of the idea calls for."""
    said = [(word, value) for words, value in table(kind) for word in words.split() if _begins(idea, word)]
    return [Proposal(value, f"“{word}”에서") for word, value in said]


def _by_age(age: str, *, old: bool) -> Proposal:
    years = int(age) if age.isdecimal() else 30
    level = "하오체" if old else "해체" if years < 20 else "해라체" if years >= 65 else "해요체"
    return Proposal(level, "시대에서 어림" if old else "나이에서 어림")


def role_of(idea: str) -> str:
    """Return what the others can see of an idea: its first clause."""
    return prompts.neutral(re.split(r"[,.;]\s", idea)[0]).rstrip(".")


def _of_word(idea: str, kind: str) -> Proposal | None:
    """Return the value of the last word of the first clause that stands there without a particle: a Korean head comes last."""
    clause = re.split(r"[,.;]", idea)[0]
    places = [(found.start(), word, value) for word, value in table(kind) if (found := _stands(clause, word))]
    if not places:
        return None
    _, word, value = max(places)
    return Proposal(value, f"“{word}”에서" if kind == "level" else f"“{word}”에서 어림")


def _stands(text: str, word: str) -> re.Match[str] | None:
    """Find `word` as the end of a word, without a particle: 떡집 할머니, 여고생; not 왕따, 아버지가."""
    return re.search(rf"{'(?<![가-힣])' if len(word) < 2 else ''}{word}(?![가-힣])", text)


# --- by the model


@dataclass
class Author:
    """Proposes from one line with one model; `drawn` keeps what was proposed per field, so that a retry brings something new."""

    model: StageModel
    idea: str
    seed: int = 7

    def __post_init__(self) -> None:
        """Begin with nothing proposed."""
        self._queue: dict[str, list[str]] = {}
        self._shown: dict[str, list[str]] = {}
        self._calls = 0

    def chosen(self, question: str, options: Sequence[str], known: Mapping[str, Any]) -> list[Proposal]:
        """Return the options, the one that the idea makes likelier than no idea would first."""
        share = self._lift(f"{question}:", [f" {option}" for option in options], known)
        ranked = sorted(zip(share, options, strict=True), reverse=True)
        return [Proposal(option, f"모델이 {len(options)}가지에서 고름, {p:.0%}") for p, option in ranked]

    def level(self, known: Mapping[str, Any]) -> list[Proposal]:
        """Return the speech levels, the likeliest first: by a word of the idea or by age, then as the model would have them ask."""
        share = self._lift(f"\n{known.get('name') or '그 사람'}:", [_SAMPLES[level] for level in LEVELS], known)
        found = [Proposal(v, f"모델이 고름, {p:.0%}") for p, v in sorted(zip(share, LEVELS, strict=True), reverse=True)]
        said = level_of_idea(self.idea) or _by_age(str(known.get("age") or ""), old=bool(_OLD.search(self.idea)))
        return [said, *(p for p in found if p.value != said.value)]

    def slider(self, kind: str, key: str, known: Mapping[str, Any]) -> Proposal:
        """Return a value 0.2..0.8 for a trait or talkativeness, from the two words that stand for its ends."""
        ends = next(value for name, value in table(kind) if name == key).split("|")
        for said, end in zip(("0.8", "0.2"), ends, strict=True):
            if end[:3] in self.idea:
                return Proposal(said, f"“{end[:3]}”에서")
        name = with_particle(str(known.get("name") or "이 사람"), "은", "는")
        first, second = self._lift(name, [f" {end}" for end in ends], known)
        value = round(0.2 + 0.6 * first / (first + second), 1)
        return Proposal(f"{value:g}", f"모델: “{ends[0] if first > second else ends[1]}” {max(first, second):.0%}")

    def text(self, key: str, known: Mapping[str, Any]) -> Proposal | None:
        """Return a short text for want, fear, secret or persona: of the themes of the idea, then written by the model.

        None where the model wrote nothing that passes the guards.
        """
        label, ends = _FIELDS[key]
        shown = self._shown.setdefault(key, [])
        name = str(known.get("name") or "그 사람")
        for words, theme in themes(self.idea):
            value = theme[key].replace("{은}", with_particle(name, "은", "는")) + "." * (key == "persona")
            if value not in shown:
                shown.append(value)
                return Proposal(value, f"“{words}”에서, 목록의 글")
        return self._written(key, f"{self._shots()}{self._sheet(known)}{label}:", ends)

    def lines(self, known: Mapping[str, Any], n: int) -> list[Proposal]:
        """Return up to `n` example lines at the level set, each the answer to another question, held against the guards."""
        persona = self._persona(known)
        shown = self._shown.setdefault("lines", [])
        found: list[str] = []
        for question in values("ask"):
            if len(found) < n:
                found += self._answers(persona, question, [*shown, *found])
        shown += found
        return [Proposal(text, "모델이 씀") for text in found]

    def gestures(self, n: int) -> list[Proposal]:
        """Return `n` gestures of the list that were not shown yet, drawn by the seed."""
        shown = self._shown.setdefault("gestures", [])
        left = [gesture for gesture in values("gesture") if gesture not in shown] or list(values("gesture"))
        drawn = random.Random(f"{self.idea} {self.seed} {len(shown)}").sample(left, min(n, len(left)))
        shown += drawn
        return [Proposal(text, "목록에서") for text in drawn]

    def shape(self, name: str, known: Mapping[str, Any]) -> list[Proposal]:
        """Return the shapes of an arc, the likeliest first, by their glosses."""
        named = {GLOSS[shape]: shape for shape in SHAPES}
        ranked = self.chosen(f"{name}의 마음", list(named), known)
        return [Proposal(named[p.value], f"{p.value}; {p.how}") for p in ranked]

    # --- how it is asked

    def _lift(self, question: str, options: Sequence[str], known: Mapping[str, Any]) -> list[float]:
        """Return the share of each option by how much likelier the idea makes it than an idea that says nothing."""
        mine = self.model.score(self._sheet(known) + question, options).probabilities
        blank = {key: value for key, value in known.items() if key == "name"}
        usual = self.model.score(self._sheet({**blank, "role": "한 사람"}) + question, options).probabilities
        lifts = [(p + 1e-4) / (q + 1e-4) for p, q in zip(mine, usual, strict=True)]
        return [lift / sum(lifts) for lift in lifts]

    def _written(self, key: str, prompt: str, ends: str) -> Proposal | None:
        """Return the next text for a field that was not shown yet; new ones are drawn, hotter, when none is left."""
        shown, queue = self._shown.setdefault(key, []), self._queue.setdefault(key, [])
        for attempt in range(2):
            while queue:
                text = queue.pop(0)
                if all(similarity(text, other) < 2 * _CLEAR for other in shown):
                    shown.append(text)
                    return Proposal(text, "모델이 씀")
            self._calls += 1
            seed = self.seed * 1000 + self._calls
            drawn = self.model.propose(prompt, _DRAWN, seed=seed, sampling=warmth(attempt, ""), stop=["\n"])
            for completion in sorted(drawn.completions, key=lambda c: -9.0 if c.logprob is None else c.logprob)[::-1]:
                text = completion.text.split("(")[0].strip().rstrip(".")
                good = _WRITTEN.fullmatch(text) and 4 <= len(text) <= _LONGEST and not leaks(text)
                if good and completion.ended and re.search(ends, text) and not _copied(text):
                    queue.append(text)
        return None

    def _answers(self, persona: Persona, question: str, before: Sequence[str]) -> list[str]:
        """Return the best of four answers at the level set, or nothing where none passes the guards."""
        level = persona.voice.level
        tail = prompts.tail(persona, Cue(persona.name, level=level), None, persona.voice.examples[:2])
        heard = f"등장인물\n{persona.name}: {prompts.public_row(persona)}\n\n상대: {question}\n"
        self._calls += 1
        seed = self.seed * 1000 + self._calls
        drawn = self.model.propose(heard + tail, 4, seed=seed, sampling=SAMPLING, stop=["\n"])
        rules = Rules(persona.name, {persona.name: ()}, level, before, persona.voice.examples)
        good = [
            c
            for c in weigh([(c.text, c.logprob, len(c.tokens) or None) for c in drawn.completions], rules)
            if c.rejected is None
        ]
        return [max(good, key=lambda c: c.logprob or -9.0).text] if good else []

    def _persona(self, known: Mapping[str, Any]) -> Persona:
        voice = Voice(
            known.get("voice.style") or "", known.get("voice.level"), (), tuple(known.get("voice.examples") or ())
        )
        return Persona(name=known.get("name") or "그", role=known.get("role") or self.idea, voice=voice)

    def _sheet(self, known: Mapping[str, Any]) -> str:
        """Return what is known so far, as the examples show it."""
        rows = [f"이름: {known.get('name') or '아직 없음'}"]
        if known.get("age"):
            rows[0] += f" ({known['age']})"
        rows.append(f"소개: {prompts.neutral(str(known.get('role') or self.idea))}")
        for key, (label, _) in _FIELDS.items():
            value = known.get(key)
            text = value[0] if isinstance(value, list | tuple) and value else value
            rows += [f"{label}: {prompts.neutral(str(text))}"] if text else []
        return "\n".join(rows) + "\n"

    def _shots(self) -> str:
        return "인물표\n\n" + "".join(_shown_persona(persona) for persona in _shown_people()) + "\n"


def themes(idea: str) -> list[tuple[str, dict[str, str]]]:
    """Return (word, texts by field) of each theme that a word of the idea calls up, the one with the most words first."""
    found = []
    for words, cells in table("theme"):
        said = [word for word in words.split() if _begins(idea, word)]
        if said:
            found.append((len(said), said[0], dict(zip(_FIELDS, cells.split("\t"), strict=True))))
    return [(word, texts) for _, word, texts in sorted(found, key=lambda item: -item[0])]


def _begins(idea: str, word: str) -> bool:
    """Say whether a word of the idea begins with `word`; one of a single syllable has to be followed by a particle or nothing."""
    rest = "(?:[이가은는을를의도과와]|에서)?(?![가-힣])" if len(word) < 2 else ""
    return bool(re.search(rf"(?<![가-힣]){word}{rest}", idea)) or (len(word) > 2 and word in idea)


def _copied(text: str) -> bool:
    """Say whether a text comes near one of the people shown, or names one of them."""
    people = _shown_people()
    told = [own for p in people for own in (p.persona, p.want, p.fear, *p.secret) if own]
    return any(p.name in text for p in people) or any(similarity(text, other) >= _CLEAR for other in told)


@cache
def _shown_people() -> tuple[Persona, ...]:
    return tuple(p for title in _SHOTS for p in load_scenario(find(title)).personas if p.want and p.secret)[:5]


def _shown_persona(persona: Persona) -> str:
    first = re.split(r"(?<=다\.)\s", prompts.neutral(persona.persona))[0].rstrip(".")
    rows = [f"이름: {persona.name} ({persona.age})", f"소개: {persona.role}", f"속사정: {first}"]
    rows += [f"바라는 것: {persona.want}", f"두려운 것: {persona.fear}", f"비밀: {persona.secret[0]}"]
    return "\n".join(rows) + "\n\n"

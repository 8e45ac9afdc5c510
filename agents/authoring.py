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
from typing import Any

from agents import prompts
from agents.character import SAMPLING, warmth, weigh
from agents.guards import Rules, leaks, similarity
from agents.ideas import FIELDS, Proposal, by_age, level_of_idea, table, themes, values
from agents.names import with_particle
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
_WRITTEN = re.compile(r"[가-힣0-9 ,.·…?!'\"‘’“”%~-]+")


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
        return [Proposal(option, f"chosen by the model among {len(options)}, {p:.0%}") for p, option in ranked]

    def level(self, known: Mapping[str, Any]) -> list[Proposal]:
        """Return the speech levels, the likeliest first: by a word of the idea or by age, then as the model would have them ask."""
        share = self._lift(f"\n{known.get('name') or '그 사람'}:", [_SAMPLES[level] for level in LEVELS], known)
        found = [
            Proposal(v, f"chosen by the model, {p:.0%}")
            for p, v in sorted(zip(share, LEVELS, strict=True), reverse=True)
        ]
        said = level_of_idea(self.idea) or by_age(self.idea, str(known.get("age") or ""))
        return [said, *(p for p in found if p.value != said.value)]

    def slider(self, kind: str, key: str, known: Mapping[str, Any]) -> Proposal:
        """Return a value 0.2..0.8 for a trait or talkativeness, from the two words that stand for its ends."""
        ends = next(value for name, value in table(kind) if name == key).split("|")
        for said, end in zip(("0.8", "0.2"), ends, strict=True):
            if end[:3] in self.idea:
                return Proposal(said, f"from “{end[:3]}”")
        name = with_particle(str(known.get("name") or "이 사람"), "은", "는")
        first, second = self._lift(name, [f" {end}" for end in ends], known)
        value = round(0.2 + 0.6 * first / (first + second), 1)
        return Proposal(
            f"{value:g}", f"the model finds “{ends[0] if first > second else ends[1]}”, {max(first, second):.0%}"
        )

    def text(self, key: str, known: Mapping[str, Any]) -> Proposal | None:
        """Return a short text for want, fear, secret or persona: of the themes of the idea, then written by the model.

        None where the model wrote nothing that passes the guards.
        """
        label, ends = FIELDS[key]
        shown = self._shown.setdefault(key, [])
        name = str(known.get("name") or "그 사람")
        for words, theme in themes(self.idea):
            value = theme[key].replace("{은}", with_particle(name, "은", "는")) + "." * (key == "persona")
            if value not in shown:
                shown.append(value)
                return Proposal(value, f"from “{words}”, a text of the list")
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
        return [Proposal(text, "written by the model") for text in found]

    def gestures(self, n: int) -> list[Proposal]:
        """Return `n` gestures of the list that were not shown yet, drawn by the seed."""
        shown = self._shown.setdefault("gestures", [])
        left = [gesture for gesture in values("gesture") if gesture not in shown] or list(values("gesture"))
        drawn = random.Random(f"{self.idea} {self.seed} {len(shown)}").sample(left, min(n, len(left)))
        shown += drawn
        return [Proposal(text, "from the list") for text in drawn]

    def shape(self, name: str, known: Mapping[str, Any]) -> list[Proposal]:
        """Return the shapes of an arc, the likeliest first, by their glosses."""
        named = {GLOSS[shape]: shape for shape in SHAPES}
        ranked = self.chosen(f"{name}의 마음", list(named), known)
        return [Proposal(named[p.value], f"{p.how}: {p.value}") for p in ranked]

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
                    return Proposal(text, "written by the model")
            self._calls += 1
            seed = self.seed * 1000 + self._calls
            drawn = self.model.propose(prompt, _DRAWN, seed=seed, sampling=warmth(attempt), stop=["\n"])
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
        for key, (label, _) in FIELDS.items():
            value = known.get(key)
            text = value[0] if isinstance(value, list | tuple) and value else value
            rows += [f"{label}: {prompts.neutral(str(text))}"] if text else []
        return "\n".join(rows) + "\n"

    def _shots(self) -> str:
        return "인물표\n\n" + "".join(_shown_persona(persona) for persona in _shown_people()) + "\n"


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

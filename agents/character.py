"""A character: one role, bound to one persona, that turns a cue into candidate lines and never sees another's secrets."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite

from agents import prompts
from agents.address import swapped
from agents.guards import Rules, fault, mended
from agents.lore import recalled
from agents.mending import remade
from model.base import Completion, Sampling
from scenarios.values import Persona, Relation
from transcript.turn import Candidate, Cue

SAMPLING = Sampling()
_EXAMPLES = 2  # lines of the persona shown with each cue
_HOTTER = 0.15  # temperature added per retry
_CLOSED = re.compile(r"[.!?…~]+[\"'”’)]*")
_LONGEST = 1_000  # characters of a candidate that are looked at
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_ENOUGH = 6  # letters from which the beginning of a line can stand for itself


@dataclass(frozen=True)
class Character:
    """One role of the cast."""

    persona: Persona

    def tail(
        self,
        cue: Cue,
        relation: Relation | None,
        *,
        seed: int,
        feeling: str = "",
        opening: str = "",
        lines: Sequence[str] = (),
        whispers: Sequence[str] = (),
    ) -> str:
        """Return the part of the prompt that only this character reads, with the start of the line.

        `feeling` says what they feel now (`emotion.dynamics.in_words`), `opening` is the beginning of the line when the
        director decided it, `lines` are those they heard, oldest first, which call their lore to mind, `whispers` what a
        person told them alone. `seed` draws the examples of their voice.
        """
        examples = random.Random(f"{seed} {self.persona.name}").sample(
            self.persona.voice.examples, min(_EXAMPLES, len(self.persona.voice.examples))
        )
        return prompts.tail(
            self.persona, cue, relation, examples, opening, feeling, recalled(self.persona, lines), whispers
        )


def warmth(attempt: int) -> Sampling:
    """Return how a line is drawn at a try (from 0): hotter at each."""
    return replace(SAMPLING, temperature=SAMPLING.temperature + _HOTTER * attempt)


def sound(said: Sequence[Completion]) -> tuple[Completion, ...]:
    """Return what a model gave as something that can be judged and stored, an empty candidate where it gave nothing.

    A runtime that is ill or a server may give text without end, halves of letters, control characters, or a likelihood
    that is no number.
    """
    return tuple(map(_sound, said)) or (Completion("", ended=False),)


def _sound(one: Completion) -> Completion:
    text = _UNSEEN.sub("", one.text[:_LONGEST])
    if text == one.text and all(isfinite(log) for log in (one.logprob or 0.0, *(log for _, log in one.tokens))):
        return one
    return Completion(text, None, one.ended)


def first_sentence(said: Completion) -> Completion:
    """Return a candidate up to the end of its first sentence: a line that brings out a fact says that and no more."""
    return said.begun(next((end.end() for end in _CLOSED.finditer(said.text)), len(said.text)))


def with_shorter(said: Sequence[Completion]) -> tuple[Completion, ...]:
    """Return the candidates and, of each that has several sentences, its beginning as one more.

    A small model loses its thread in the second sentence: of 440 lines read, 58 % of those with two were nonsense and 30 %
    of those with one.
    """
    shorter = []
    for one in said:
        ends = [end.end() for end in _CLOSED.finditer(one.text.rstrip())]
        enough = (end for end in ends if sum(map(str.isalnum, one.text[:end])) >= _ENOUGH)
        end = next(enough, len(one.text))
        if any(map(str.isalnum, one.text[end:])):
            shorter.append(one.begun(end))
    return (*said, *shorter)


def weigh(texts: Sequence[tuple[str, float | None, int | None]], rules: Rules) -> list[Candidate]:
    """Mend each raw candidate, hold it against `rules`, and say why it was turned down; scores come later.

    `texts` are each a line, its mean log-probability per token and over how many tokens that is.

    A line at the wrong speech level is conjugated to the one wanted where that is safe, the speaker's 나 or 저 is put right,
    and the candidate keeps what it was.
    """
    candidates = []
    for raw, logprob, tokens in texts:
        text, parenthetical = mended(raw, rules)
        said, wrong = text, fault(text, rules)
        if wrong and wrong.startswith("speech level"):
            said = remade(text, rules.level) or text
        said = swapped(said, rules.level)
        before = text if said != text else None
        text, wrong = said, fault(said, rules) if before else wrong
        candidates.append(Candidate(text, parenthetical, None, wrong, logprob, before, tokens))
    return candidates

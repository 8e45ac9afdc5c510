"""A character: one role, bound to one persona, that turns a cue into candidate lines and never sees another's secrets."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents import prompts
from agents.address import swapped
from agents.guards import Rules, fault, mended
from agents.mending import remade
from model.base import OnToken, Proposal, Sampling, StageModel
from scenarios.values import Persona, Relation
from transcript.turn import Candidate, Cue

SAMPLING = Sampling()
_EXAMPLES = 2  # lines of the persona shown with each cue
_SURE = 0.4  # temperature of a line whose beginning is decided: only its ending is left to find
_HOTTER = 0.15  # temperature added per retry


@dataclass(frozen=True)
class Character:
    """One role of the cast."""

    persona: Persona

    def speak(
        self,
        heard: str,
        cue: Cue,
        relation: Relation | None,
        model: StageModel,
        n: int,
        *,
        seed: int,
        attempt: int = 0,
        feeling: str = "",
        opening: str = "",
        on_token: OnToken | None = None,
    ) -> Proposal:
        """Return `n` raw candidates for `cue`, without the opening that stands before each.

        `heard` is the prompt part that this character may read: world, scene, and the lines said in their presence.
        `feeling` says what they feel now (`emotion.dynamics.in_words`), `opening` is the beginning of the line when the
        director decided it. `attempt` counts retries from 0.
        """
        examples = random.Random(f"{seed} {self.persona.name}").sample(
            self.persona.voice.examples, min(_EXAMPLES, len(self.persona.voice.examples))
        )
        tail = prompts.tail(self.persona, cue, relation, examples, opening, feeling)
        warmth = _SURE if opening else SAMPLING.temperature
        sampling = replace(SAMPLING, temperature=warmth + _HOTTER * attempt)
        return model.propose(heard + tail, n, seed=seed, sampling=sampling, stop=["\n"], on_token=on_token)


def weigh(texts: Sequence[tuple[str, float | None]], rules: Rules) -> list[Candidate]:
    """Mend each raw candidate, hold it against `rules`, and say why it was turned down; scores come later.

    A line at the wrong speech level is conjugated to the one wanted where that is safe, the speaker's 나 or 저 is put right,
    and the candidate keeps what it was.
    """
    candidates = []
    for raw, logprob in texts:
        text, parenthetical = mended(raw, rules)
        said, wrong = text, fault(text, rules)
        if wrong and wrong.startswith("speech level"):
            said = remade(text, rules.level) or text
        said = swapped(said, rules.level)
        before = text if said != text else None
        text, wrong = said, fault(said, rules) if before else wrong
        candidates.append(Candidate(text, parenthetical, None, wrong, logprob, before))
    return candidates

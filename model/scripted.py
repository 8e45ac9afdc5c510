"""A model that says what a file tells it to: for tests, demos and `--dry-run`; no weights, no randomness of its own."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr

from model.base import Completion, OnToken, Proposal, Sampling, Scores, StageModel
from transcript.errors import FileError

_SYLLABLES = (
    "강갈건골곡군굴길남논눈달돌들등록림만말목물민반발밤벌별봄북불빛산샘선섬성솔숲안언연열올움월은잔절종촌탄평풀한혼"
)
_LAST_SPEAKER = re.compile(r"([^\n:]+?)(?: [A-Z.]+)?:[^\n]*\Z")


class ScriptedModel(StageModel):
    """Canned candidates.

    The file is JSON: `{"lines": {"민수": ["…", …], "*": […]}, "scores": {"option": weight}, "invent": false}`. Each call for a
    speaker (the name before the prompt's last colon; `*` for anybody else and for actions) draws the next `n` entries, from
    the start again at the end; an entry may be a list of candidates for one call. With `invent` a few made-up words, drawn
    from the seed, follow the entry, so that no line repeats and the same seed gives the same line in every process.
    """

    lines: dict[str, list[str | list[str]]]
    weights: dict[str, float] = Field(default_factory=dict)
    invent: bool = False
    _drawn: dict[str, int] = PrivateAttr(default_factory=dict)

    @staticmethod
    def load(path: Path) -> ScriptedModel:
        """Read the script; raises FileError when it is missing or has another shape."""
        try:
            data = path.read_bytes()
            row = json.loads(data.decode("utf-8-sig"))
            model = ScriptedModel(
                lines=row["lines"], weights=row.get("scores", {}), invent=bool(row.get("invent", False))
            )
        except OSError as error:
            raise FileError(path, f"cannot be read ({error.strerror}); give a scripted model's JSON file") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            reason = str(error).splitlines()[0]
            raise FileError(path, f'not a scripted model ({reason}); write {{"lines": {{"*": ["…"]}}}}') from error
        if not any(model.lines.values()):
            raise FileError(path, 'has no lines; write {"lines": {"*": ["…"]}}')
        model.sha256 = hashlib.sha256(data).hexdigest()
        return model

    @property
    def _llm_type(self) -> str:
        return "daebon-scripted"

    def propose(
        self,
        prompt: str,
        n: int,
        *,
        seed: int,
        sampling: Sampling,
        stop: Sequence[str] = (),
        on_token: OnToken | None = None,
    ) -> Proposal:
        """Return the next `n` canned lines of the speaker, the same for every process at the same place of a take."""
        found = _LAST_SPEAKER.search(prompt)
        name = found.group(1).strip() if found else "*"
        pool = self.lines.get(name) or self.lines.get("*") or next(iter(self.lines.values()))
        texts: list[str] = []
        shift = 0 if self.invent else self._next(name, n)
        for i in range(n):
            entry = pool[(shift + i) % len(pool)]
            texts += entry if isinstance(entry, list) else [entry]
            if isinstance(entry, list):
                break
        if self.invent:
            texts = [f"{text} {_made_up(f'{name} {seed} {i}')}." for i, text in enumerate(texts)]
        if on_token:
            for text in texts:
                on_token(text)
        return Proposal(tuple(Completion(text, -1.0) for text in texts[:n]), 0, sum(map(len, texts)))

    def score(self, prompt: str, options: Sequence[str]) -> Scores:
        """Return the weights of the file (1 for an option it does not name), normalised."""
        weights = [max(1e-9, float(self.weights.get(option.strip(), 1.0))) for option in options]
        return Scores(tuple(weight / sum(weights) for weight in weights), calls=1)

    def _next(self, name: str, n: int) -> int:
        start = self._drawn.get(name, 0)
        pool = self.lines.get(name) or self.lines.get("*") or []
        step = 1 if pool and isinstance(pool[start % len(pool)], list) else n
        self._drawn[name] = start + step
        return start

    def model_post_init(self, context: Any) -> None:
        """Refuse a script whose lists are empty."""
        self.lines = {name: pool for name, pool in self.lines.items() if pool}


def _made_up(seed: str) -> str:
    """Return four words of three syllables drawn from `seed`; none is an ending of any speech level."""
    rng = random.Random(seed)
    return " ".join("".join(rng.choice(_SYLLABLES) for _ in range(3)) for _ in range(4))

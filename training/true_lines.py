"""What a model makes of lines that writers wrote, in torch: their bits per character, and whether it tells which one comes next."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents import prompts
from model.config import ModelConfig
from model.huggingface import pieces_ids
from model.weights import drama_adapter, embedded_weights
from training.asides import TRUNK
from training.corpus import CorpusScene
from training.dataset import corpus_row, line_prompts
from training.evaluate import interval
from training.pairs import APART
from training.sft import Example, encoded, losses, measure, tensors

Report = Callable[[int, int, str], None]
OPTIONS = 4  # the line that comes next, and three that its speaker says later
_EACH = 4  # choices of a scene
_LONGEST = 8_192  # tokens of a scene with all its prompts


@dataclass(frozen=True)
class TrueLines:
    """Bits per character by form; `picks` is the share 0..1 of `choices` in which the true line was the likeliest, with 95 %."""

    bits: dict[str, float]
    picks: float
    picks_interval: tuple[float, float]
    choices: int


@dataclass(frozen=True)
class Choice:
    """What stands before a line, and the lines that might: the first is the one that its writer wrote."""

    prompt: str
    options: tuple[str, ...]


def choices(scene: CorpusScene, most: int = _EACH) -> list[Choice]:
    """Return at most `most` choices, drawn by the scene's name: a line against three of its speaker's later ones in the scene.

    All are of the same person, scene and mostly level, so only what was said before tells them apart.
    """
    rng = random.Random(f"next {scene.name}")
    found = []
    for at, line in enumerate(scene.lines):
        later = [other.text for other in scene.lines[at + 1 + APART :] if other.speaker == line.speaker]
        if at and line.speaker and line.to and len(later) >= OPTIONS - 1:
            texts = (line.text, *rng.sample(later, OPTIONS - 1))
            found.append(
                Choice(line_prompts(scene, at)["layout"], tuple(f" {prompts.neutral(text)}\n" for text in texts))
            )
    return rng.sample(found, min(most, len(found)))


def picks(model: Any, tokenizer: Any, choice: Choice) -> bool:
    """Say whether the true line is the likeliest, by log-probability over the root of the tokens (as `agents.ranking.fit`)."""
    import torch

    heard = [tokenizer.bos_token_id, *tokenizer.encode(choice.prompt, add_special_tokens=False)]
    ids, branches = list(heard), [TRUNK] * len(heard)
    lengths = []
    for number, option in enumerate(choice.options, 1):
        added = pieces_ids(tokenizer, option)
        lengths.append(len(added))
        ids += added
        branches += [number] * len(added)
    example = Example(tuple(ids), (0,) * len(heard) + (1,) * (len(ids) - len(heard)), tuple(branches), 0)
    device = next(model.parameters()).device
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
        nats = losses(model, tensors(example, device))[0]
    worth = [float(part.sum()) / math.sqrt(len(part)) for part in nats.split(lengths)]
    return worth.index(min(worth)) == 0


def measured(
    names: Sequence[str], scenes: Sequence[CorpusScene], base: Path, seed: int, report: Report | None = None
) -> dict[str, TrueLines]:
    """Return what each embedded model makes of the lines of `scenes`, products in bf16; `base` keeps their base.

    The forms are `layout` (the bare script) and `persona` (each line after its speaker's prompt); both have the same lines. Models
    of other runtimes are left out.
    """
    found: dict[str, TrueLines] = {}
    for name in names:
        config = ModelConfig.parse(name)
        if config.runtime != "embedded":
            continue
        model, tokenizer = _loaded(config, base)
        bits = {}
        for form, share in (("layout", 0.0), ("persona", 1.0)):
            rows = [corpus_row(scene, random.Random(f"test {scene.name}"), share) for scene in scenes]
            examples = [example for row in rows for example in encoded(row, tokenizer, _LONGEST)]
            bits[form] = measure(model, examples, bf16=True)[1]
            if report:
                report(len(bits), 3, f"{name}, {form}")
        groups = [[picks(model, tokenizer, choice) for choice in choices(scene)] for scene in scenes]
        every = [one for group in groups for one in group]
        middle = interval(groups, lambda some: {"picks": sum(some) / max(1, len(some))}, seed)["picks"]
        found[name] = TrueLines(bits, sum(every) / max(1, len(every)), middle, len(every))
        if report:
            report(3, 3, f"{name}, next line")
    return found


def _loaded(config: ModelConfig, base: Path) -> tuple[Any, Any]:
    import torch

    from training.adapter import merge
    from training.base import converted, load_base, load_tokenizer

    folder = converted(embedded_weights(), base)
    model = load_base(folder)
    if config.path != "base":
        merge(model, Path(config.path).expanduser() if config.path else drama_adapter())
    for module in model.modules():
        if isinstance(module, torch.nn.Linear) and module is not model.lm_head:
            module.to(torch.bfloat16)
    return model, load_tokenizer(folder)

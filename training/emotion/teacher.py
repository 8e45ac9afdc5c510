"""The large teacher: the first layers of the embedded model with a LoRA and two linear heads on mean-pooled states."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion.labels import LABELS
from model.huggingface import pieces_ids
from training.base import load_base, load_tokenizer
from training.emotion.data import GOEMOTIONS, Rows
from training.emotion.metrics import Floats, auroc

if TYPE_CHECKING:
    import torch

_LONGEST = 160  # tokens of a text; the rest is cut off
_GROUP = 40  # batches that are sorted by length together


@dataclass(frozen=True)
class TeacherRecipe:
    """Every number of a teacher's run."""

    seed: int = 7
    layers: int = 12
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.05
    weight_decay: float = 0.01
    warmup: float = 0.06
    batch: int = 16


@dataclass(frozen=True)
class Stage:
    """One run of the optimizer over rows with KOTE's labels, with translated rows mixed into its first epoch.

    In a stage that looks `both` ways every token sees the whole text, as in an encoder; else only what stands before it.
    """

    both: bool
    epochs: int
    learning_rate: float
    head_rate: float
    goemotions: int = 0


FORWARD = Stage(both=False, epochs=2, learning_rate=4e-4, head_rate=1e-3, goemotions=12_000)
BOTH_WAYS = Stage(both=True, epochs=2, learning_rate=3e-4, head_rate=5e-4)


class Teacher:
    """The net and its tokenizer; `scores` gives probabilities of KOTE's labels."""

    def __init__(self, base: Path, recipe: TeacherRecipe) -> None:
        """Load the base of `base` (made by `training.base.converted`) and attach an untrained adapter and heads."""
        import torch
        from peft import LoraConfig, get_peft_model

        torch.manual_seed(recipe.seed)
        self.tokenizer = load_tokenizer(base)
        core = load_base(base).model
        core.layers = core.layers[: recipe.layers]
        targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
        lora = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, lora_dropout=recipe.dropout, target_modules=targets)
        self.core: Any = get_peft_model(core, lora)
        width = core.config.hidden_size
        self.heads = torch.nn.ModuleList([torch.nn.Linear(width, len(LABELS)), torch.nn.Linear(width, GOEMOTIONS)])
        self.drop = torch.nn.Dropout(0.1)

    def look(self, both: bool) -> None:
        """Let every token see the whole text, or only what stands before it."""
        core = self.core.base_model.model
        core.config.use_bidirectional_attention = both
        for layer in core.layers:
            layer.self_attn.is_causal = not both

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text, with the start token."""
        return [self.tokenizer.bos_token_id, *pieces_ids(self.tokenizer, text)[:_LONGEST]]

    def logits(self, batch: Sequence[Sequence[int]], head: int) -> torch.Tensor:
        """Return (texts, labels) logits of one head for texts given as ids."""
        import torch

        longest = max(len(ids) for ids in batch)
        ids = torch.zeros((len(batch), longest), dtype=torch.long)
        mask = torch.zeros((len(batch), longest), dtype=torch.long)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self.core(input_ids=ids, attention_mask=mask).last_hidden_state
        inside = mask.float()
        inside[:, 0] = 0  # the start token attracts attention and says nothing
        inside[:, 0] += (inside.sum(1) == 0).float()
        pooled = (states.float() * inside.unsqueeze(-1)).sum(1) / inside.sum(1, keepdim=True)
        return self.heads[head](self.drop(pooled))

    def scores(self, texts: Sequence[str], batch: int = 32, report: Callable[[int], None] | None = None) -> Floats:
        """Return logits (texts, 44) float32 of KOTE's labels."""
        import torch

        self.core.eval(), self.drop.eval()
        encoded = [self.encode(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda place: len(encoded[place]))
        result = np.zeros((len(texts), len(LABELS)), dtype=np.float32)
        with torch.no_grad():
            for start in range(0, len(order), batch):
                places = order[start : start + batch]
                result[places] = self.logits([encoded[place] for place in places], 0).numpy()
                if report:
                    report(start + len(places))
        return result

    def save(self, folder: Path) -> None:
        """Write adapter and heads as safetensors."""
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        state = {name: value.contiguous() for name, value in self.core.state_dict().items() if "lora_" in name}
        state |= {f"heads.{name}": value.contiguous() for name, value in self.heads.state_dict().items()}
        save_file(state, folder / "teacher.safetensors")

    def restore(self, folder: Path) -> None:
        """Read what `save` wrote."""
        from safetensors.torch import load_file

        state = load_file(folder / "teacher.safetensors")
        self.heads.load_state_dict({name[6:]: value for name, value in state.items() if name.startswith("heads.")})
        self.core.load_state_dict({n: v for n, v in state.items() if not n.startswith("heads.")}, strict=False)


def train_teacher(
    teacher: Teacher,
    recipe: TeacherRecipe,
    stage: Stage,
    train: Rows,
    other: Rows | None,
    tune: Rows,
    out: Path,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Train one stage on `train`, with rows of `other` (28 labels) in its first epoch; return figures on `tune`."""
    import torch

    teacher.look(stage.both)
    rng = random.Random(recipe.seed)
    plan: list[tuple[int, list[list[int]], torch.Tensor]] = []
    marks = []
    for epoch in range(stage.epochs):
        part = list(_batches(teacher, train, 0, recipe.batch, rng, len(train)))
        if epoch == 0 and other is not None and stage.goemotions:
            part += _batches(teacher, other, 1, recipe.batch, rng, stage.goemotions)
        rng.shuffle(part)
        plan += part
        marks.append(len(plan))
    lora = [value for value in teacher.core.parameters() if value.requires_grad]
    groups = [
        {"params": lora, "lr": stage.learning_rate},
        {"params": teacher.heads.parameters(), "lr": stage.head_rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)
    warm = max(1, int(recipe.warmup * len(plan)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, (len(plan) - step) / max(1, len(plan) - warm))
    )
    figures: dict[str, Any] = {}
    started, loss_sum = time.monotonic(), [0.0, 0.0]
    for step, (head, batch, truth) in enumerate(plan, 1):
        teacher.core.train(), teacher.drop.train()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(teacher.logits(batch, head), truth)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(lora, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        loss_sum[head] = 0.98 * loss_sum[head] + 0.02 * float(loss.detach())
        if step % 50 == 0:
            say(f"{step}/{len(plan)} steps, {time.monotonic() - started:.0f} s, loss {loss_sum[0]:.4f}")
        if step in marks:
            area = float(np.nanmean(auroc(teacher.scores(tune.texts), tune.labels)))
            figures[f"tune AUROC after epoch {marks.index(step) + 1}"] = area
            say(f"macro AUROC on the tuning rows after epoch {marks.index(step) + 1}: {area:.4f}")
            teacher.save(out)
    return figures


def _batches(
    teacher: Teacher, rows: Rows, head: int, size: int, rng: random.Random, count: int
) -> Iterator[tuple[int, list[list[int]], torch.Tensor]]:
    import torch

    order = rng.sample(range(len(rows)), min(count, len(rows)))
    for start in range(0, len(order), size * _GROUP):
        group = [(teacher.encode(rows.texts[place]), place) for place in order[start : start + size * _GROUP]]
        group.sort(key=lambda pair: len(pair[0]))
        for begin in range(0, len(group), size):
            part = group[begin : begin + size]
            yield head, [ids for ids, _ in part], torch.from_numpy(rows.labels[[place for _, place in part]])

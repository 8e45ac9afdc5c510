"""The small net that ships: hashed n-grams beside the lowest layers of the embedded model, read in both directions.

A teacher of 12 layers is far too slow for 5 ms a line with numpy alone. The student keeps the embedding of the pieces
that Korean text uses and two layers with the strongest `inner` of their 2,048 feed-forward neurons; all of it is trained.
"""

from __future__ import annotations

import itertools
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedTokenizerFast

from emotion._pieces import BUCKETS, SPACE, Pieces, grams, normalised
from emotion.labels import LABELS
from model.huggingface import pieces_ids
from training.base import load_base, load_tokenizer
from training.emotion.data import GOEMOTIONS
from training.emotion.metrics import Floats, auroc

LONGEST = 128  # pieces of a line that are read
UNKNOWN = 0
_ROUND = 250  # pairs that are merged between two counts
_EPSILON = 1e-6  # of the norms, as in the embedded model
_THETA = 10_000.0  # base of the rotary angles in the layers that look near


@dataclass(frozen=True)
class StudentRecipe:
    """Every number of a student's run; `hard` is the share of KOTE's own labels in the target of a KOTE row."""

    seed: int = 7
    layers: int = 2
    inner: int = 768  # feed-forward neurons that are trained
    shipped: int = 256  # … and those that are left when the net is packed; on the tuning rows nothing is lost by it
    bag: int = 96
    hidden: int = 384
    rate: float = 3e-4
    bag_rate: float = 2e-3
    head_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.04
    dropout: float = 0.2
    gram_dropout: float = 0.3
    batch: int = 64
    epochs: int = 3
    hard: float = 0.5
    goemotions: int = 12_000  # rows with their own 28 labels
    kote_times: int = 2  # KOTE rows are seen this often in an epoch
    drama_times: int = 2  # … and the drama lines this often


Parts = tuple[int, ...]  # the embedded model's pieces of which one of ours is made


@dataclass(frozen=True)
class Vocabulary:
    """Pieces by number: of which base pieces each is made, its text, its log-probability."""

    made: Sequence[Parts]
    pieces: Sequence[str]
    scores: Sequence[float]


@dataclass(frozen=True)
class Line:
    """A line as the net reads it."""

    pieces: Sequence[int]
    grams: Sequence[int]


def vocabulary(base: Path, texts: Iterable[str], least: int = 3, merges: int = 6_000) -> Vocabulary:
    """Return the pieces that `texts` use `least` times, every Hangul letter, and `merges` pairs of pieces made one.

    The pieces are those of the embedded model's own tokenizer, the first one its unknown. The pairs stand most often side
    by side in a word (byte-pair merges, Sennrich et al. 2016, `_ROUND` at a time): fewer pieces a line are less work.
    """
    tokenizer = load_tokenizer(base)
    tokens = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    words = Counter(SPACE + word for text in texts for word in normalised(text).split())
    split: dict[str, tuple[Parts, ...]] = {
        word: tuple((i,) for i in pieces_ids(tokenizer, word.replace(SPACE, " "))) for word in words
    }
    counts: Counter[Parts] = Counter()
    for word, count in words.items():
        counts.update(dict.fromkeys(split[word], 0))
        for part in split[word]:
            counts[part] += count
    letters = {(i,) for i, token in enumerate(tokens) if len(token) == 1 and _ours(token)}
    unknown = (tokens.index("<unk>"),)
    kept = {
        unknown: None,
        **dict.fromkeys(sorted(letters | {part for part, count in counts.items() if count >= least})),
    }
    while merges > 0:
        pairs: Counter[tuple[Parts, Parts]] = Counter()
        for word, parts in split.items():
            for pair in itertools.pairwise(parts):
                if unknown not in pair:
                    pairs[pair] += words[word]
        best = {pair for pair, _ in pairs.most_common(min(_ROUND, merges))}
        kept |= dict.fromkeys(sorted(left + right for left, right in best))
        merges -= len(best) or merges
        split = {word: _merged(parts, best) for word, parts in split.items()}
    counts.clear()
    for word, parts in split.items():
        for part in parts:
            counts[part] += words[word]
    total = sum(counts.values())
    scores = [math.log(max(counts[part], 0.5) / total) for part in kept]
    return Vocabulary(list(kept), ["".join(tokens[i] for i in part) for part in kept], scores)


def _merged(parts: tuple[Parts, ...], pairs: set[tuple[Parts, Parts]]) -> tuple[Parts, ...]:
    """Join, from the left, every two neighbours that are one of `pairs`."""
    result: list[Parts] = []
    for part in parts:
        if result and (result[-1], part) in pairs:
            result[-1] += part
        else:
            result.append(part)
    return tuple(result)


def _ours(letter: str) -> bool:
    return "가" <= letter <= "힣" or "ㄱ" <= letter <= "ㅣ" or "!" <= letter <= "~" or letter in "…‘’“”·—\u2581"


def encoder(pieces: Sequence[str], scores: Sequence[float]) -> Callable[[Iterable[str]], list[Line]]:
    """Return what turns texts into lines, as the shipped classifier does."""
    known = Pieces(pieces, scores, UNKNOWN)

    def encode(texts: Iterable[str]) -> list[Line]:
        lines = []
        for text in map(normalised, texts):
            lines.append(Line([piece for piece, _ in known.encode(text, LONGEST)], grams(text)))
        return lines

    return encode


class Norm(nn.Module):  # type: ignore[misc]
    """Root-mean-square norm (Zhang & Sennrich 2019)."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Norm the last axis."""
        x = x.float()
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + _EPSILON) * self.weight


class Student(nn.Module):  # type: ignore[misc]
    """Mean-pooled states and the sum of the n-grams' vectors, through one hidden layer to 44 (and 28) labels."""

    def __init__(self, base: Path, made: Sequence[Parts], recipe: StudentRecipe, samples: Sequence[str]) -> None:
        """Take weights from the model in `base`; `samples` are texts on which neurons are compared.

        `made` are the base pieces of each of ours: the vector of a merged piece starts as the mean of theirs.
        """
        super().__init__()
        model = load_base(base).model
        config = model.config
        self.size, self.width = config.head_dim, config.hidden_size
        self.gram_dropout = recipe.gram_dropout
        chosen = _strongest(model, load_tokenizer(base), recipe, samples)
        vectors = model.embed_tokens.weight.data
        self.word = nn.Parameter(torch.stack([vectors[list(part)].mean(0) for part in made]) * math.sqrt(self.width))
        self.layers = nn.ModuleList()
        for source, inner in zip(model.layers[: recipe.layers], chosen, strict=True):
            layer = nn.Module()
            attention, mlp = source.self_attn, source.mlp
            for name, weight in (
                ("q", attention.q_proj.weight),
                ("k", attention.k_proj.weight),
                ("v", attention.v_proj.weight),
                ("o", attention.o_proj.weight),
                ("gate", mlp.gate_proj.weight[inner]),
                ("up", mlp.up_proj.weight[inner]),
                ("down", mlp.down_proj.weight[:, inner]),
            ):
                setattr(layer, name, nn.Parameter(weight.data.clone()))
            for name, norm in (
                ("qn", attention.q_norm),
                ("kn", attention.k_norm),
                ("n1", source.input_layernorm),
                ("n2", source.post_attention_layernorm),
                ("n3", source.pre_feedforward_layernorm),
                ("n4", source.post_feedforward_layernorm),
            ):
                setattr(layer, name, Norm(norm.weight.data + 1))
            self.layers.append(layer)
        self.bag = nn.Embedding(BUCKETS, recipe.bag)
        nn.init.normal_(self.bag.weight, std=0.05)
        self.n5, self.n6 = Norm(torch.ones(self.width)), Norm(torch.ones(recipe.bag))
        self.drop = nn.Dropout(recipe.dropout)
        self.hidden = nn.Linear(self.width + recipe.bag, recipe.hidden)
        features = recipe.hidden + self.width + recipe.bag
        self.heads = nn.ModuleList([nn.Linear(features, len(LABELS)), nn.Linear(features, GOEMOTIONS)])
        for head in self.heads:
            nn.init.constant_(head.bias, -2.0)  # labels are rare

    def logits(self, lines: Sequence[Line], head: int = 0) -> torch.Tensor:
        """Return (lines, labels) logits of one head."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self._pooled(lines)
        both = self.drop(torch.cat([self.n5(states), self.n6(self._bags(lines))], 1))
        hidden = self.drop(functional.gelu(self.hidden(both), approximate="tanh"))
        return self.heads[head](torch.cat([hidden, both], 1))

    def scores(self, lines: Sequence[Line], batch: int = 64) -> Floats:
        """Return logits (lines, 44) without dropout."""
        self.eval()
        order = sorted(range(len(lines)), key=lambda place: len(lines[place].pieces))
        result = np.zeros((len(lines), len(LABELS)), dtype=np.float32)
        with torch.no_grad():
            for start in range(0, len(order), batch):
                places = order[start : start + batch]
                result[places] = self.logits([lines[place] for place in places]).numpy()
        self.train()
        return result

    def _pooled(self, lines: Sequence[Line]) -> torch.Tensor:
        longest = max(len(line.pieces) for line in lines)
        ids = torch.zeros((len(lines), longest), dtype=torch.long)
        inside = torch.zeros((len(lines), longest))
        for row, line in enumerate(lines):
            ids[row, : len(line.pieces)] = torch.tensor(line.pieces)
            inside[row, : len(line.pieces)] = 1
        mask = (inside[:, None, None, :] > 0).expand(-1, 1, longest, -1)
        turn = _angles(longest, self.size)
        x = functional.embedding(ids, self.word)
        for layer in self.layers:
            h = layer.n1(x)
            q = layer.qn((h @ layer.q.T).unflatten(-1, (-1, self.size))).transpose(1, 2)
            k = layer.kn((h @ layer.k.T).unflatten(-1, (-1, self.size))).transpose(1, 2)
            v = (h @ layer.v.T).unflatten(-1, (-1, self.size)).transpose(1, 2)
            q, k = _turned(q, turn).to(v.dtype), _turned(k, turn).to(v.dtype)
            k, v = k.expand_as(q), v.expand_as(q)
            mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=self.size**-0.5)
            x = x + layer.n2(mixed.transpose(1, 2).flatten(2) @ layer.o.T)
            h = layer.n3(x)
            inner = functional.gelu(h @ layer.gate.T, approximate="tanh") * (h @ layer.up.T)
            x = x + layer.n4(inner @ layer.down.T)
        return (x.float() * inside[..., None]).sum(1) / inside.sum(1, keepdim=True)

    def _bags(self, lines: Sequence[Line]) -> torch.Tensor:
        rows = [np.asarray(line.grams) for line in lines]
        if self.training:
            kept = [row[np.random.random(len(row)) >= self.gram_dropout] for row in rows]
            rows = [row if len(row) else full for row, full in zip(kept, rows, strict=True)]
        counts = torch.tensor([len(row) for row in rows])
        offsets = torch.cumsum(counts, 0) - counts
        total = functional.embedding_bag(torch.from_numpy(np.concatenate(rows)), self.bag.weight, offsets, mode="sum")
        return total / counts.float().sqrt()[:, None]


@dataclass(frozen=True)
class Part:
    """Lines with targets (lines, labels) for one head; seen `times` in every epoch."""

    lines: Sequence[Line]
    targets: Floats
    head: int = 0
    times: int = 1


def train_student(
    student: Student, recipe: StudentRecipe, parts: Sequence[Part], tune: Part, say: Callable[[str], None], out: Path
) -> list[float]:
    """Train on `parts`; return macro AUROC on `tune` after each epoch. The state after each stands in `out`."""
    rng = random.Random(recipe.seed)
    torch.manual_seed(recipe.seed)
    np.random.seed(recipe.seed)
    plan = [batch for _ in range(recipe.epochs) for batch in _epoch(parts, recipe.batch, rng)]
    marks = {len(plan) * (i + 1) // recipe.epochs: i + 1 for i in range(recipe.epochs)}
    named = list(student.named_parameters())
    groups: list[dict[str, Any]] = [
        {"params": [v for n, v in named if n.startswith(("word", "layers"))], "lr": recipe.rate},
        {"params": [v for n, v in named if n.startswith("bag")], "lr": recipe.bag_rate},
        {"params": [v for n, v in named if n.startswith(("hidden", "heads", "n5", "n6"))], "lr": recipe.head_rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay, fused=True)
    warm = max(1, int(recipe.warmup * len(plan)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, (len(plan) - step) / max(1, len(plan) - warm))
    )
    figures: list[float] = []
    started, running = time.monotonic(), 0.0
    student.train()
    for step, (part, places) in enumerate(plan, 1):
        target = torch.from_numpy(part.targets[places])
        loss = functional.binary_cross_entropy_with_logits(
            student.logits([part.lines[place] for place in places], part.head), target
        )
        loss.backward()
        nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        running = 0.98 * running + 0.02 * float(loss.detach())
        if step % 100 == 0:
            say(f"{step}/{len(plan)} steps, {time.monotonic() - started:.0f} s, loss {running:.4f}")
        if step in marks:
            figures.append(float(np.nanmean(auroc(student.scores(tune.lines), tune.targets))))
            say(f"epoch {marks[step]}: macro AUROC on the tuning rows {figures[-1]:.4f}")
            torch.save(student.state_dict(), out / "student.pt")
    return figures


def _epoch(parts: Sequence[Part], size: int, rng: random.Random) -> list[tuple[Part, list[int]]]:
    """Return the batches of one epoch, each of one part and of lines of like length, in random order."""
    batches = []
    for part in parts:
        order = rng.sample(range(len(part.lines)), len(part.lines)) * part.times
        for start in range(0, len(order), size * 40):
            group = sorted(order[start : start + size * 40], key=lambda place: len(part.lines[place].pieces))
            batches += [(part, group[begin : begin + size]) for begin in range(0, len(group), size)]
    rng.shuffle(batches)
    return batches


def _strongest(
    model: Any, tokenizer: PreTrainedTokenizerFast, recipe: StudentRecipe, samples: Sequence[str]
) -> list[torch.Tensor]:
    """Return, per layer, the feed-forward neurons whose output is largest over the samples: mean |value| times |column|."""
    sums = [torch.zeros(model.config.intermediate_size) for _ in range(recipe.layers)]

    def note(place: int) -> Callable[..., None]:
        def hook(_module: Any, inputs: tuple[torch.Tensor]) -> None:
            sums[place] += inputs[0].abs().sum((0, 1))

        return hook

    hooks = [model.layers[i].mlp.down_proj.register_forward_pre_hook(note(i)) for i in range(recipe.layers)]
    layers, model.layers = model.layers, model.layers[: recipe.layers]
    with torch.no_grad():
        for text in samples:
            model(input_ids=torch.tensor([tokenizer.encode(text)]))
    model.layers = layers
    for hook in hooks:
        hook.remove()
    strength = [total * layers[i].mlp.down_proj.weight.norm(dim=0) for i, total in enumerate(sums)]
    return [values.topk(recipe.inner).indices.sort().values for values in strength]


def _angles(length: int, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return cosine and sine (length, size) of the rotary angles (Su et al. 2021)."""
    frequency = _THETA ** (-torch.arange(0, size, 2).float() / size)
    angle = torch.arange(length).float()[:, None] * frequency
    both = torch.cat([angle, angle], 1)
    return both.cos(), both.sin()


def _turned(x: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    left, right = x.chunk(2, -1)
    return x * turn[0] + torch.cat([-right, left], -1) * turn[1]

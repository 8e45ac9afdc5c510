"""Recipes of training: every number of a run, read from a YAML file; the keys are the fields of the two classes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from scenarios._yaml import read
from transcript.errors import FileError, UsageError

SHIPPED = Path(__file__).parent / "recipes"
Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
AboveZero = Annotated[float, Field(gt=0)]
Least = Annotated[float, Field(ge=0)]
Precision = Literal["fp32", "bf16", "nf4"]
Reason = Literal[
    "speaker", "place", "level", "emotion", "leak", "repeat", "own", "graded", "edit", "retry", "ranked"
]  # of a pair
Kind = TypeVar("Kind", bound="Recipe")


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Recipe:
    """What both kinds of run need.

    `base` is `embedded`, or a folder or hub id of transformers. `precision` is that of the frozen weights: `bf16` products
    under autocast, `nf4` four bits with double quantisation. `warmup` is a share of the steps, `max_length` in tokens;
    `batch` sequences go through at once on each device, and `accumulation` such batches make a step. `threads` 0: all.
    """

    base: str
    seed: int
    epochs: AboveZero
    max_length: Positive
    learning_rate: AboveZero
    warmup: Share
    batch: Positive
    accumulation: Positive
    weight_decay: Least
    precision: Precision
    checkpoint_steps: Positive
    threads: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class SftRecipe(Recipe):
    """Supervised fine-tuning of a new LoRA; `neftune` is the alpha of the embeddings' noise (arXiv:2310.05914), 0 is off."""

    rank: Positive
    alpha: Positive
    dropout: Share
    neftune: Least


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class DpoRecipe(Recipe):
    """Direct preference optimisation (arXiv:2305.18290) of an adapter; `beta` holds it to where it started.

    `sft` is the weight of the plain likelihood of the chosen line beside the preference (RPO, arXiv:2404.19733); at most
    `pairs` are used, evenly for every one of `reasons` (() for all; one named twice gets twice as many), and a sixth as many
    held-out ones measure.
    """

    beta: AboveZero
    sft: Least = 0.0
    pairs: Positive = 100_000
    reasons: tuple[Reason, ...] = ()


def load_recipe(name: Path, kind: type[Kind]) -> Kind:
    """Read a recipe, a file or the name of one that ships; FileError names the key that is missing, unknown or wrong."""
    file = name if name.exists() or name.suffix else SHIPPED / f"{name}.yaml"
    if not file.exists():
        shipped = ", ".join(sorted(path.stem for path in SHIPPED.glob("*.yaml")))
        raise UsageError(f"--recipe {name}: no such file; give one, or one that ships: {shipped}")
    document = read(file)
    if document.problems:
        problem = document.problems[0]
        raise FileError(file, problem.text(), line=problem.place.line, key=problem.place.key)
    try:
        return TypeAdapter(kind).validate_python(document.value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = document.place(first["loc"])
        what = f"{first['msg']}; the keys are those of {kind.__name__}"
        raise FileError(file, what, line=place.line, key=".".join(map(str, first["loc"]))) from error

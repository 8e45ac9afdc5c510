"""What supervised and preference training share: the model with its adapter, checkpoints, the log and its picture."""

from __future__ import annotations

import ctypes
import hashlib
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from model.huggingface import four_bits
from model.repository import adapter_folder
from model.weights import drama_adapter, embedded_weights
from training.base import converted, load_base
from training.recipe import Recipe
from transcript.errors import ModelError
from transcript.record import write_atomically

Report = Callable[[int, int, str], None]  # step, steps, what is to be said of it
EMBEDDED = "embedded"
_MMAP_MAX, _TRIM_THRESHOLD, _TOP_PAD = -4, -1, -2  # of mallopt(3), in malloc.h
_STATE = "trainer_state.json"  # the last file of a checkpoint that is written


def quiet() -> None:
    """Keep the libraries' own bars and notices off the terminal: what happens is reported."""
    import datasets
    from transformers.utils import logging as notices

    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    notices.set_verbosity_error()
    notices.disable_progress_bar()
    datasets.disable_progress_bars()


def keep_memory() -> None:
    """Let the C library keep what tensors free, for the next ones; for good, in this process.

    glibc gives large blocks back to the system and asks for them anew, page by page, at every operation. Where there is no
    `mallopt` (macOS, Windows, musl) nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        for parameter, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1), (_TOP_PAD, 1 << 26)):
            mallopt(parameter, value)


def base_folder(recipe: Recipe, cache: Path) -> str:
    """Return what transformers loads as the recipe's base: a folder or hub id; `cache` keeps the embedded one, converted."""
    if recipe.base != EMBEDDED:
        return str(Path(recipe.base).resolve()) if Path(recipe.base).is_dir() else recipe.base
    with _processes().main_process_first():
        return str(converted(embedded_weights(), cache).resolve())


def _processes() -> Any:
    """Return accelerate's view of the processes that train together: one, unless `accelerate launch` made more."""
    import torch
    from accelerate import PartialState

    return PartialState(cpu=not torch.cuda.is_available())


def frozen_base(recipe: Recipe, folder: str) -> Any:
    """Return the base of `folder` with frozen weights in the recipe's precision; raises ModelError when it cannot be had."""
    import torch

    torch.set_num_threads(recipe.threads or max(1, (os.cpu_count() or 1) // _processes().num_processes))
    if recipe.base == EMBEDDED and recipe.precision != "nf4":
        return load_base(Path(folder))
    from transformers import AutoModelForCausalLM

    options: dict[str, Any] = {"dtype": torch.float32 if recipe.precision == "fp32" else torch.bfloat16}
    if recipe.precision == "nf4":
        options["quantization_config"] = four_bits()
    try:
        model = AutoModelForCausalLM.from_pretrained(folder, **options)
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}: {str(error).splitlines()[0]}; give a folder or hub id of transformers") from error
    model.requires_grad_(False)
    return model


def adapter_to_go_on_from(given: Path, base: str, out: Path) -> Path:
    """Return the PEFT folder of what a run goes on from: a run, a folder of PEFT, an adapter in GGUF, or `embedded`, the shipped one.

    One in GGUF is written to `out`/start for the base in folder `base`. Raises ModelError for anything else.
    """
    from training.adapter import write_peft

    file = drama_adapter() if str(given) == EMBEDDED and not given.exists() else given
    if file.is_file():
        return write_peft(file, Path(base), out / "start")
    folder = adapter_folder(file)
    if folder is None:
        raise ModelError(
            f"{given}: is no adapter; give a run of `daebon train sft`, a .gguf of `daebon train adapter`, or {EMBEDDED}"
        )
    return folder


def fitted(model: Any, recipe: Recipe) -> Any:
    """Return a model with its adapter, its frozen products in bf16 where the recipe says so, ready for a trainer.

    The layers hold bf16 weights then: autocast alone would convert every frozen weight again for every sequence.
    """
    import torch

    if recipe.precision == "bf16":
        for module in model.modules():
            if hasattr(module, "base_layer"):
                module.base_layer.to(torch.bfloat16)
    return model


def half(recipe: Recipe) -> bool:
    """Say whether products are in bf16: where the recipe asks for it, and in four bits on a GPU."""
    import torch

    return recipe.precision == "bf16" or (recipe.precision == "nf4" and torch.cuda.is_available())


def settings(recipe: Recipe, out: Path) -> dict[str, Any]:
    """Return the arguments that TRL's SFTConfig and DPOConfig have in common."""
    import torch

    gpu = torch.cuda.is_available()
    return {
        "output_dir": str(out / "checkpoints"),
        "seed": recipe.seed,
        "num_train_epochs": recipe.epochs,
        "max_length": recipe.max_length,
        "learning_rate": recipe.learning_rate,
        "warmup_steps": recipe.warmup,
        "lr_scheduler_type": "cosine",
        "per_device_train_batch_size": recipe.batch,
        "gradient_accumulation_steps": recipe.accumulation,
        "train_sampling_strategy": "group_by_length" if recipe.batch > 1 else "random",
        "weight_decay": recipe.weight_decay,
        "max_grad_norm": 1.0,
        "bf16": half(recipe),
        "use_cpu": not gpu,
        "gradient_checkpointing": gpu and recipe.precision == "nf4",
        "save_steps": recipe.checkpoint_steps,
        "save_total_limit": 2,
        "logging_steps": 1,
        "disable_tqdm": True,
        "report_to": "none",
        "dataloader_pin_memory": gpu,
    }


def newest_checkpoint(out: Path) -> Path | None:
    """Return the newest whole checkpoint of a run: a kill may have left a newer one in part."""
    whole = [path.parent for path in (out / "checkpoints").glob(f"checkpoint-*/{_STATE}")]
    return max(whole, key=lambda path: int(path.name.partition("-")[2]), default=None)


def run(trainer: Any, out: Path, report: Report | None) -> dict[str, Any]:
    """Train to the end, from the newest checkpoint where there is one; write `steps.jsonl`, `loss.png`, `adapter/`.

    Returns steps, seconds, tokens of all processes since the start of this call, and the step it went on from. `trainer`
    counts the tokens that its process sees in `seen`.
    """
    import torch
    from transformers import PrinterCallback, TrainerCallback

    begun = time.perf_counter()

    class Log(TrainerCallback):  # type: ignore[misc]
        def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **_: Any) -> None:
            if report and logs and "loss" in logs and state.is_world_process_zero:
                speed = trainer.seen / max(time.perf_counter() - begun, 1e-9)
                report(state.global_step, state.max_steps, f"loss {float(logs['loss']):.3f}  {speed:.0f} tokens/s")

    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(Log())
    start = newest_checkpoint(out)
    trainer.train(resume_from_checkpoint=str(start) if start else None)
    seconds = time.perf_counter() - begun
    seen = int(trainer.accelerator.reduce(torch.tensor(trainer.seen, device=trainer.accelerator.device)))
    rows = [row for row in trainer.state.log_history if "loss" in row]
    whole = trainer.accelerator.get_state_dict(trainer.model_wrapped) if trainer.is_fsdp_enabled else None
    if trainer.is_world_process_zero():
        write_atomically(out / "steps.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        draw([(row["step"], float(row["loss"])) for row in rows], out / "loss.png")
        trainer.model.save_pretrained(out / "adapter", selected_adapters=["default"], state_dict=whole)
    return {
        "steps": trainer.state.global_step,
        "resumed_at": int(start.name.partition("-")[2]) if start else 0,
        "seconds": round(seconds, 1),
        "tokens": seen,
        "tokens_per_second": round(seen / seconds, 1),
        "processes": trainer.accelerator.num_processes,
        "threads": torch.get_num_threads(),
    }


def part(trainer: Any) -> bool:
    """Close the group of processes, if there is one, and say whether this is the process that writes the report.

    All wait for each other: gloo aborts a process that ends while its neighbours' connections are open (seen as signal 6).
    """
    import torch.distributed as group

    first: bool = trainer.is_world_process_zero()
    if group.is_available() and group.is_initialized():
        group.barrier()
        group.destroy_process_group()
    return first


def draw(losses: Sequence[tuple[int, float]], path: Path) -> None:
    """Draw the loss of every step and its running mean as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.5), layout="constrained")
    axes = figure.subplots()
    steps, values = [step for step, _ in losses], [loss for _, loss in losses]
    mean, smooth = 0.0, []
    for number, value in enumerate(values):
        mean = value if not number else 0.9 * mean + 0.1 * value
        smooth.append(mean)
    axes.plot(steps, values, color="#b8c4d0", linewidth=0.8, label="a step")
    axes.plot(steps, smooth, color="#24476b", linewidth=1.8, label="running mean")
    axes.set_xlabel("optimiser steps")
    axes.set_ylabel("loss")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)


def finish(out: Path, row: Mapping[str, Any]) -> dict[str, Any]:
    """Write the report of a run as `report.json`, with the hash of what it trained; return it."""
    digest = hashlib.sha256((out / "adapter" / "adapter_model.safetensors").read_bytes()).hexdigest()
    whole = {**row, "adapter_sha256": digest}
    write_atomically(out / "report.json", json.dumps(whole, ensure_ascii=False, indent=1) + "\n")
    return whole

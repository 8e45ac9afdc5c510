"""Calibrate a trained student on the tuning rows and write it as the file that `emotion.classifier` reads."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emotion.classifier import VERSION, Classifier
from emotion.labels import LABELS
from training.emotion.data import Rows
from training.emotion.metrics import Floats, auroc, best_thresholds, calibration_error, f1
from transcript.record import write_atomically

_SAMPLES = 600  # texts over which neurons are compared
_PULL = 8.0  # weight of the prior that a label needs no calibration, in rows


def calibrated(logits: Floats, truth: Floats) -> tuple[Floats, Floats]:
    """Return scale and shift (labels,) of the logits: Platt's (1999) logistic fit per label, pulled toward the fit of all."""

    def fit(z: Floats, y: Floats, start: tuple[float, float], pull: float) -> tuple[float, float]:
        def loss(at: Floats) -> float:
            margin = at[0] * z + at[1]
            return float((np.logaddexp(0, margin) - y * margin).sum() + pull / 2 * ((at - start) ** 2).sum())

        at = np.array(start)
        for _ in range(50):  # Newton's method on two parameters, each step halved until it helps
            p = 1 / (1 + np.exp(-np.clip(at[0] * z + at[1], -60, 60)))
            w = p * (1 - p)
            gradient = np.array([((p - y) * z).sum(), (p - y).sum()]) + pull * (at - start)
            cross = (w * z).sum()
            hessian = np.array([[(w * z * z).sum() + pull, cross], [cross, w.sum() + pull]]) + 1e-6 * np.eye(2)
            step, before = np.linalg.solve(hessian, gradient), loss(at)
            while abs(step).max() > 1e-9 and loss(at - step) > before:
                step = step / 2
            at = at - step
            if abs(step).max() < 1e-6:
                break
        return float(at[0]), float(at[1])

    common = fit(logits.ravel(), truth.ravel(), (1.0, 0.0), 0.0)
    pairs = [fit(logits[:, label], truth[:, label], common, _PULL) for label in range(logits.shape[1])]
    both = np.array(pairs, dtype=np.float32)
    return both[:, 0], both[:, 1]


def pack(
    work: Path, train: Rows, tune: Rows, inner: int, sources: Mapping[str, str], out: Path
) -> tuple[str, dict[str, float]]:
    """Write `out` from `work/student.pt`; return its sha256 and its figures on the tuning rows.

    Of each layer's feed-forward neurons only the `inner` that are strongest over rows of `train` are kept.
    """
    import torch

    state = torch.load(work / "student.pt", weights_only=True)
    _, pieces, scores = json.loads((work / "vocabulary.json").read_text(encoding="utf-8"))
    arrays: dict[str, Any] = {}
    for name, value in state.items():
        short = name.replace("heads.0.", "head.")
        if short.startswith(("head.", "hidden.")):
            short = short.replace(".weight", ".w").replace(".bias", ".b")
        short = short.removesuffix(".weight")
        if short.startswith("heads."):
            continue  # GoEmotions' head has done its work
        numbers = value.float().numpy()
        if numbers.ndim == 2 and not short.startswith("head."):
            arrays[f"{short}:q"], arrays[f"{short}:s"] = _bytes(numbers)
        else:
            arrays[short] = numbers.astype(np.float16)
    arrays["pieces"] = np.frombuffer("\n".join(pieces).encode(), np.uint8)
    arrays["scores"] = np.array(scores, np.float32)
    ones = np.ones(len(LABELS), np.float32)
    arrays |= {"scale": ones, "shift": ones * 0, "thresholds": ones * np.float32(0.3)}
    arrays["rates"] = train.labels.mean(0)
    about = {
        "version": VERSION,
        "labels": LABELS,
        "layers": len({name.split(".")[1] for name in state if name.startswith("layers.")}),
        "recipe": json.loads((work / "recipe.json").read_text()),
        "sources": dict(sources),
    }
    arrays["about"] = np.frombuffer(json.dumps(about, ensure_ascii=False, sort_keys=True).encode(), np.uint8)
    arrays = _pruned(arrays, Classifier(_npz(arrays), str(out)).neurons(train.texts[:_SAMPLES]), inner)
    raw = Classifier(_npz(arrays), str(out)).probabilities(tune.texts)
    logits = np.log(raw) - np.log1p(-raw)
    arrays["scale"], arrays["shift"] = calibrated(logits, tune.labels)
    scored = Classifier(_npz(arrays), str(out)).probabilities(tune.texts)
    arrays["thresholds"] = best_thresholds(scored, tune.labels)
    data = _npz(arrays)
    write_atomically(out, data)
    figures = {
        "AUROC": float(np.nanmean(auroc(scored, tune.labels))),
        "F1": float(f1(scored >= arrays["thresholds"], tune.labels).mean()),
        "calibration error before": calibration_error(raw, tune.labels),
        "after": calibration_error(scored, tune.labels),
    }
    return hashlib.sha256(data).hexdigest(), figures


def _pruned(arrays: Mapping[str, Any], strength: Sequence[Floats], inner: int) -> dict[str, Any]:
    """Keep the `inner` strongest feed-forward neurons of every layer."""
    result = dict(arrays)
    for place, values in enumerate(strength):
        kept = np.sort(np.argsort(-values)[:inner])
        for name in ("gate", "up"):
            for side in (":q", ":s"):
                key = f"layers.{place}.{name}{side}"
                result[key] = arrays[key][kept]
        result[f"layers.{place}.down:q"] = np.ascontiguousarray(arrays[f"layers.{place}.down:q"][:, kept])
    return result


def _bytes(numbers: Floats) -> tuple[Any, Any]:
    """Return (rows, columns) as int8 and one fp16 scale per row."""
    scale = (np.abs(numbers).max(1) / 127).astype(np.float16)
    safe = np.maximum(scale.astype(np.float32), 1e-8)
    return np.clip(np.rint(numbers / safe[:, None]), -127, 127).astype(np.int8), scale


def _npz(arrays: Mapping[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()

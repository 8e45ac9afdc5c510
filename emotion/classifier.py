"""The emotion classifier: 44 KOTE probabilities of a line, from a small encoder that numpy alone runs.

`classifier.npz` holds two encoder layers over sub-word pieces, the vectors of hashed n-grams, a small net over both, one
scale and shift per label that calibrate the outputs, and one threshold per label. `training.emotion` makes it;
classifier.md is its model card.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion._pieces import Pieces, grams, normalised
from emotion.labels import LABELS
from transcript.errors import FileError

Floats = NDArray[np.float32]

VERSION = 1  # of the file's layout
SHA256 = "e5f006a586c3fef3a3213d3f9cd2cbd956315a660f24b14f3863e2dbc60cf2cf"  # of the shipped classifier.npz
LONGEST = 128  # pieces that are read at once; a longer text is read in parts, see `Classifier.probabilities`
MOST_PARTS = 8  # what stands behind them (some 2,000 characters) is not read: a line is not a chapter
_UNKNOWN = 0  # the piece that stands for letters without one
_BATCH = 64  # parts that are read together, of like length


class Classifier:
    """Weights and pieces; `thresholds` (44,) is the probability from which a label counts as present.

    `rates` (44,) is how often each label is true in KOTE.
    """

    def __init__(self, data: bytes, name: str) -> None:
        """Read the bytes of a classifier file; raises FileError, naming `name`, for another layout or broken content."""
        try:
            arrays = dict(np.load(io.BytesIO(data), allow_pickle=False))
            self.about: dict[str, Any] = json.loads(arrays["about"].tobytes())
            if self.about["version"] != VERSION or tuple(self.about["labels"]) != LABELS:
                raise FileError(
                    name, f"is a classifier of version {self.about['version']}; this daebon reads {VERSION}"
                )
            self._pieces = Pieces(arrays["pieces"].tobytes().decode().split("\n"), arrays["scores"].tolist(), _UNKNOWN)
            packed = [key[:-2] for key in arrays if key.endswith(":q")]
            weights = {key: _unpacked(arrays[key + ":q"], arrays[key + ":s"]) for key in packed}
            weights |= {key: value.astype(np.float32) for key, value in arrays.items() if value.dtype == np.float16}
            self._word, self._bag = weights["word"], weights["bag"]
            self._layers = [_Layer(weights, f"layers.{i}.") for i in range(self.about["layers"])]
            self._norms = weights["n5"], weights["n6"]
            self._hidden = weights["hidden.w"].T.copy(), weights["hidden.b"]
            self._head = weights["head.w"].T.copy(), weights["head.b"]
            self._turn = _angles(weights["layers.0.qn"].size)
            self._scale, self._shift = arrays["scale"], arrays["shift"]
            self.thresholds: Floats = arrays["thresholds"]
            self.rates: Floats = arrays["rates"]
        except (KeyError, ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise FileError(name, f"is no classifier ({error}); install daebon again") from error

    @staticmethod
    def load(path: Path | None = None) -> Classifier:
        """Return the shipped classifier, read once; or that of `path`, as `python -m training.emotion` leaves it.

        Raises FileError when the shipped file is missing or is not the one that this version of daebon was built with.
        """
        if path is None:
            return _shipped()
        try:
            return Classifier(path.read_bytes(), str(path))
        except OSError as error:
            raise FileError(str(path), f"cannot be read ({error.strerror})") from error

    def probabilities(self, texts: Sequence[str], report: Callable[[int], None] | None = None) -> Floats:
        """Return the probability of every label, (texts, 44) float32; `report` is told how many texts are done.

        A text of more than `LONGEST` pieces is read in parts, `MOST_PARTS` at most; each label gets the mean over them.
        """
        parts: list[_Part] = []
        owner: list[int] = []
        for place, text in enumerate(texts):
            found = self._parts(normalised(text))
            parts += found
            owner += [place] * len(found)
        logits = np.empty((len(parts), len(LABELS)), dtype=np.float32)
        order = sorted(range(len(parts)), key=lambda part: len(parts[part].pieces))
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            logits[chosen] = self._logits([parts[part] for part in chosen])
            if report:
                report(min(len(texts), len(texts) * (start + len(chosen)) // len(order)))
        single = 1 / (1 + np.exp(-(logits * self._scale + self._shift)))
        if len(parts) == len(texts):
            return single  # type: ignore[no-any-return]
        sums, counts = (
            np.zeros((len(texts), len(LABELS)), dtype=np.float32),
            np.zeros((len(texts), 1), dtype=np.float32),
        )
        np.add.at(sums, owner, single)
        np.add.at(counts, owner, 1)
        return sums / counts

    def _parts(self, text: str) -> list[_Part]:
        pairs = self._pieces.encode(text, LONGEST * MOST_PARTS)
        if len(pairs) <= LONGEST:
            return [_Part([piece for piece, _ in pairs], grams(text))]
        parts, at = [], 0  # letters of SPACE + text that earlier parts cover
        for start in range(0, len(pairs), LONGEST):
            run = pairs[start : start + LONGEST]
            length = sum(letters for _, letters in run)
            parts.append(_Part([piece for piece, _ in run], grams(text[max(0, at - 1) : at - 1 + length].strip())))
            at += length
        return parts

    def neurons(self, texts: Sequence[str]) -> list[Floats]:
        """Return, for each layer, how strong each feed-forward neuron is over the texts: what training prunes by."""
        sums = [np.zeros(layer.inner, dtype=np.float32) for layer in self._layers]

        def note(place: int) -> Callable[[Floats], None]:
            return lambda inner: np.add(sums[place], np.abs(inner).sum(0), out=sums[place])

        for text in texts:
            self._pooled(self._parts(normalised(text))[:1], [note(place) for place in range(len(sums))])
        return [total * layer.reach for total, layer in zip(sums, self._layers, strict=True)]

    def _pooled(self, batch: Sequence[_Part], notes: Sequence[Callable[[Floats], None] | None]) -> Floats:
        longest = max(len(part.pieces) for part in batch)
        ids = np.zeros((len(batch), longest), dtype=np.intp)
        inside = np.zeros((len(batch), longest), dtype=np.float32)
        for row, part in enumerate(batch):
            ids[row, : len(part.pieces)] = part.pieces
            inside[row, : len(part.pieces)] = 1
        barred = (inside - 1)[:, None, None, :] * np.float32(1e4)
        turn = self._turn[0][:longest], self._turn[1][:longest]
        x = self._word[ids]
        for layer, note in zip(self._layers, notes, strict=True):
            x = layer.forward(x, barred, turn, note)
        return (x * inside[..., None]).sum(1) / inside.sum(1, keepdims=True)  # type: ignore[no-any-return]

    def _logits(self, batch: Sequence[_Part]) -> Floats:
        pooled = self._pooled(batch, [None] * len(self._layers))
        bags = np.stack([self._bag[part.grams].sum(0) / np.float32(len(part.grams) ** 0.5) for part in batch])
        both = np.concatenate([_normed(pooled, self._norms[0]), _normed(bags, self._norms[1])], 1)
        hidden = _gelu(both @ self._hidden[0] + self._hidden[1])
        return np.concatenate([hidden, both], 1) @ self._head[0] + self._head[1]


@dataclass(frozen=True)
class _Part:
    """A line, or a stretch of a long one, as the net reads it."""

    pieces: Sequence[int]
    grams: Sequence[int]


class _Layer:
    def __init__(self, weights: dict[str, Floats], prefix: str) -> None:
        part = {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}
        self._qkv = np.concatenate([part[name] for name in "qkv"]).T.copy()
        self._both = np.concatenate([part["gate"], part["up"]]).T.copy()
        self._o, self._down = part["o"].T.copy(), part["down"].T.copy()
        self._qn, self._kn = part["qn"] * np.float32(part["qn"].size ** -0.5), part["kn"]
        self._n1, self._n2, self._n3, self._n4 = (part[f"n{i}"] for i in range(1, 5))
        self.inner = len(self._down)
        self.reach = np.sqrt((self._down**2).sum(1))  # of a neuron's output in the states

    def forward(
        self, x: Floats, barred: Floats, turn: tuple[Floats, Floats], note: Callable[[Floats], None] | None = None
    ) -> Floats:
        """Return (lines, length, width) after attention to both sides and the gated net; `note` sees its neurons."""
        lines, length, width = x.shape
        size = self._qn.size
        mixed = (_normed(x.reshape(-1, width), self._n1) @ self._qkv).reshape(lines, length, -1, size)
        q = _turned(_normed(mixed[:, :, :-2], self._qn).transpose(0, 2, 1, 3), turn)
        k = _turned(_normed(mixed[:, :, -2:-1], self._kn).transpose(0, 2, 1, 3), turn)
        weight = q @ k.transpose(0, 1, 3, 2)
        weight += barred
        weight -= weight.max(-1, keepdims=True)
        np.exp(weight, out=weight)
        weight /= weight.sum(-1, keepdims=True)
        heads = (weight @ mixed[:, :, -1:].transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3).reshape(lines * length, -1)
        flat = x.reshape(-1, width) + _normed(heads @ self._o, self._n2)
        inner = _normed(flat, self._n3) @ self._both
        half = inner.shape[1] // 2
        inner = _gelu(inner[:, :half]) * inner[:, half:]
        if note:
            note(inner)
        flat += _normed(inner @ self._down, self._n4)
        return flat.reshape(lines, length, width)


def _gelu(x: Floats) -> Floats:
    """Apply the tanh form of GELU (Hendrycks & Gimpel 2016), as in training."""
    inner = x * x
    inner *= np.float32(0.044715 * 0.7978845608)
    inner += np.float32(0.7978845608)
    inner *= x
    np.tanh(inner, out=inner)
    inner += 1
    inner *= x
    inner *= np.float32(0.5)
    return inner


def _normed(x: Floats, weight: Floats) -> Floats:
    """Divide by the root mean square of the last axis (Zhang & Sennrich 2019)."""
    scale = np.einsum("...i,...i->...", x, x)[..., None]
    scale /= np.float32(x.shape[-1])
    scale += np.float32(1e-6)
    return x / np.sqrt(scale) * weight  # type: ignore[no-any-return]


def _turned(x: Floats, turn: tuple[Floats, Floats]) -> Floats:
    """Turn queries or keys by the rotary angles of their places (Su et al. 2021)."""
    half = x.shape[-1] // 2
    turned = x * turn[0] + np.concatenate([-x[..., half:], x[..., :half]], -1) * turn[1]
    return turned.astype(np.float32, copy=False)


@cache
def _angles(size: int) -> tuple[Floats, Floats]:
    """Return cosine and sine (LONGEST, size) of the rotary angles."""
    angle = np.arange(LONGEST)[:, None] * 10_000.0 ** (-np.arange(0, size, 2) / size)
    both = np.concatenate([angle, angle], 1)
    return np.cos(both).astype(np.float32), np.sin(both).astype(np.float32)


def _unpacked(values: NDArray[np.int8], scales: NDArray[np.float16]) -> Floats:
    """Return rows of bytes times the scale of their row."""
    return values.astype(np.float32) * scales.astype(np.float32)[:, None]


@cache
def _shipped() -> Classifier:
    file = files("emotion").joinpath("classifier.npz")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise FileError(str(file), f"cannot be read ({error.strerror}); install daebon again") from error
    if (found := hashlib.sha256(data).hexdigest()) != SHA256:
        raise FileError(str(file), f"has sha256 {found[:12]}…, this daebon needs {SHA256[:12]}…; install daebon again")
    return Classifier(data, str(file))

"""Compare models on scenes they never saw and on plain requests: no guard, no reranking, one line as it comes."""

from __future__ import annotations

import csv
import hashlib
import json
import random
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from agents import prompts
from agents.guards import NEAR_COPY, leaks, trigrams
from agents.speech import mismatch, settles
from emotion.classifier import Classifier
from emotion.labels import LABELS
from model.base import Sampling, StageModel
from model.config import ModelConfig
from model.load import digest, load_chat_model
from model.template import TEMPLATE
from training.corpus import NEUTRAL, CorpusScene
from training.dataset import line_prompts
from transcript.errors import FileError
from transcript.record import write_atomically

Report = Callable[[int, int, str], None]
REQUESTS = Path(__file__).parent / "prompts.tsv"
FORMS = ("template", "layout", "persona")
_LINE, _SCRIPT = (
    Sampling(max_tokens=most, temperature=0.7) for most in (64, 200)
)  # as in every table of docs/training.md
_ENDS = re.compile(r"[.!?…~][\"'”’)]*\Z")
_TAG = re.compile(r"(?:^|\s)[가-힣]{1,6}\s?[:：]")
_SPEECH = re.compile(r"[가-힣A-Za-z0-9 ]{1,12}(?:\s?\([^()]*\))?\s?[:：]\s?\S")
_RESAMPLED = 1_000


@dataclass(frozen=True)
class Line:
    """One generated line with what was asked of it. `copies` is the largest share of 3-grams with a line it could know."""

    scene: str
    form: str
    speaker: str
    text: str
    ended: bool
    level: str | None
    emotion: str | None
    probability: float | None  # of the intended emotion, by the classifier
    copies: float


@dataclass(frozen=True)
class Script:
    """The answer to a plain request, whole, with the keywords that it should take up."""

    request: str
    form: str
    text: str
    ended: bool
    keywords: tuple[str, ...]


def requests(file: Path = REQUESTS) -> list[tuple[str, tuple[str, ...]]]:
    """Read requests with their keywords; FileError names the line that has not both."""
    rows = []
    try:
        text = unicodedata.normalize("NFC", file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(file, f"cannot be read ({error}); give a table of requests and keywords") from error
    for number, row in enumerate(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE), 1):
        if row and not row[0].startswith("#") and row[0] != "request":
            if len(row) != 2 or not row[1]:
                raise FileError(file, "wants a request, a tab, and keywords with | between", line=number)
            rows.append((row[0], tuple(row[1].split("|"))))
    return rows


def spoken(
    model: StageModel, scenes: Sequence[CorpusScene], known: Sequence[str], each: int, seed: int, report: Report | None
) -> list[Line]:
    """Let a model say `each` lines of every scene, after the true lines before, with the bare layout and with the persona.

    `known` are the lines that it was trained on: a near copy of one of these, or of a line before, is counted.
    """
    classifier = Classifier.load()
    grams = [trigrams(line) for line in known]
    lines: list[Line] = []
    for number, scene in enumerate(scenes, 1):
        places = [place for place, line in enumerate(scene.lines) if line.speaker and line.to and place]
        step = max(1, len(places) // each)
        for place in places[step // 2 :: step][:each]:
            line = scene.lines[place]
            heard = [trigrams(before.text) for before in scene.lines[:place] if before.speaker]
            for form, prompt in line_prompts(scene, place).items():
                drawn = model.propose(prompt, 1, seed=seed, sampling=_LINE, stop=("\n",)).completions[0]
                text = unicodedata.normalize("NFC", drawn.text.split("\n", 1)[0]).strip()
                felt = line.emotion if line.emotion != NEUTRAL else None
                chance = float(classifier.probabilities([text])[0][LABELS.index(felt)]) if felt else None
                mine = trigrams(text)
                shares = [
                    len(mine & other) / min(len(mine), len(other)) for other in (*grams, *heard) if mine and other
                ]
                speaker = line.speaker or ""
                lines.append(
                    Line(
                        scene.name, form, speaker, text, drawn.ended, line.level, felt, chance, max(shares, default=0.0)
                    )
                )
        if report:
            report(number, len(scenes), scene.name)
    return lines


def written(
    model: StageModel, asked: Sequence[tuple[str, tuple[str, ...]]], seed: int, report: Report | None
) -> list[Script]:
    """Let a model answer plain requests, in LDCC's template and below a script's opening."""
    scripts = []
    for number, (request, keywords) in enumerate(asked, 1):
        openings = {"template": TEMPLATE.format(request=request), "layout": f"대본\n{prompts.neutral(request)}\n\nS#1."}
        for form, prompt in openings.items():
            drawn = model.propose(prompt, 1, seed=seed, sampling=_SCRIPT, stop=("### Prompt",)).completions[0]
            text = unicodedata.normalize("NFC", drawn.text).strip()
            scripts.append(Script(request, form, text, drawn.ended, keywords))
        if report:
            report(number, len(asked), request)
    return scripts


def line_figures(lines: Sequence[Line]) -> dict[str, float]:
    """Return the figures of generated lines: shares in 0..1, the mean probability of the intended emotion, distinct-2."""
    felt = [line.probability for line in lines if line.probability is not None]
    asked = [line for line in lines if line.level]
    return {
        "template leaks": _share(leaks(line.text) for line in lines),
        "cut off": _share(not line.ended or not _ENDS.search(line.text) for line in lines),
        "stays the speaker's": _share(bool(line.text) and not _TAG.search(line.text) for line in lines),
        "speech level kept": _share(
            settles(line.text, line.level) and not mismatch(line.text, line.level) for line in asked
        ),
        "speech level not broken": _share(not mismatch(line.text, line.level) for line in asked),
        "target emotion": sum(felt) / len(felt) if felt else float("nan"),
        "distinct-2": distinct([line.text for line in lines]),
        "near copies": _share(line.copies >= NEAR_COPY for line in lines),
    }


def script_figures(scripts: Sequence[Script]) -> dict[str, float]:
    """Return the figures of answers to plain requests."""
    rows = [[row for row in script.text.splitlines() if row.strip()] for script in scripts]
    return {
        "template leaks": _share("###" in script.text or "Prompt" in script.text for script in scripts),
        "cut off": _share(not script.ended for script in scripts),
        "lines with a speaker": _share(_SPEECH.match(row.strip()) is not None for each in rows for row in each),
        "keywords taken up": _share(any(word in script.text for word in script.keywords) for script in scripts),
        "distinct-2": distinct([script.text for script in scripts]),
    }


def distinct(texts: Sequence[str]) -> float:
    """Return distinct word pairs by all word pairs (distinct-2, Li et al. 2016)."""
    pairs = [pair for text in texts for words in [text.split()] for pair in pairwise(words)]
    return len(set(pairs)) / len(pairs) if pairs else float("nan")


def interval(
    groups: Sequence[Sequence[Any]], figures: Callable[[Sequence[Any]], Mapping[str, float]], seed: int
) -> dict[str, tuple[float, float]]:
    """Return the middle 95 % of every figure over resampled groups (bootstrap): scenes, or requests."""
    rng = random.Random(seed)
    drawn = [figures([one for group in rng.choices(groups, k=len(groups)) for one in group]) for _ in range(_RESAMPLED)]
    found = {}
    for name in drawn[0]:
        values = sorted(row[name] for row in drawn if row[name] == row[name])
        if values:
            found[name] = values[int(0.025 * len(values))], values[min(len(values) - 1, int(0.975 * len(values)))]
    return found


def evaluated(
    name: str,
    scenes: Sequence[CorpusScene],
    known: Sequence[str],
    asked: Sequence[tuple[str, tuple[str, ...]]],
    out: Path,
    *,
    each: int,
    seed: int,
    report: Report | None = None,
) -> dict[str, Any]:
    """Return the figures of one model, from `OUT/<model>.json` where the same weights were measured so before."""
    file = out / f"{re.sub(r'[^0-9A-Za-z가-힣.-]+', '-', name)}.json"
    config = ModelConfig.parse(name)
    key = {
        "model": name,
        "weights": digest(config),
        "each": each,
        "seed": seed,
        "texts": hashlib.sha256(repr((scenes, known, asked)).encode()).hexdigest(),
    }
    if file.exists():
        row: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if row["key"] == key:
            return row
    model = load_chat_model(config)
    try:
        lines = spoken(model, scenes, known, each, seed, report)
        scripts = written(model, asked, seed, report)
    finally:
        model.close()
    row = {"key": key, "sha256": [model.sha256, model.adapter_sha256], "figures": {}, "intervals": {}}
    for form in FORMS:
        mine = [line for line in lines if line.form == form]
        if mine:
            groups = [[line for line in mine if line.scene == scene.name] for scene in scenes]
            row["figures"][f"lines, {form}"] = line_figures(mine)
            row["intervals"][f"lines, {form}"] = interval(groups, line_figures, seed)
        whole = [script for script in scripts if script.form == form]
        if whole:
            row["figures"][f"requests, {form}"] = script_figures(whole)
            row["intervals"][f"requests, {form}"] = interval([[script] for script in whole], script_figures, seed)
    row["lines"] = [asdict(line) for line in lines]
    row["scripts"] = [asdict(script) for script in scripts]
    write_atomically(file, json.dumps(row, ensure_ascii=False, indent=1) + "\n")
    return row


def _share(values: Any) -> float:
    found = [bool(value) for value in values]
    return sum(found) / len(found) if found else float("nan")

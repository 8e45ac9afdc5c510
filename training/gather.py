"""The dataset: rows and pairs from the corpus, novels, everyday talk, your scripts and your takes, split without leakage."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents import prompts
from model.base import StageModel
from model.weights import embedded_weights
from training.base import tokenizer_in
from training.clean import structure
from training.corpus import CorpusScene, read_corpus
from training.dataset import (
    TAIL_SHARE,
    chatbot_rows,
    corpus_row,
    held_out,
    line_prompts,
    novel_rows,
    script_rows,
    take_rows,
    template_row,
)
from training.pairs import Pair, corpus_pairs, own_pairs, row_pairs, studio_pairs, take_pairs, write_pairs
from training.rows import OURS, Row, Split, write_rows
from training.sheet import graded_pairs
from transcript.branches import Branches
from transcript.errors import FileError
from transcript.reading import decoded
from transcript.record import read_transcript, write_atomically
from transcript.store import RunStore
from transcript.turn import Turn

Report = Callable[[int, int, str], None]
CORPUS = Path(__file__).parent / "corpus"
_STORE = ".sqlite"  # a run store among the takes: what was chosen in the studio


@dataclass(frozen=True)
class Sources:
    """What a dataset is made of; `novel`, `chatbot`, `whole` are numbers of rows, `draws` how often a scene's tails are drawn."""

    corpus: Path = CORPUS
    public: Path | None = None  # holds koconovel/ and chatbot-data/
    scripts: Sequence[Path] = ()
    takes: Sequence[Path] = ()
    draws: int = 2
    tails: float = (
        TAIL_SHARE  # of the spoken lines of a scene: so many are said after their speaker's prompt, as in play
    )
    novel: int = 30
    chatbot: int = 15
    whole: int | None = None  # scenes as the answer to a request; None: all
    own: StageModel | None = None  # says lines in the place of writers', to be told from them
    own_lines: int = 200  # in all, as many of each scene; one takes a second or two
    graded: Sequence[Path] = ()  # sheets with a reader's grades (`training.sheet`)


def gather(sources: Sources, out: Path, seed: int, report: Report | None = None) -> dict[str, Any]:
    """Write `rows.jsonl`, `pairs.jsonl`, `prompts.jsonl`, `prompts.csv`, `lengths.png`, `dataset.json` into `out`.

    Returns what the last one holds. Held out are the scenes of the corpus that `held_out.txt` names; rows of yours are all
    for training. Raises FileError for a source that cannot be read.
    """
    tokenizer = tokenizer_in(embedded_weights())
    scenes = read_corpus(sources.corpus)
    hidden = held_out(sources.corpus, scenes)
    named = {scene.name: scene for scene in scenes}
    pairs = [pair for sheet in sources.graded for pair in graded_pairs(sheet, named, hidden, seed)]
    rng = random.Random(seed)
    rows = [*_corpus(scenes, hidden, sources, rng), *_public(sources, rng)]
    for path in text_files(sources.scripts):
        rows += script_rows(path.stem, structure(decoded(path.read_bytes(), path)), rng)
    found = _files(sources.takes, "transcript.json", _STORE)
    takes = [(read_transcript(path), path.parent.name) for path in found if path.suffix != _STORE]
    rows += [row for take, name in takes for row in take_rows(take, f"take/{name}")]
    shuffled = [row for row in rows if row.split == "train"]
    rng.shuffle(shuffled)
    rows = [*shuffled, *(row for row in rows if row.split == "test")]
    asked = frozenset(rng.sample([scene.name for scene in scenes], min(sources.own_lines, len(scenes))))
    each = max(1, sources.own_lines // len(scenes))
    for number, scene in enumerate(scenes, 1):
        split: Split = "test" if scene.name in hidden else "train"
        drawn = random.Random(f"{seed} {scene.name}")
        pairs += corpus_pairs(scene, split, drawn)
        if sources.own and scene.name in asked:
            pairs += own_pairs(sources.own, scene, split, each, seed, drawn)
        if report:
            report(number, len(scenes), scene.name)
    for row in rows:
        if row.source.startswith("koconovel"):
            pairs += row_pairs(row, rng)
    played: dict[str, list[Turn]] = {}
    for path in found:
        if path.suffix == _STORE:
            pairs += _chosen(path, played)
    for take, name in takes:
        pairs += take_pairs(take, f"take/{name}", played.get(name, ()))
    rng.shuffle(pairs)
    write_rows(rows, out / "rows.jsonl")
    kinds = write_pairs(pairs, out / "pairs.jsonl")
    told = list(_asked(rows, (scene for scene in scenes if scene.name not in hidden)))
    write_atomically(out / "prompts.jsonl", "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in told))
    write_atomically(out / "prompts.csv", "\ufeff" + _csv(one for one in told if one["kind"] == "scene"))
    lengths = _histogram(rows, tokenizer, out / "lengths.png")
    summary = {
        "seed": seed,
        "rows": dict(Counter(f"{row.split} {row.kind} {row.source.partition('/')[0]}" for row in rows)),
        "pairs": dict(kinds),
        "licences": dict(Counter(row.licence for row in rows)),
        "held_out": sorted(hidden),
        "tokens": lengths,
    }
    write_atomically(out / "dataset.json", json.dumps(summary, ensure_ascii=False, indent=1) + "\n")
    return summary


def _chosen(path: Path, played: dict[str, list[Turn]]) -> list[Pair]:
    """Return the pairs of a run store, and note in `played` every turn of each run, by its name."""
    store = RunStore(path)
    try:
        for run in store.runs():
            played.setdefault(run.id, []).extend(Branches(store, run.id).made(revised=True))
        return list(studio_pairs(store))
    finally:
        store.close()


def _corpus(scenes: Sequence[CorpusScene], hidden: frozenset[str], sources: Sources, rng: random.Random) -> list[Row]:
    taught = [scene for scene in scenes if scene.name not in hidden]
    rows = [corpus_row(scene, rng, sources.tails) for scene in taught for _ in range(sources.draws)]
    most = len(taught) if sources.whole is None else min(sources.whole, len(taught))
    rows += [template_row(scene, rng) for scene in rng.sample(taught, most)]
    for scene in scenes:
        if scene.name in hidden:  # tails that never change, so that figures can be compared
            rows.append(corpus_row(scene, random.Random(f"test {scene.name}")).of("test"))
    return rows


def _public(sources: Sources, rng: random.Random) -> list[Row]:
    if not sources.public:
        return []
    novels = novel_rows(sources.public / "koconovel", rng) if sources.novel else []
    talk = chatbot_rows(sources.public / "chatbot-data", rng) if sources.chatbot else []
    return [*novels[: sources.novel], *talk[: sources.chatbot]]


def text_files(paths: Iterable[Path]) -> list[Path]:
    """Return the .txt files of folders, at any depth, and files as they are; FileError for one that is not there."""
    return _files(paths, ".txt")


def _files(paths: Iterable[Path], *ends: str) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise FileError(path, "is not there; give a folder or a file")
        inside = sorted(one for one in path.rglob("*") if one.name.endswith(ends)) if path.is_dir() else [path]
        if not inside:
            raise FileError(path, f"holds no {' or '.join(ends)}; give another folder")
        found += inside
    return found


def _asked(rows: Iterable[Row], scenes: Iterable[CorpusScene]) -> Iterator[dict[str, str]]:
    """Yield what other trainers take: whole scenes on request, then every line of a scene after its speaker's prompt."""
    for row in rows:
        if row.kind == "template" and row.split == "train":
            request, script = (piece.text for piece in row.pieces)
            instruction = request.removeprefix("### Prompt:\n").partition("\n\n### Answer:")[0]
            yield _instruction("scene", instruction, script.strip(), row.source, row.licence)
    for scene in scenes:
        for place, line in enumerate(scene.lines):
            if line.speaker and line.to:
                prompt = line_prompts(scene, place)["persona"]
                told = {"emotion": line.emotion or "", "level": line.level or "", "speaker": line.speaker}
                yield {**_instruction("line", prompt, prompts.neutral(line.text), f"corpus/{scene.name}", OURS), **told}


def _instruction(kind: str, instruction: str, output: str, source: str, licence: str) -> dict[str, str]:
    told = {"instruction": instruction, "output": output, "kind": kind, "emotion": "", "level": "", "speaker": ""}
    return {**told, "source": source, "licence": licence}


def _csv(rows: Iterable[Mapping[str, str]]) -> str:
    """Return rows as the table of two columns with which such training began."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(("instruction", "output"))
    writer.writerows((row["instruction"], row["output"]) for row in rows)
    return table.getvalue()


def _histogram(rows: Sequence[Row], tokenizer: Any, path: Path) -> Mapping[str, float]:
    """Draw the lengths of the rows in tokens of the embedded model, trained and held out; return the mean and the longest."""
    from matplotlib.figure import Figure

    counts = tokenizer([row.text for row in rows], return_attention_mask=False)["input_ids"]
    lengths = [
        [len(ids) for ids, row in zip(counts, rows, strict=True) if row.split == split] for split in ("train", "test")
    ]
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.hist(lengths, bins=30, label=["train", "held out"], color=["#24476b", "#d08a3e"], stacked=True)
    axes.set_xlabel("tokens of a row")
    axes.set_ylabel("rows")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)
    every = [length for split in lengths for length in split]
    return {"mean": round(sum(every) / max(1, len(every)), 1), "longest": max(every, default=0), "all": sum(every)}

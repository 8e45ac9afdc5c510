"""Train and pack the emotion classifier: `python -m training.emotion --data DIR --work DIR`; goes on where it stopped.

Steps, each leaving its result in --work: `teacher` fine-tunes the first layers of the embedded model on KOTE, `label`
lets it read lines without labels, `student` trains the small encoder on both, `pack` calibrates it on the tuning rows
and writes `classifier.npz` with its hash. Nothing here reads KOTE's test split; `python -m benchmarks.emotion` does.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from model.weights import embedded_weights
from training.base import converted
from training.emotion import data
from training.emotion.pack import pack
from training.emotion.student import Part, Student, StudentRecipe, encoder, train_student, vocabulary
from training.emotion.teacher import BOTH_WAYS, FORWARD, Teacher, TeacherRecipe, train_teacher
from transcript.errors import DaebonError

STEPS = ("teacher", "label", "student", "pack")
CORPUS, DRAMA = Path("training/corpus"), Path("training/emotion/drama.tsv")
LABELLED = 100_000  # lines that the teacher reads
LAST = "both-ways"  # folder of the teacher's last stage


def say(message: str) -> None:
    """Tell the progress on stderr."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {message}\n")


def drama(split: str) -> data.Rows:
    """Return the labelled lines of the corpus."""
    return data.scenes(CORPUS, DRAMA, split)


def teacher(shared: Path, work: Path, base: Path) -> None:
    """Fine-tune the teacher, stage by stage; leaves each stage's weights in its folder, and logits on KOTE's rows."""
    recipe = TeacherRecipe()
    net = Teacher(base, recipe)
    train, tune = data.kote(shared, "train"), data.kote(shared, "tune")
    both = data.joined(train, drama("train"))
    for name, stage, rows, other in (
        ("forward", FORWARD, train, data.goemotions(shared)),
        (LAST, BOTH_WAYS, both, None),
    ):
        done = work / name / "figures.json"
        if done.exists():
            net.restore(done.parent)
            continue
        figures = train_teacher(net, recipe, stage, rows, other, tune, done.parent, say)
        done.write_text(json.dumps(figures), encoding="utf-8")
    for split, rows in (("train", train), ("tune", tune)):
        np.save(work / f"teacher-{split}.npy", net.scores(rows.texts))


def label(shared: Path, work: Path, base: Path) -> None:
    """Let the teacher read the lines without labels; leaves `teacher-unlabelled.npy`, written every 5,000 lines."""
    net = Teacher(base, TeacherRecipe())
    net.restore(work / LAST)
    net.look(BOTH_WAYS.both)
    texts = data.unlabelled(shared, seed=7)[:LABELLED]
    for start in range(0, len(texts), 5_000):
        part = work / f"unlabelled-{start:06}.npy"
        if not part.exists():
            np.save(part, net.scores(texts[start : start + 5_000]))
        say(f"{min(start + 5_000, len(texts))}/{len(texts)} lines labelled")
    parts = sorted(work.glob("unlabelled-*.npy"))
    np.save(work / "teacher-unlabelled.npy", np.concatenate([np.load(part, allow_pickle=False) for part in parts]))


def student(shared: Path, work: Path, base: Path) -> None:
    """Train the student; leaves `student.pt` and `vocabulary.json`."""
    recipe = StudentRecipe()
    train, tune, more = data.kote(shared, "train"), data.kote(shared, "tune"), data.goemotions(shared)
    texts = data.unlabelled(shared, seed=7)
    known = vocabulary(base, [*texts, *train.texts])
    (work / "vocabulary.json").write_text(json.dumps([known.made, known.pieces, known.scores]), encoding="utf-8")
    encode = encoder(known.pieces, known.scores)
    soft = {
        name: 1 / (1 + np.exp(-np.load(work / f"teacher-{name}.npy", allow_pickle=False)))
        for name in ("train", "unlabelled")
    }
    mixed = (recipe.hard * train.labels + (1 - recipe.hard) * soft["train"]).astype(np.float32)
    say(f"{len(known.pieces)} pieces, {len(soft['unlabelled'])} lines with soft labels")
    acted = drama("train")
    parts = [
        Part(encode(acted.texts), acted.labels, times=recipe.drama_times),
        Part(encode(train.texts), mixed, times=recipe.kote_times),
        Part(encode(texts[: len(soft["unlabelled"])]), soft["unlabelled"].astype(np.float32)),
        Part(encode(more.texts[: recipe.goemotions]), more.labels[: recipe.goemotions], head=1),
    ]
    net = Student(base, known.made, recipe, train.texts[:200])
    train_student(net, recipe, parts, Part(encode(tune.texts), tune.labels), say, work)
    about = {
        "teacher": asdict(TeacherRecipe()),
        "forward": asdict(FORWARD),
        LAST: asdict(BOTH_WAYS),
        "student": asdict(recipe),
    }
    (work / "recipe.json").write_text(json.dumps(about), encoding="utf-8")


def write(shared: Path, work: Path, out: Path) -> None:
    """Calibrate on the tuning rows and write the file that ships; says its figures there and its hash."""
    train, tune = data.kote(shared, "train"), data.joined(data.kote(shared, "tune"), drama("tune"))
    sources = data.sources(shared, DRAMA)
    digest, figures = pack(work, train, tune, StudentRecipe().shipped, sources, out)
    say(f"{out}: {out.stat().st_size / 1e6:.1f} MB, sha256 {digest}")
    say("on the tuning rows: " + ", ".join(f"{name} {value:.4f}" for name, value in figures.items()))


def main() -> int:
    """Run the steps that have not been run in --work."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the shared data (kote, chatbot-data, …)")
    parser.add_argument("--work", type=Path, required=True, help="folder for what the steps leave")
    parser.add_argument("--out", type=Path, default=Path("emotion/classifier.npz"), help="where `pack` writes")
    parser.add_argument("--step", choices=STEPS, action="append", help="only this step; default all that are not done")
    arguments = parser.parse_args()
    shared, work = arguments.data, arguments.work
    work.mkdir(parents=True, exist_ok=True)
    wanted = arguments.step or STEPS
    try:
        base = converted(embedded_weights(), work / "base")
        if "teacher" in wanted and (arguments.step or not (work / "teacher-tune.npy").exists()):
            teacher(shared, work, base)
        if "label" in wanted and (arguments.step or not (work / "teacher-unlabelled.npy").exists()):
            label(shared, work, base)
        if "student" in wanted and (arguments.step or not (work / "recipe.json").exists()):
            student(shared, work, base)
        if "pack" in wanted:
            write(shared, work, arguments.out)
    except DaebonError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

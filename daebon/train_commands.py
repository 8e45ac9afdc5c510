"""`daebon train …`: from a pile of scripts to a tuned model, a step at a time."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated, Literal

import typer

from daebon.terminal import progress
from daebon.tuning_commands import adapter, dpo, evaluate, sft
from transcript.errors import UsageError

app = typer.Typer(
    help="Make a tuned model from your own scripts, a step at a time: ingest, dataset, sft, sheet, dpo, adapter, evaluate.",
    no_args_is_help=True,
)


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="DIR…", help="Folders of scripts, or files.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the texts and the report.")] = Path("ingested"),
    merge_pdf: Annotated[
        Path | None,
        typer.Option("--merge-pdf", metavar="FILE.pdf", help="Also set all texts as one PDF with bookmarks."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=0, help="Processes that read; 0: one a core.")] = 0,
) -> None:
    """Read a pile of scripts into plain text: HWP, HWPX, PDF, DOCX, FDX, Fountain, txt, md.

    Every document ends in OUT/texts as UTF-8 and in OUT/ingest.json with its
    source, sha256 and pages, or with the reason why it could not be read (a
    scan, a password, damage). Copies are found by bytes, by words, and when most
    of the text is the same. A second run reads only what is new.

      daebon train ingest 대본/ --out ingested
      daebon train ingest 대본/ 추가.hwp --merge-pdf 모음.pdf
    """
    from training.ingest import ingest as read_all
    from training.ingest import summary
    from training.merged import merge_pdf as merged

    with progress("documents") as told:
        entries = read_all(paths, out, jobs=jobs, report=lambda done, total: told(done, total or 0, ""))
    counts = summary(entries)
    words = {"read": "read", "copy": "copies", "near": "nearly the same as another", "unreadable": "not readable"}
    typer.echo(", ".join(f"{counts[status]} {word}" for status, word in words.items() if counts[status]))
    for entry in entries:
        if entry.reason:
            typer.echo(f"  {entry.source}: {entry.reason}")
        elif entry.of:
            typer.echo(f"  {entry.source}: {words[entry.status]}: {entry.of}")
    typer.echo(f"texts in {out / 'texts'}, report {out / 'ingest.json'}")
    if merge_pdf:
        typer.echo(f"{merge_pdf}: {merged(entries, out, merge_pdf)} pages")


@app.command()
def clean(
    paths: Annotated[list[Path], typer.Argument(metavar="DIR…", help="Texts: what ingest wrote, or any .txt.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for what comes out.")] = Path("cleaned"),
    mode: Annotated[
        Literal["strip", "structure"],
        typer.Option("--mode", help="Take scene changes and page matter out, or say what every line is."),
    ] = "structure",
) -> None:
    """Clean scripts: `strip` takes headings, transitions and page matter out, `structure` reads the parts.

    Names may stand before a tab, a colon or a gap, or on lines of their own, or
    speech in quotation marks. `strip` writes a .txt for each file, `structure` a
    .jsonl: line, part, speaker and text. Nothing is changed in what you give.

      daebon train clean ingested/texts --mode strip --out stripped
    """
    import json
    from collections import Counter
    from dataclasses import asdict

    from training.clean import stripped, structure
    from training.gather import text_files
    from transcript.reading import decoded
    from transcript.record import write_atomically

    files = text_files(paths)
    parts: Counter[str] = Counter()
    with progress("cleaning") as told:
        for number, file in enumerate(files, 1):
            text = decoded(file.read_bytes(), file)
            if mode == "strip":
                write_atomically(out / f"{file.stem}.txt", stripped(text))
            else:
                rows = (
                    json.dumps(asdict(line), ensure_ascii=False) for line in structure(text) if line.part != "blank"
                )
                write_atomically(out / f"{file.stem}.jsonl", "".join(f"{row}\n" for row in rows))
            parts.update(line.part for line in structure(text))
            told(number, len(files), file.name)
    for part, count in parts.most_common():
        if part != "blank":
            typer.echo(f"{count:7} {part}")
    write_atomically(out / "clean.json", json.dumps({"mode": mode, "files": len(files), "parts": parts}) + "\n")
    typer.echo(f"{len(files)} files in {out}")


@app.command()
def split(
    paths: Annotated[list[Path], typer.Argument(metavar="DIR…", help="Texts: what ingest wrote, or any .txt.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for lines.jsonl, scenes.jsonl, emotions.json.")] = Path(
        "tagged"
    ),
) -> None:
    """Tag every spoken line and scene with its emotion, and report by emotion.

    The classifier reads the line (44 labels, brought to eight basic emotions,
    valence and arousal), the lexicon finds the rated words in it.

      daebon train split ingested/texts --out tagged
    """
    from training.gather import text_files
    from training.tagging import tag

    with progress("reading") as told:
        found = tag(text_files(paths), out, told)
    typer.echo(f"{found['lines']} spoken lines in {found['scenes']} scenes\n")
    for basic, row in found["emotions"].items():
        typer.echo(f"{basic}\t{row['lines']} lines\t{row['scenes']} scenes\t{', '.join(row['words'])}")
        if row["strongest"]:
            typer.echo(f"\t“{row['strongest'][0]}”")
    typer.echo(f"\nin {out}")


@app.command()
def dataset(
    out: Annotated[Path, typer.Option("--out", help="Folder for rows, pairs and the report.")] = Path("dataset"),
    scripts: Annotated[
        list[Path] | None,
        typer.Option("--scripts", metavar="DIR", help="Your scripts as text: what ingest wrote. May be given again."),
    ] = None,
    takes: Annotated[
        list[Path] | None,
        typer.Option(
            "--takes",
            metavar="DIR",
            help="Takes you played, with their daebon.sqlite: your lines, edits, retries and picks teach.",
        ),
    ] = None,
    public: Annotated[
        Path | None, typer.Option("--public", metavar="DIR", help="Folder with koconovel/ and chatbot-data/.")
    ] = None,
    corpus: Annotated[Path | None, typer.Option("--corpus", metavar="DIR", help="Another folder of scenes.")] = None,
    draws: Annotated[int, typer.Option("--draws", min=1, help="Renderings of a scene, each with other cues.")] = 2,
    tails: Annotated[
        float,
        typer.Option(
            "--tails", min=0.0, max=1.0, help="Share of lines said after their speaker's prompt; they cost most."
        ),
    ] = 0.5,
    novel: Annotated[int, typer.Option("--novel", min=0, help="Rows of koconovel at most.")] = 30,
    chatbot: Annotated[int, typer.Option("--chatbot", min=0, help="Rows of chatbot-data at most.")] = 15,
    whole: Annotated[
        int | None, typer.Option("--whole", min=0, help="Scenes as the answer to a request, at most; default: all.")
    ] = None,
    own: Annotated[
        str | None,
        typer.Option("--own", metavar="MODEL", help="Also pair writers' lines with what this model says there."),
    ] = None,
    own_lines: Annotated[int, typer.Option("--own-lines", min=1, help="Lines that it says, in all.")] = 200,
    graded: Annotated[
        list[Path] | None,
        typer.Option("--graded", metavar="FILE", help="A sheet of `train sheet` that you graded. May be given again."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Draws what stands where.")] = 17,
) -> None:
    """Make training rows and preference pairs.

    A row is a scene as the engine's own prompts show it, with loss on what is
    spoken only; held-out scenes of the corpus measure and never teach. OUT then
    holds rows.jsonl and pairs.jsonl for sft and dpo, prompts.jsonl and prompts.csv
    (instruction, output) for other trainers, lengths.png, and dataset.json with
    the licence of every source.

      daebon train dataset --scripts ingested/texts --takes out --out dataset
      daebon train dataset --own embedded:mine.gguf --out dataset
      daebon train dataset --graded sheet.txt --out dataset
    """
    from model import ModelConfig, load_chat_model
    from training.gather import CORPUS, Sources, gather

    model = load_chat_model(ModelConfig.parse(own)) if own else None
    sources = Sources(
        corpus=corpus or CORPUS,
        public=public,
        scripts=scripts or (),
        takes=takes or (),
        draws=draws,
        tails=tails,
        novel=novel,
        chatbot=chatbot,
        whole=whole,
        own=model,
        own_lines=own_lines,
        graded=graded or (),
    )
    try:
        with progress("scenes") as told:
            report = gather(sources, out, seed, told)
    finally:
        if model:
            model.close()
    for name, count in report["rows"].items():
        typer.echo(f"{count:6} rows   {name}")
    for name, count in report["pairs"].items():
        typer.echo(f"{count:6} pairs  {name}")
    for licence, count in report["licences"].items():
        typer.echo(f"{count:6} rows under {licence}")
    typer.echo(f"in {out}; the report is {out / 'dataset.json'}")


@app.command()
def sheet(
    model: Annotated[str, typer.Option("--model", metavar="MODEL", help="Whose lines are graded.")] = "embedded",
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The sheet.")] = Path("sheet.txt"),
    corpus: Annotated[Path | None, typer.Option("--corpus", metavar="DIR", help="Another folder of scenes.")] = None,
    places: Annotated[int, typer.Option("--places", min=1, help="Places in the scenes, in all.")] = 100,
    lines: Annotated[int, typer.Option("--lines", min=2, max=8, help="Candidates drawn for a place.")] = 8,
    longest: Annotated[
        int, typer.Option("--longest", min=200, help="Letters of a prompt at most; dpo leaves longer pairs out.")
    ] = 1_000,
    seed: Annotated[int, typer.Option("--seed", help="Draws places and lines.")] = 1,
) -> None:
    """Write what a model says in a scene's places as a sheet, for you to grade its lines 2, 1 or 0.

    Grades teach it which of its own lines a person could say: give the sheet to
    `train dataset --graded`, then run `train dpo` with `graded` among the recipe's
    reasons. Held-out scenes are left out.

      daebon train sheet --model embedded --places 50 --out sheet.txt
    """
    from model import ModelConfig, load_chat_model
    from training.corpus import read_corpus
    from training.dataset import held_out
    from training.gather import CORPUS
    from training.sheet import Place, drawn, picked, write_sheet

    if out.exists():
        raise UsageError(f"{out}: is there already, perhaps with your grades; give another --out")
    folder = corpus or CORPUS
    scenes = read_corpus(folder)
    hidden = held_out(folder, scenes)
    taught = {scene.name: scene for scene in scenes if scene.name not in hidden}
    wanted = picked(list(taught.values()), places, longest, seed)
    if not wanted:
        raise UsageError(
            f"{folder}: no line of a taught scene has a prompt of {longest} letters or less; raise --longest"
        )
    made = f"{model}, seed {seed}"
    write_sheet((), taught, out, made)  # a folder that cannot be written is named before the work
    found: list[Place] = []
    try:
        with closing(load_chat_model(ModelConfig.parse(model))) as loaded, progress("places") as told:
            for place in drawn(loaded, wanted, lines, seed, told):
                found.append(place)
    finally:
        if found:
            write_sheet(found, taught, out, made)
        else:
            out.unlink()
    typer.echo(f"{out}: {len(found)} places; write the grades into it, then daebon train dataset --graded {out}")


for step in (sft, dpo, adapter, evaluate):
    app.command()(step)

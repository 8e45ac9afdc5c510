"""`daebon train …`: from a pile of scripts to a tuned model, a step at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(
    help="Make a tuned model from your own scripts, a step at a time: ingest, dataset, sft, dpo, adapter, evaluate.",
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

    with _progress("documents") as told:
        entries = read_all(paths, out, jobs=jobs, report=lambda done, total: told(done, total or 0, ""))
    counts = summary(entries)
    words = {"read": "read", "copy": "copies", "near": "nearly the same as another", "unreadable": "not readable"}
    _say(", ".join(f"{counts[status]} {word}" for status, word in words.items() if counts[status]))
    for entry in entries:
        if entry.reason:
            _say(f"  {entry.source}: {entry.reason}")
        elif entry.of:
            _say(f"  {entry.source}: {words[entry.status]}: {entry.of}")
    _say(f"texts in {out / 'texts'}, report {out / 'ingest.json'}")
    if merge_pdf:
        _say(f"{merge_pdf}: {merged(entries, out, merge_pdf)} pages")


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
    with _progress("cleaning") as told:
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
            _say(f"{count:7} {part}")
    write_atomically(out / "clean.json", json.dumps({"mode": mode, "files": len(files), "parts": parts}) + "\n")
    _say(f"{len(files)} files in {out}")


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

    with _progress("reading") as told:
        found = tag(text_files(paths), out, told)
    _say(f"{found['lines']} spoken lines in {found['scenes']} scenes\n")
    for basic, row in found["emotions"].items():
        _say(f"{basic}\t{row['lines']} lines\t{row['scenes']} scenes\t{', '.join(row['words'])}")
        if row["strongest"]:
            _say(f"\t“{row['strongest'][0]}”")
    _say(f"\nin {out}")


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
    )
    try:
        with _progress("scenes") as told:
            report = gather(sources, out, seed, told)
    finally:
        if model:
            model.close()
    for name, count in report["rows"].items():
        _say(f"{count:6} rows   {name}")
    for name, count in report["pairs"].items():
        _say(f"{count:6} pairs  {name}")
    for licence, count in report["licences"].items():
        _say(f"{count:6} rows under {licence}")
    _say(f"in {out}; the report is {out / 'dataset.json'}")


_RECIPE = typer.Option("--recipe", help="A file, or one that ships: embedded-sft, ldcc-sft, ….")
_DATA = typer.Option("--data", metavar="DIR", help="What `daebon train dataset` wrote.")
_ADAPTER = "a run, a folder of PEFT, a .gguf of `train adapter`, or embedded, the one that ships"
_BASE = typer.Option("--base-cache", metavar="DIR", help="Keeps the embedded base as torch weights; default OUT/base.")


@app.command()
def sft(
    recipe: Annotated[Path, _RECIPE],
    data: Annotated[Path, _DATA],
    out: Annotated[Path, typer.Option("--out", help="Folder of the run; a run that was stopped goes on.")],
    adapter: Annotated[
        Path | None, typer.Option("--adapter", metavar="RUN", help=f"Go on from this adapter: {_ADAPTER}.")
    ] = None,
    base_cache: Annotated[Path | None, _BASE] = None,
) -> None:
    """Fine-tune a LoRA on the rows, with NEFTune where the recipe says so.

    Started again with the same OUT it goes on from its newest checkpoint, also
    after a kill. OUT/adapter is the LoRA (PEFT), OUT/loss.png the loss,
    OUT/report.json the figures. On several GPUs: accelerate launch, see
    docs/training.md.

      daebon train sft --recipe embedded-sft --data dataset --out run
      daebon train sft --adapter embedded --recipe embedded-sft --data mine --out run
    """
    from training.recipe import SftRecipe, load_recipe
    from training.sft import train

    read = load_recipe(recipe, SftRecipe)
    with _progress("training") as told:
        report = train(read, data, out, base_cache or out / "base", told, adapter)
    if report:
        bits = report["held_out_bits_per_character"]
        _say(f"{report['steps']} steps, {report['tokens_per_second']} tokens/s, {report['seconds']:.0f} s")
        if bits["before"] is not None:
            _say(f"held-out scenes: {bits['before']} bits per character before, {bits['after']} after")
        _say(f"adapter in {out / 'adapter'}; to play with it: daebon train adapter {out} --out {out}.gguf")


@app.command()
def dpo(
    recipe: Annotated[Path, _RECIPE],
    data: Annotated[Path, _DATA],
    adapter: Annotated[Path, typer.Option("--adapter", metavar="RUN", help=f"What to go on from: {_ADAPTER}.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the run; a run that was stopped goes on.")],
    base_cache: Annotated[Path | None, _BASE] = None,
) -> None:
    """Go on from an adapter with preference pairs (DPO).

    daebon train dpo --recipe embedded-dpo --data dataset --adapter run --out run-dpo
    """
    from training.dpo import train
    from training.recipe import DpoRecipe, load_recipe

    read = load_recipe(recipe, DpoRecipe)
    with _progress("training") as told:
        report = train(read, data, adapter, out, base_cache or out / "base", told)
    if report:
        _say(f"{report['pairs']['train']} pairs, {report['steps']} steps, {report['seconds']:.0f} s")
        if held := report["held_out"]:
            _say(f"held-out pairs: reward margin {held['margins']}, accuracy {held['accuracies']:.1%}")
        _say(f"adapter in {out / 'adapter'}; to play with it: daebon train adapter {out} --out {out}.gguf")


@app.command()
def adapter(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run of sft or dpo, or a folder of PEFT.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.gguf", help="The adapter for `--model embedded:FILE`.")
    ] = None,
    merge: Annotated[
        Path | None, typer.Option("--merge", metavar="DIR", help="Base and adapter as one model for `--model hf:DIR`.")
    ] = None,
    four_bits: Annotated[
        Path | None,
        typer.Option(
            "--four-bits",
            metavar="DIR",
            help="The adapter with more ranks, which give back what four bits take from the base, for `--model hf:DIR`.",
        ),
    ] = None,
    rank: Annotated[int, typer.Option("--rank", min=1, help="With --four-bits: how many more ranks.")] = 16,
) -> None:
    """Convert a LoRA of the embedded model for the runtime that plays, merge any LoRA into its base, or mend its four bits.

    The adapter's card is written beside it (FILE.md). --four-bits is for an
    adapter whose base was not in four bits while it was trained: one that
    was (ldcc-sft) has learnt to live with them.

      daebon train adapter run-dpo --out drama.gguf
      daebon play 바다 --model embedded:drama.gguf
      daebon train adapter run-dpo --merge whole
      daebon train adapter run-dpo --four-bits mended && daebon model plan hf:mended
    """
    from training.adapter import card, write_adapter, write_merged
    from transcript.errors import UsageError
    from transcript.record import write_atomically

    if not out and not merge and not four_bits:
        raise UsageError("nothing to write; give --out FILE.gguf, --merge DIR, --four-bits DIR, or several")
    if out:
        digest = write_adapter(run, out)
        write_atomically(out.with_suffix(".md"), card(run, out, digest))
        _say(f"{out}: {out.stat().st_size:,} bytes, sha256 {digest}; card in {out.with_suffix('.md')}")
    if merge:
        write_merged(run, merge)
        _say(f"merged model in {merge}")
    if four_bits:
        from training.four_bits import write_corrected

        _say(f"adapter of rank {write_corrected(str(run), four_bits, rank=rank)} in {four_bits}")


@app.command()
def evaluate(
    models: Annotated[str, typer.Option("--models", help="Names as for --model, with commas between.")],
    scenes: Annotated[
        Path | None, typer.Option("--scenes", metavar="DIR", help="Scenes in corpus form; default: the held-out ones.")
    ] = None,
    requests: Annotated[
        Path | None, typer.Option("--prompts", metavar="FILE", help="Requests and keywords; default: 40 of ours.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder; a model measured before is not measured again.")] = Path(
        "evaluated"
    ),
    each: Annotated[int, typer.Option("--lines", min=1, help="Lines generated for a scene.")] = 3,
    seed: Annotated[int, typer.Option("--seed", help="Of the model.")] = 1,
    true: Annotated[
        int,
        typer.Option(
            "--true",
            min=0,
            help="Scenes whose true lines are measured: bits per character, and the next line; wants torch.",
        ),
    ] = 32,
    as_json: Annotated[bool, typer.Option("--json", help="All figures as JSON on stdout.")] = False,
) -> None:
    """Compare models on unseen scenes and plain requests; a table, and a page to read.

    Nothing is guarded or reranked: what stands there is what the model says.
    Intervals of 95 % are by bootstrap over scenes. OUT/index.html shows answers
    side by side.

      daebon train evaluate --models embedded:base,embedded,embedded:mine.gguf
    """
    import json
    from dataclasses import asdict

    from training import comparison
    from training import evaluate as measured
    from training.corpus import read_corpus
    from training.dataset import held_out
    from training.gather import CORPUS

    ours = read_corpus(CORPUS)
    hidden = held_out(CORPUS / "held_out.txt", ours)
    known = [line.text for scene in ours if scene.name not in hidden for line in scene.lines if line.speaker]
    unseen = read_corpus(scenes) if scenes else tuple(scene for scene in ours if scene.name in hidden)
    asked = measured.requests(requests or measured.REQUESTS)
    names = [name.strip() for name in models.split(",") if name.strip()]
    rows = []
    for name in names:
        with _progress(name) as told:
            rows.append((name, measured.evaluated(name, unseen, known, asked, out, each=each, seed=seed, report=told)))
    found = {}
    if true:
        from training import true_lines

        some = unseen[:: max(1, len(unseen) // true)][:true]
        with _progress("true lines") as told:
            found = true_lines.measured(names, some, out / "base", seed, told)
    forms = list(dict.fromkeys(key for _, row in rows for key in row["figures"]))
    head = f"{len(unseen)} scenes, {each} lines each, {len(asked)} requests, seed {seed}; 95 % by bootstrap over scenes"
    (out / "index.html").write_text(comparison.page(rows, forms, found, head), encoding="utf-8")
    if as_json:
        figures = {name: {"figures": row["figures"], "intervals": row["intervals"]} for name, row in rows}
        lines = {name: asdict(one) for name, one in found.items()}
        typer.echo(json.dumps({"true_lines": lines, "models": figures}, ensure_ascii=False, indent=1))
        return
    _say(head)
    for form in forms:
        _say(f"\n{form}\n")
        _say(comparison.markdown(comparison.table(rows, form, found)))
    _say(f"\nside by side: {out / 'index.html'}")


@contextmanager
def _progress(name: str) -> Iterator[Callable[[int, int, str], None]]:
    """Show a bar on stderr where that is a terminal, else a line now and then."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    shown = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=shown, disable=not shown.is_terminal) as progress:
        task = progress.add_task(name, total=None, note="")

        def told(done: int, total: int, note: str) -> None:
            progress.update(task, completed=done, total=total, note=note)
            if not shown.is_terminal and total and done % max(1, total // 20) == 0:
                shown.print(f"{name} {done}/{total} {note}", markup=False, soft_wrap=True)

        yield told


def _say(text: str) -> None:
    typer.echo(text)

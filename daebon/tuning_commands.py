"""The steps of `daebon train` that make and measure an adapter: sft, dpo, adapter, evaluate."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daebon.terminal import progress

if TYPE_CHECKING:
    from training.corpus import CorpusScene

_RECIPE = typer.Option("--recipe", help="A file, or one that ships: embedded-sft, ldcc-sft, ….")
_DATA = typer.Option("--data", metavar="DIR", help="What `daebon train dataset` wrote.")
_ADAPTER = "a run, a folder of PEFT, a .gguf of `train adapter`, or embedded, the one that ships"
_BASE = typer.Option("--base-cache", metavar="DIR", help="Keeps the embedded base as torch weights; default OUT/base.")


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
    with progress("training") as told:
        report = train(read, data, out, base_cache or out / "base", told, adapter)
    if report:
        bits = report["held_out_bits_per_character"]
        typer.echo(f"{report['steps']} steps, {report['tokens_per_second']} tokens/s, {report['seconds']:.0f} s")
        if bits["before"] is not None:
            typer.echo(f"held-out scenes: {bits['before']} bits per character before, {bits['after']} after")
        typer.echo(f"adapter in {out / 'adapter'}; to play with it: daebon train adapter {out} --out {out}.gguf")


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
    with progress("training") as told:
        report = train(read, data, adapter, out, base_cache or out / "base", told)
    if report:
        typer.echo(f"{report['pairs']['train']} pairs, {report['steps']} steps, {report['seconds']:.0f} s")
        if held := report["held_out"]:
            typer.echo(f"held-out pairs: reward margin {held['margins']}, accuracy {held['accuracies']:.1%}")
        typer.echo(f"adapter in {out / 'adapter'}; to play with it: daebon train adapter {out} --out {out}.gguf")


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
        typer.echo(f"{out}: {out.stat().st_size:,} bytes, sha256 {digest}; card in {out.with_suffix('.md')}")
    if merge:
        write_merged(run, merge)
        typer.echo(f"merged model in {merge}")
    if four_bits:
        from training.four_bits import write_corrected

        typer.echo(f"adapter of rank {write_corrected(str(run), four_bits, rank=rank)} in {four_bits}")


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
    from training import comparison
    from training import evaluate as measured

    unseen, known = _unseen_and_known(scenes)
    asked = measured.requests(requests or measured.REQUESTS)
    names = [name.strip() for name in models.split(",") if name.strip()]
    rows = []
    for name in names:
        with progress(name) as told:
            rows.append((name, measured.evaluated(name, unseen, known, asked, out, each=each, seed=seed, report=told)))
    found = {}
    if true:
        from training import true_lines

        some = unseen[:: max(1, len(unseen) // true)][:true]
        with progress("true lines") as told:
            found = true_lines.measured(names, some, out / "base", seed, told)
    forms = list(dict.fromkeys(key for _, row in rows for key in row["figures"]))
    head = f"{len(unseen)} scenes, {each} lines each, {len(asked)} requests, seed {seed}; 95 % by bootstrap over scenes"
    (out / "index.html").write_text(comparison.page(rows, forms, found, head), encoding="utf-8")
    if as_json:
        figures = {name: {"figures": row["figures"], "intervals": row["intervals"]} for name, row in rows}
        lines = {name: asdict(one) for name, one in found.items()}
        typer.echo(json.dumps({"true_lines": lines, "models": figures}, ensure_ascii=False, indent=1))
        return
    typer.echo(head)
    for form in forms:
        typer.echo(f"\n{form}\n")
        typer.echo(comparison.markdown(comparison.table(rows, form, found)))
    typer.echo(f"\nside by side: {out / 'index.html'}")


def _unseen_and_known(folder: Path | None) -> tuple[tuple[CorpusScene, ...], list[str]]:
    """Return the scenes of `folder`, else those held out of the corpus, and the lines of the corpus that teach."""
    from training.corpus import read_corpus
    from training.dataset import held_out
    from training.gather import CORPUS

    ours = read_corpus(CORPUS)
    hidden = held_out(CORPUS, ours)
    known = [line.text for scene in ours if scene.name not in hidden for line in scene.lines if line.speaker]
    unseen = read_corpus(folder) if folder else tuple(scene for scene in ours if scene.name in hidden)
    return unseen, known

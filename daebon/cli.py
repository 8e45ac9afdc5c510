"""The command line: `play`, `batch`, `runs`, `resume`, `replay`, `export`, `scenario`, `persona`, `emotion`, `train`, `model`, `doctor`."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daebon import __version__, messages
from daebon.batch_commands import batch
from daebon.doctor_commands import doctor
from daebon.emotion_commands import app as emotion_app
from daebon.model_commands import app as model_app
from daebon.offering import Offering, offered
from daebon.options import Lang, Store
from daebon.persona_commands import app as persona_app
from daebon.scenario_commands import app as scenario_app
from daebon.train_commands import app as train_app
from transcript.errors import DaebonError, FileError, Interrupted, ModelError, UsageError

if TYPE_CHECKING:
    from daebon.console import Stage
    from scenarios import Scenario

OUT = Path("takes")
_debug = False  # set by --debug, read where errors are told

app = typer.Typer(
    name="daebon",
    help="대본 · stage a scene with a company of agents and get a Korean screenplay.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Begin with: daebon play 바다 --auto",
)
app.add_typer(scenario_app, name="scenario")
app.add_typer(persona_app, name="persona")
app.add_typer(emotion_app, name="emotion")
app.add_typer(train_app, name="train")
app.add_typer(model_app, name="model")

Out = Annotated[Path, typer.Option("--out", help="Folder of the takes and of their run store.")]
RunName = Annotated[str, typer.Argument(help="A run's id (see `daebon runs`), or latest.")]


@app.command(cls=Offering)
def play(
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="SCENARIO", help="A scenario file, or the title of a shipped one; none: they are named."
        ),
    ] = None,
    auto: Annotated[bool, typer.Option("--auto", help="Play it through without a person.")] = False,
    as_: Annotated[list[str] | None, typer.Option("--as", help="A role that you play; may be given again.")] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="embedded | embedded:base | embedded:ADAPTER.gguf | gguf:PATH | hf:PATH_OR_ID | "
            "server:URL#MODEL | scripted:FILE; default: the scenario's, else embedded."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**32 - 1, help="Same seed, same machine, same script.")
    ] = None,
    turns: Annotated[int | None, typer.Option(help="Stop after this many turns.")] = None,
    candidates: Annotated[int | None, typer.Option(min=1, max=8, help="Candidates per line; more is slower.")] = None,
    steer: Annotated[
        bool, typer.Option("--steer/--no-steer", help="Follow the planned emotion, or plan and measure only.")
    ] = True,
    out: Out = OUT,
    store: Store = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but the take's folder.")] = False,
    lang: Lang = None,
) -> None:
    """Play a scenario in the terminal and leave the screenplay in a folder."""
    from daebon.runner import Order, new_run, open_store

    if scenario is None:
        messages.use(lang)
        *rows, how = offered()
        print("\n".join(rows), file=sys.stderr)
        raise UsageError(how)
    order = Order(scenario, out, model, seed, turns, candidates, tuple(as_ or ()), steer)
    kept = open_store(out, store, create=True)
    try:
        run = new_run(kept, out, order)
        _perform(kept, run, run.take["turns"], auto=auto, quiet=quiet, fresh=True, lang=lang)
    finally:
        kept.close()


app.command()(batch)
app.command()(doctor)


@app.command()
def runs(out: Out = OUT, store: Store = None) -> None:
    """List what was played, the last one first."""
    from rich.console import Console
    from rich.table import Table

    from daebon.runner import reading

    table = Table(box=None)
    for heading in ("run", "status", "turns", "seed", "model", "last touched"):
        table.add_column(heading)
    with reading(out, store) as kept:
        for run in kept.runs():
            table.add_row(run.id, run.status, str(run.turns), str(run.take["seed"]), run.take["model"], run.updated)
    console = Console()
    console.print(table, width=None if console.is_terminal else 200)


@app.command()
def resume(
    run: RunName = "latest",
    auto: Annotated[bool, typer.Option("--auto", help="Go on without a person.")] = False,
    turns: Annotated[int | None, typer.Option(help="Stop when the take has this many turns.")] = None,
    branch: Annotated[
        str | None, typer.Option(help="Go on in a take of its own, RUN.BRANCH; works while the run is being played.")
    ] = None,
    out: Out = OUT,
    store: Store = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but the take's folder.")] = False,
    lang: Lang = None,
) -> None:
    """Go on with a take from its last committed turn."""
    from daebon.runner import MOST_TURNS, fork, home, open_store

    kept = open_store(out, store, create=False)
    try:
        found = kept.run(run)
        if branch:
            found = fork(kept, out, found, branch)
        found = replace(found, folder=home(out, found.id))
        limit = turns if turns is not None else MOST_TURNS if found.status == "stopped" else found.take["turns"]
        if not 1 <= limit <= MOST_TURNS:
            raise UsageError(f"--turns {limit}: give 1 to {MOST_TURNS}")
        _perform(kept, found, limit, auto=auto, quiet=quiet, fresh=False, lang=lang)
    finally:
        kept.close()


@app.command()
def replay(
    run: RunName = "latest",
    auto: Annotated[bool, typer.Option("--auto", help="Show it without waiting for Enter.")] = False,
    out: Out = OUT,
    store: Store = None,
    lang: Lang = None,
) -> None:
    """Show a take again as it was played, a line at each Enter, until Ctrl-D; no model is needed."""
    from daebon.console import Stage
    from daebon.play import is_terminal, line_by_line
    from daebon.runner import reading
    from scenarios import Scenario

    waits = not auto and is_terminal()
    if lang or waits:
        messages.use(lang)
    with reading(out, store) as kept:
        found = kept.run(run)
        turns = kept.turns(kept.here(found.id))
    stage = Stage(Scenario.from_dict(found.scenario))
    stage.title(f"{found.id}, {found.status}, {len(turns)} turns")
    path = found.take.get("path") or list(range(len(found.scenario["scenes"])))
    if waits:
        line_by_line(stage, turns, path)
        return
    for turn in turns:
        stage.turn(turn, path)


@app.command()
def export(
    source: Annotated[
        str, typer.Argument(metavar="RUN_OR_TAKE", help="A run's id, latest, a take's folder, or a transcript.json.")
    ],
    to: Annotated[
        str,
        typer.Option(
            "--to", help="Formats, by commas: fountain, fdx, hwpx, hwp, docx, pdf, html, md, txt, jsonl, csv, json."
        ),
    ] = "fountain,txt,md",
    arc: Annotated[
        bool,
        typer.Option("--arc", help="Add the emotional curves: a picture in hwpx, hwp, docx, pdf; bars in md, txt."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Of a run: the folder of the takes and of their run store (default: takes). "
            "Of a folder or a transcript.json: where to write (default: beside it).",
        ),
    ] = None,
    store: Store = None,
) -> None:
    """Write a take in the formats that writers hand in; prints the paths, and on stderr what a format leaves out.

    daebon export latest --to hwpx,docx
    daebon export takes/바다-7 --to pdf --arc
    """
    from daebon.arcs import drawn_arc
    from daebon.runner import home, reading
    from transcript.exports import export as write
    from transcript.exports import remarks
    from transcript.record import read_transcript

    formats = [name.strip() for name in to.split(",") if name.strip()]
    inside = Path(source) / "transcript.json"
    path = inside if inside.is_file() else Path(source)
    if path.suffix == ".json" or path.is_file():
        transcript, folder = read_transcript(path), out or path.parent
    else:
        from graph.take import transcript_of

        with reading(out or OUT, store) as kept:
            run = kept.run(source)
            turns = kept.turns(kept.here(run.id))
        transcript, folder = transcript_of(run.title, run.scenario, run.take, turns), home(out or OUT, run.id)
        where = next(one for one in (folder, *folder.parents) if one.exists())
        if not store and not os.access(where, os.W_OK):
            raise UsageError(
                f"{where}: cannot be written; copy daebon.sqlite and daebon.sqlite-wal of the takes' folder to one of yours "
                "and give that with --out"
            )
    curves = drawn_arc(transcript) if arc else None
    for path in write(transcript, formats, folder, curves):
        print(path)
    for line in remarks(transcript, formats, curves):
        print(line, file=sys.stderr)


@app.callback(invoke_without_command=True)
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback when something fails.")] = False,
) -> None:
    global _debug
    _debug = debug
    if version:
        print(f"daebon {__version__}")
        raise typer.Exit


def _perform(store: object, run: object, limit: int, *, auto: bool, quiet: bool, fresh: bool, lang: str | None) -> None:
    """Stage a run until it ends or is stopped, and leave with its exit code."""
    from daebon.play import is_terminal
    from daebon.play import play as perform
    from daebon.runner import staged
    from daebon.signals import stoppable
    from scenarios import Scenario
    from transcript.store import Run, RunStore

    assert isinstance(store, RunStore) and isinstance(run, Run)
    alone = auto or not is_terminal()
    if alone and run.take["human"]:
        raise UsageError(f"{run.take['human'][0]} is played by a person: leave out --auto and use a terminal")
    if lang or not alone:
        messages.use(lang)
    stage = _stage(Scenario.from_dict(run.scenario), run.take["candidates"], alone=alone, quiet=quiet)
    stage.title(f"{run.id} · seed {run.take['seed']} · {run.take['model']}")
    with stoppable() as flag, staged(store, run, limit, read=not alone) as take:
        if fresh:
            take.start(run.take["seed"], run.take["human"], person=not alone)
        else:
            take.resume(run.take["seed"], run.take["human"], person=not alone)
        code = perform(take, stage, flag, auto=alone)
    raise typer.Exit(code)


def _stage(scenario: Scenario, candidates: int, *, alone: bool, quiet: bool) -> Stage:
    if alone:
        from daebon.console import Stage

        return Stage(scenario, quiet=quiet)
    from daebon.studio.screen import Screen

    return Screen(scenario, streams=candidates == 1)


def main() -> None:
    """Run the command line; errors are one line on stderr, never a traceback unless --debug is given."""
    from daebon.rooms import check_rooms

    try:
        check_rooms()
        app()
    except (UsageError, FileError) as error:
        _fail(error, 2)
    except Interrupted:
        sys.exit(130)
    except DaebonError as error:
        _fail(error, 1)
    except ModuleNotFoundError as error:
        _fail(_extra(error), 1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


def _extra(error: ModuleNotFoundError) -> Exception:
    """Return what to say where a package of an extra is missing; the error itself where daebon needs it always."""
    name = (error.name or "").partition(".")[0]
    of = {"documents": "docx dochan hwpx lxml pypdf reportlab", "kiwi": "kiwipiepy"}
    of["train"] = "accelerate bitsandbytes datasets gguf peft safetensors tokenizers torch transformers trl"
    extra = next((extra for extra, packages in of.items() if name in packages.split()), None)
    if extra is None:
        raise error
    return ModelError(f"{name} is not installed; run: pip install 'daebon[{extra}]'")


def _fail(error: Exception, code: int) -> None:
    if _debug:
        raise error
    print(f"daebon: {error}", file=sys.stderr)
    sys.exit(code)

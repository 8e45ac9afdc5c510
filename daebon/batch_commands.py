"""`daebon batch`: many takes of many scenarios, models and settings, unattended, resumable and scored."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daebon.options import Store
from transcript.errors import Interrupted, StoreError, UsageError

if TYPE_CHECKING:
    from daebon.batch.plan import Batch, Job
    from daebon.batch.work import Outcome


def batch(
    scenarios: Annotated[
        list[str] | None, typer.Argument(metavar="SCENARIO…", help="Scenario files, or titles of shipped ones.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A batch file (docs/batch.md); what is given here goes before it.")
    ] = None,
    takes: Annotated[int | None, typer.Option(min=1, help="Takes of each scenario and setting; default 1.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**32 - 1, help="Seed of the first take; default the scenario's, else 1.")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="A model, as `play` takes it; may be given again to compare.")
    ] = None,
    candidates: Annotated[
        list[int] | None, typer.Option(min=1, max=8, help="Candidates per line; may be given again to compare.")
    ] = None,
    turns: Annotated[int | None, typer.Option(help="Stop each take after this many turns.")] = None,
    steer: Annotated[
        bool | None, typer.Option("--steer/--no-steer", help="Follow the planned emotion, or plan and measure only.")
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Each take is to the letter that of `play`; slower, see docs/batch.md.")
    ] = False,
    keep_best: Annotated[
        int | None, typer.Option(min=1, help="Copy the best takes of each scenario to OUT/best.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Play in this many processes of a local cluster (extra dist).")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Play on the workers of a dask scheduler, tls://HOST:PORT or tcp:// (extra dist)."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder of the takes and of their run store.")] = Path("takes"),
    store: Store = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but the folder.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="A line of JSON for each take, then one for the batch.")
    ] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a batch file.")] = False,
) -> None:
    """Play many takes, score and rank them; started again it goes on where it was stopped and plays nothing twice."""
    from daebon.batch.plan import batch_schema, jobs_of

    if schema:
        print(json.dumps(batch_schema(), ensure_ascii=False, indent=2))
        return
    if workers and scheduler:
        raise UsageError("--workers starts a cluster of its own, --scheduler uses one that runs: give one of the two")
    plan = _plan(scenarios or [], file, takes, seed, model or [], candidates or [], turns, steer, keep_best)
    plan = replace(plan, exact=plan.exact or exact)
    where: dict[str, Any] = {"store": store, "workers": workers, "scheduler": scheduler}
    code = _perform(plan, jobs_of(plan), out, quiet=quiet, as_json=as_json, **where)
    raise typer.Exit(code)


def _plan(
    scenarios: list[str],
    file: Path | None,
    takes: int | None,
    seed: int | None,
    model: list[str],
    candidates: list[int],
    turns: int | None,
    steer: bool | None,
    keep_best: int | None,
) -> Batch:
    """Return the batch that file and command line give together; the command line goes before the file."""
    from daebon.batch.plan import Batch, Matrix, read_batch

    if not scenarios and file is None:
        raise UsageError("give scenarios, or a batch file with --file; `daebon scenario list` shows the shipped ones")
    plan = read_batch(file) if file else Batch(scenarios=tuple(scenarios))
    given: dict[str, Any] = {"scenarios": tuple(scenarios), "takes": takes, "keep_best": keep_best}
    plan = replace(plan, **{name: value for name, value in given.items() if value})
    axes: dict[str, Any] = {
        "model": tuple(model),
        "candidates": tuple(candidates),
        "steer": () if steer is None else (steer,),
        "turns": () if turns is None else (turns,),
    }
    matrix: Matrix = replace(plan.matrix, **{name: value for name, value in axes.items() if value})
    return replace(plan, matrix=matrix, seed=plan.seed if seed is None else seed)


def _perform(
    plan: Batch,
    jobs: list[Job],
    out: Path,
    *,
    quiet: bool,
    as_json: bool,
    store: str | None,
    workers: int | None,
    scheduler: str | None,
) -> int:
    """Play what is not done yet, write the report, and return the exit code: 0, 1 when a take failed, 130 when stopped."""
    from daebon.batch.ledger import Ledger, alone
    from daebon.batch.progress import Board
    from daebon.batch.report import report
    from daebon.batch.run import play_here
    from daebon.runner import open_store
    from daebon.signals import stoppable

    with alone(out), stoppable() as flag:
        kept = open_store(out, store, create=True)
        try:
            ledger = Ledger(kept, out)
            outcomes = {job.key: done for job in jobs if (done := ledger.done(job.key))}
            todo = [job for job in jobs if job.key not in outcomes]
            stopped, broken = False, None
            with Board(jobs, outcomes, quiet=quiet or as_json) as board:

                def hear(job: Job, outcome: Outcome) -> None:
                    outcomes[job.key] = outcome
                    board.hear(job, outcome)
                    if as_json:
                        print(_line(job, outcome), flush=True)

                try:
                    if workers or scheduler:
                        from daebon.batch.cluster import play_there

                        play_there(todo, ledger, flag.check, hear, workers=workers, scheduler=scheduler)
                    else:
                        play_here(todo, ledger, flag.check, hear)
                except Interrupted:
                    stopped = True
                except StoreError as error:  # the report needs no store
                    broken = error
            record = report(jobs, outcomes, out, plan.keep_best)
        finally:
            kept.close()
    if as_json:
        counts = {"takes": len(jobs), "failed": len(record["failed"]), "missing": record["missing"], "out": str(out)}
        print(json.dumps({"batch": counts}, ensure_ascii=False), flush=True)
    else:
        _tell(record, out, quiet=quiet, stopped=stopped or broken is not None)
    if broken:
        raise broken
    return flag.exit_code if stopped else int(bool(record["failed"]))


def _line(job: Job, outcome: Outcome) -> str:
    row = {
        "run": outcome.run,
        "scenario": job.scenario.title,
        "seed": job.take["seed"],
        "model": job.take["model"],
        "turns": outcome.turns,
        "seconds": round(outcome.seconds, 2),
        "scores": dict(outcome.scores),
        "error": outcome.error or None,
    }
    return json.dumps(row, ensure_ascii=False)


def _tell(record: dict[str, Any], out: Path, *, quiet: bool, stopped: bool) -> None:
    """Print the folder alone on stdout; the best takes, comparisons and failures on stderr."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    for row in record["takes"]:
        if row["error"]:
            console.print(
                Text(f"failed: {row['scenario']}-{row['seed']} {row['setting']}: {row['error']}"), soft_wrap=True
            )
    if not quiet:
        table = Table(box=None, pad_edge=False)
        columns = ("score", "clean", "follows", "reached")
        for heading in ("rank", "take", "model, settings", *columns):
            table.add_column(heading)
        for row in [row for row in record["takes"] if row["rank"]][:10]:
            cells = [f"{row['scores'][name]:.2f}" if name in row["scores"] else "–" for name in columns]
            table.add_row(str(row["rank"]), Text(row["run"]), Text(f"{row['model']} {row['setting']}"), *cells)
        console.print(table)
        for row in record["contrasts"]:
            if row["figure"] == "score":
                words = f"{row['second']} − {row['first']}: score {row['difference']:+.3f}"
                interval = f"[{row['low']:+.3f}, {row['high']:+.3f}], 95 % over {row['takes']} pairs of takes"
                console.print(Text(f"{words} {interval}"), soft_wrap=True)
    if stopped:
        command = " ".join(sys.argv[1:])
        console.print(
            Text(f"stopped, {record['missing']} takes are left; go on with: daebon {command}"), soft_wrap=True
        )
    print(out, flush=True)

"""What a batch leaves in its folder beside the takes: `batch.json`, `batch.html`, and the best takes in `best/`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from daebon import __version__
from daebon.batch.figures import best, contrasts, ranked
from daebon.batch.plan import Job
from daebon.batch.work import Outcome
from transcript.errors import DaebonError
from transcript.exports import safe_name
from transcript.html import TakeRow, batch_page
from transcript.record import write_atomically
from transcript.store import now

SCHEMA = "daebon.batch/1"
BEST = "best"
_PAGE = 1_000  # takes on the page; batch.json has all
_SHOWN = ("score", "clean", "follows", "reached", "copy_share", "narration_share", "distance", "seconds_median")


def report(jobs: Sequence[Job], outcomes: Mapping[str, Outcome], out: Path, keep: int | None) -> dict[str, Any]:
    """Write the files of a batch as far as it came and return what `batch.json` holds; played again it writes the same."""
    ranking = ranked(outcomes, jobs)
    kept = best(ranking, keep) if keep else []
    compared = contrasts(outcomes, jobs)
    place = {job.key: rank for rank, job in enumerate(ranking, 1)}
    chosen = {job.key for job in kept}
    order = sorted(jobs, key=lambda job: place.get(job.key, len(jobs) + 1))
    takes = [_row(job, outcomes.get(job.key), place.get(job.key), job.key in chosen) for job in order]
    written = now()
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "version": __version__,
        "written": written,
        "takes": takes,
        "failed": [row["key"] for row in takes if row["error"]],
        "missing": sum(job.key not in outcomes for job in jobs),
        "contrasts": [asdict(row) for row in compared],
    }
    write_atomically(out / "batch.json", json.dumps(record, ensure_ascii=False, indent=1) + "\n")
    rows = [
        TakeRow(
            name=row["run"] or f"{row['scenario']}-{row['seed']}",
            scenario=row["scenario"],
            seed=row["seed"],
            model=row["model"],
            turns=row["turns"],
            scores={key: row["scores"][key] for key in _SHOWN if key in row["scores"]},
            rank=row["rank"],
            kept=row["kept"],
            href=f"{row['run']}/report.html" if row["run"] else "",
            setting=row["setting"],
            error=row["error"],
        )
        for row in takes
        if row["run"] or row["error"]
    ][:_PAGE]
    title = ", ".join(dict.fromkeys(job.scenario.title for job in jobs))
    about = [("daebon", __version__), ("테이크", f"{len(ranking)} / {len(jobs)}"), ("날짜", written)]
    write_atomically(out / "batch.html", batch_page(title, rows, compared, about=about))
    if keep:
        _gather(kept, outcomes, out)
    return record


def _row(job: Job, outcome: Outcome | None, rank: int | None, kept: bool) -> dict[str, Any]:
    return {
        "key": job.key,
        "run": outcome.run if outcome else "",
        "scenario": job.scenario.title,
        **{name: job.take[name] for name in ("seed", "model", "candidates", "steer", "turns")},
        "limit": job.take["turns"],
        "setting": job.variant.removeprefix(f"{job.take['model']} "),
        "turns": outcome.turns if outcome else 0,
        "scores": dict(outcome.scores) if outcome else {},
        "rank": rank,
        "kept": kept,
        "error": outcome.error if outcome else "",
    }


def _gather(kept: Sequence[Job], outcomes: Mapping[str, Outcome], out: Path) -> None:
    """Copy the best takes to `best/TITLE/RANK-RUN`, made new each time; the takes themselves stay where they are."""
    fresh, folder = out / f".{BEST}", out / BEST
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        counts: dict[str, int] = {}
        for job in kept:
            title = safe_name(job.scenario.title)
            counts[title] = counts.get(title, 0) + 1
            run = outcomes[job.key].run
            shutil.copytree(out / run, fresh / title / f"{counts[title]:02}-{run}")
        shutil.rmtree(folder, ignore_errors=True)
        fresh.replace(folder)
    except OSError as error:
        raise DaebonError(f"{folder}: cannot be written ({error.strerror}); the takes are all there") from error

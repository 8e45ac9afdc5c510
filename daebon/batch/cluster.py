"""The same batch on many processes or machines, by dask.distributed: workers play, the caller's store takes in each take once."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from daebon import __version__
from daebon.batch.ledger import Ledger
from daebon.batch.plan import Job
from daebon.batch.run import Hear
from daebon.batch.work import Check, Lane, Outcome, attempted, finish, said
from transcript.errors import DaebonError, ModelError, UsageError
from transcript.record import Transcript
from transcript.turn import Turn

_AHEAD = 4  # takes handed out for each worker, at least; the rest waits here, so that a million need no memory there
_FEWEST = 64
_PATIENCE = 10.0  # seconds that a scheduler has to answer
_REST = 0.05  # seconds between two looks at what came back

_here = threading.local()


def play_there(
    jobs: Sequence[Job],
    ledger: Ledger,
    check: Check,
    hear: Hear,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
) -> None:
    """Play jobs on a cluster; raises Interrupted when `check` does, after what is being played there is called off.

    A worker that dies loses nothing: its takes are played by others; one that starts late gets its share. Takes come back
    whole and are written here, by key, so none is there twice. Raises DaebonError when no scheduler answers.
    """
    with _client(workers, scheduler) as client:
        waiting = iter(jobs)
        flying: dict[str, tuple[Any, Job, float]] = {}
        try:
            while True:
                check()
                room = max(_FEWEST, _AHEAD * len(client.scheduler_info(n_workers=-1)["workers"])) - len(flying)
                for job in _next(waiting, room):
                    flying[job.key] = (
                        client.submit(play_one, *_order(job), key=f"daebon-{job.key}"),
                        job,
                        time.monotonic(),
                    )
                if not flying:
                    return
                back = [key for key, (future, _, _) in flying.items() if future.done()]
                for key in back:
                    future, job, since = flying.pop(key)
                    hear(job, _taken_in(future, job, ledger, time.monotonic() - since))
                if not back:
                    time.sleep(_REST)
        finally:
            client.cancel([future for future, _, _ in flying.values()])


def play_one(version: str, scenario: Mapping[str, Any], take: Mapping[str, Any]) -> dict[str, Any]:
    """Play one take in this process, a worker, with a model that stays loaded; return its transcript as plain values."""
    from scenarios import Scenario
    from transcript.store import RunStore

    if version != __version__:
        raise UsageError(f"this worker has daebon {__version__}, the batch comes from {version}; install the same")
    lane: Lane | None = getattr(_here, "lane", None)
    if lane is None:
        lane = _here.lane = Lane(1)
    with tempfile.TemporaryDirectory(prefix="daebon-") as name:
        store = RunStore(Path(name) / "daebon.sqlite")
        try:
            loaded = Scenario.from_dict(scenario)
            store.create("take", loaded.title, Path(name) / "take", scenario, take)
            transcript = attempted(lambda: lane.play(store, store.run("take"), _nothing), _nothing)
            return dict(transcript.to_dict())
        finally:
            store.close()


def _order(job: Job) -> tuple[str, Mapping[str, Any], Mapping[str, Any]]:
    from transcript.store import now

    return __version__, job.scenario.to_dict(), {**job.take, "started": now(), "finished": None}


def _next(waiting: Iterator[Job], most: int) -> Iterator[Job]:
    for _ in range(most):
        job = next(waiting, None)
        if job is None:
            return
        yield job


def _taken_in(future: Any, job: Job, ledger: Ledger, seconds: float) -> Outcome:
    """Write a take that came back; a failure of the worker or of the writing is this take's own."""
    try:
        row = future.result()
        turns = tuple(Turn.from_dict(turn) for turn in row["turns"])
        transcript = Transcript(row["title"], row["scenario"], row["take"], turns, row["arc"], row["scores"])
        run = ledger.admit(job, transcript)
        return Outcome(job.key, run.id, finish(ledger.store, run, transcript), len(transcript.turns), seconds)
    except Exception as error:
        return Outcome(job.key, seconds=seconds, error=said(error))


@contextmanager
def _client(workers: int | None, scheduler: str | None) -> Iterator[Any]:
    if find_spec("distributed") is None:
        raise ModelError("distributed is not installed; run: pip install 'daebon[dist]'")
    from distributed import Client, LocalCluster

    if scheduler is None:
        options = {"dashboard_address": None, "host": "127.0.0.1", "silence_logs": 50}
        with LocalCluster(n_workers=workers, threads_per_worker=1, **options) as cluster, Client(cluster) as client:
            yield client
        return
    try:
        client = Client(scheduler, timeout=_PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        raise DaebonError(f"--scheduler {scheduler}: does not answer; start it with: dask scheduler") from error
    with client:
        yield client


def _nothing() -> None:
    """Let a worker play on: it is stopped from the outside."""

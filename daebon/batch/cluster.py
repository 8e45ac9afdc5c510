"""The same batch on many processes or machines, by dask.distributed: workers play, the caller's store takes in each take once."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from daebon import __version__
from daebon.batch.ledger import Ledger
from daebon.batch.plan import Job
from daebon.batch.private import private_cluster
from daebon.batch.run import Hear
from daebon.batch.work import Busy, Check, Lane, Outcome, attempted, finish, kept, said
from transcript.errors import DaebonError, Interrupted, ModelError, StoreError, UsageError
from transcript.record import Transcript
from transcript.store import Run
from transcript.turn import Turn

_AHEAD = 4  # takes handed out for each worker, at least; the rest waits here, so that a million need no memory there
_FEWEST = 64
_PATIENCE = 10.0  # seconds that a scheduler has to answer
_REST = 0.05  # seconds between two looks at what came back
_ATTEMPTS = 6  # at the store when it fails, over 15 seconds: a server that starts anew needs some
_SPARE = 256  # files that this process has open besides the locks of takes; each worker adds connections
_EACH = 4

_here = threading.local()


@dataclass(frozen=True)
class _Flight:
    """A take that is being played elsewhere."""

    future: Any
    job: Job
    run: Run
    since: float


class _Air:
    """The takes in flight by their dask key, and the claims that hold their runs until they are taken in."""

    def __init__(self) -> None:
        self.flights: dict[str, _Flight] = {}
        self.claims: dict[str, ExitStack] = {}

    def let_go(self) -> None:
        """Give up all claims, as one must where the store fails: it may have lost its connection, and they with it.

        A take whose claim is gone is claimed anew when it comes back.
        """
        while self.claims:
            self.claims.popitem()[1].close()


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
    whole and are written here, by key, so none is there twice. Raises DaebonError when no scheduler answers, StoreError when
    the store fails for good: what was in flight is taken in before, as far as it can be, and the rest was not played.
    """
    with _client(workers, scheduler) as client:
        waiting, air = deque(jobs), _Air()
        try:
            while waiting or air.flights:
                check()
                room = _room(len(client.scheduler_info(n_workers=-1)["workers"]), ledger) - len(air.flights)
                for _ in range(min(room, len(waiting))):
                    job = waiting.popleft()
                    try:
                        outcome = _sent(client, job, ledger, air, check)
                    except Busy:  # another caller of the store plays it
                        waiting.append(job)
                        break
                    except StoreError:
                        if not air.flights:
                            raise
                        waiting.appendleft(job)
                        break
                    if outcome:
                        hear(job, outcome)
                back = [key for key, flight in air.flights.items() if flight.future.done()]
                for key in back:
                    job = air.flights[key].job
                    try:
                        hear(job, _taken_in(key, ledger, air, check))
                    except Busy:
                        waiting.append(job)
                if not back:
                    time.sleep(_REST)
        finally:
            client.cancel([flight.future for flight in air.flights.values()])
            air.let_go()


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


def _room(workers: int, ledger: Ledger) -> int:
    """Return how many takes may be in flight: in a store that is a file each holds a lock file open."""
    takes = max(_FEWEST, _AHEAD * workers)
    if isinstance(ledger.store.place, str) or find_spec("resource") is None:
        return takes
    from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit

    others = _SPARE + _EACH * workers
    soft, hard = getrlimit(RLIMIT_NOFILE)
    if RLIM_INFINITY != soft < takes + others:
        with suppress(ValueError, OSError):  # where it may not be raised
            setrlimit(RLIMIT_NOFILE, (takes + others if hard == RLIM_INFINITY else min(takes + others, hard), hard))
        soft, _ = getrlimit(RLIMIT_NOFILE)
    return takes if soft == RLIM_INFINITY else max(1, min(takes, soft - others))


def _sent(client: Any, job: Job, ledger: Ledger, air: _Air, check: Check) -> Outcome | None:
    """Hold a take and hand it out; return what became of it where it needs no playing, or cannot be begun here.

    Raises StoreError when the store fails: at once while takes are in flight, after some attempts when none is.
    """

    def send() -> Outcome | None:
        with ExitStack() as claim:
            run = claim.enter_context(ledger.claim(job))
            if there := kept(ledger.store, run):
                return Outcome(job.key, run.id, finish(ledger.store, run, there), len(there.turns))
            key = f"daebon-{job.key}"
            air.flights[key] = _Flight(client.submit(play_one, *_order(job), key=key), job, run, time.monotonic())
            air.claims[key] = claim.pop_all()
        return None

    try:
        sent: Outcome | None = send() if air.flights else attempted(send, check, _ATTEMPTS)
        return sent
    except StoreError:
        air.let_go()
        raise
    except (Busy, Interrupted):
        raise
    except Exception as error:
        return Outcome(job.key, error=said(error))


def _taken_in(key: str, ledger: Ledger, air: _Air, check: Check) -> Outcome:
    """Write a take that came back and let go of it; a failure of the worker or of the writing is this take's own.

    Where the store was lost meanwhile, the take is claimed anew; Busy when another caller has begun to play it.
    """
    flight, claim = air.flights.pop(key), air.claims.pop(key, None)
    job, seconds = flight.job, time.monotonic() - flight.since

    def write(run: Run) -> Outcome:
        run = ledger.admit(run, transcript)
        return Outcome(job.key, run.id, finish(ledger.store, run, transcript), len(turns), seconds)

    def write_anew() -> Outcome:
        try:
            with ledger.claim(job) as run:
                return write(run)
        except StoreError:
            air.let_go()
            raise

    try:
        with claim or ExitStack():
            row = flight.future.result()
            turns = tuple(Turn.from_dict(turn) for turn in row["turns"])
            transcript = Transcript(row["title"], row["scenario"], row["take"], turns, row["arc"], row["scores"])
            if claim:
                with suppress(StoreError):
                    return write(flight.run)
                air.let_go()
        written: Outcome = attempted(write_anew, check, _ATTEMPTS)
        return written
    except (Busy, Interrupted):
        raise
    except Exception as error:
        return Outcome(job.key, seconds=seconds, error=said(error))


@contextmanager
def _client(workers: int | None, scheduler: str | None) -> Iterator[Any]:
    if scheduler is None:
        assert workers is not None
        with private_cluster(workers) as cluster, cluster.get_client() as client:
            yield client
        return
    if find_spec("distributed") is None:
        raise ModelError("distributed is not installed; run: pip install 'daebon[dist]'")
    import dask
    from distributed import Client

    tls = scheduler.startswith("tls://")
    if tls and not (
        dask.config.get("distributed.comm.tls.ca-file") and dask.config.get("distributed.comm.tls.client.cert")
    ):
        raise DaebonError(
            f"--scheduler {scheduler}: dask knows no certificates; name them in its configuration (docs/scale.md)"
        )
    try:
        client = Client(scheduler, timeout=_PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        remedy = "start it with: dask scheduler" + (
            ", or look at the certificates of both (docs/scale.md)" if tls else ""
        )
        raise DaebonError(f"--scheduler {scheduler}: does not answer; {remedy}") from error
    with client:
        yield client


def _nothing() -> None:
    """Let a worker play on: it is stopped from the outside."""

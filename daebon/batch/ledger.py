"""Which takes are in the store already, recognised by their key; and the one batch at a time that may write there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from daebon.batch.plan import Job
from daebon.batch.work import Outcome
from daebon.runner import begin
from transcript.errors import StoreError, UsageError
from transcript.record import Transcript
from transcript.store import MAIN, Run, RunStore


class Ledger:
    """The takes of an output folder by their key. A take is done when its scores stand in the store: its files are written."""

    def __init__(self, store: RunStore, out: Path) -> None:
        """Read what is there once."""
        self.store, self.out = store, out
        self._lock = threading.Lock()
        self._ids: set[str] = set()
        self._runs: dict[str, str] = {}
        self._done: dict[str, Outcome] = {}
        for run in store.runs():
            self._ids.add(run.id)
            if key := run.take.get("key"):
                self._runs[key] = run.id
                if scores := run.take.get("scores"):
                    self._done[key] = Outcome(key, run.id, scores, run.turns)

    def done(self, key: str) -> Outcome | None:
        """Return what a finished take became, None for one that is still to be played or to be finished."""
        return self._done.get(key)

    def run(self, job: Job) -> Run:
        """Return the run of a take, begun now or found where a batch was stopped."""
        with self._lock:
            if job.key not in self._runs:
                run = begin(self.store, self.out, job.scenario, {**job.take, "key": job.key}, self._ids, adopt=True)
                self._ids.add(run.id)
                self._runs[job.key] = run.id
            return self.store.run(self._runs[job.key])

    def admit(self, job: Job, transcript: Transcript) -> Run:
        """Put a take that was played elsewhere into the store, once however often it comes; return its run."""
        run = self.run(job)
        parent: int | None = None
        for turn in transcript.turns:
            parent, _ = self.store.append(run.id, MAIN, parent, turn)
        status = "finished" if transcript.take.get("over") == "finished" else "stopped"
        self.store.update(run.id, status, {**transcript.take, "key": job.key})  # type: ignore[arg-type]
        return self.store.run(run.id)


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Hold an output folder for this batch; UsageError when another one has it. A process that dies lets go of it."""
    lock = FileLock(out / ".batch.lock")
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout as error:
        raise UsageError(f"--out {out}: another batch is playing there; wait for it or give another folder") from error
    except OSError as error:
        raise StoreError(f"{out}: cannot be written ({error.strerror}); choose another --out folder") from error
    try:
        yield
    finally:
        lock.release()

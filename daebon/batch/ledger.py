"""Which takes are in the store already, recognised by their key; who plays each; and the one batch that may write to a folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from daebon.batch.plan import Job
from daebon.batch.work import Busy, Outcome
from daebon.runner import begin, home
from transcript.branches import Branches
from transcript.errors import StoreError, UsageError
from transcript.lock import playing
from transcript.record import Transcript
from transcript.store import MAIN, Run, RunStore


class Ledger:
    """The takes of a store by their key, with their files in `out`.

    A take is done when its scores stand in the store: its files are written. Where another caller wrote them, into a folder
    of its own, they are made here too.
    """

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
                folder = home(out, run.id)
                if (scores := run.take.get("scores")) and (run.folder == folder or (folder / "report.html").is_file()):
                    self._done[key] = Outcome(key, run.id, scores, run.turns)

    def done(self, key: str) -> Outcome | None:
        """Return what a finished take became, None for one that is still to be played or to be finished."""
        return self._done.get(key)

    @contextmanager
    def claim(self, job: Job) -> Iterator[Run]:
        """Hold a take for this process and yield its run, begun now or found as it stands; Busy where another one holds it."""
        with self._lock:
            if job.key not in self._runs:
                run = begin(self.store, self.out, job.scenario, {**job.take, "key": job.key}, self._ids, adopt=True)
                self._ids.add(run.id)
                self._runs[job.key] = run.id
            id_ = self._runs[job.key]
        with playing(self.store, id_) as owner:
            if owner:
                raise Busy(owner.in_words(id_))
            yield replace(self.store.run(id_), folder=home(self.out, id_))

    def admit(self, run: Run, transcript: Transcript) -> Run:
        """Put a take that was played elsewhere into the store, whole, once however often it comes; return its run.

        Where other lines stand already, of a process that began to play it here, the take goes on a version of its own.
        """
        branches, head = Branches(self.store, run.id), self.store.here(run.id)
        here = branches.here()
        branch = here.id if here else MAIN
        there = [(turn.speaker, turn.text) for turn in self.store.turns(head)]
        if there != [(turn.speaker, turn.text) for turn in transcript.turns[: len(there)]]:
            branch, head, there = branches.begin((branch, head), None, "undo").id, None, []
        self.store.fill(run.id, branch, head, transcript.turns[len(there) :])
        status = "finished" if transcript.take.get("over") == "finished" else "stopped"
        self.store.update(run.id, status, {**transcript.take, "key": run.take["key"]}, run.folder)  # type: ignore[arg-type]
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

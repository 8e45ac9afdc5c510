"""The loop of a batch in one process: takes that are done are left alone, the rest is played in lanes, failures are kept."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from itertools import groupby

from daebon.batch.ledger import Ledger
from daebon.batch.plan import Job
from daebon.batch.work import Busy, Check, Lane, Outcome, attempted, finish, kept, lanes_for, said
from transcript.errors import Interrupted, StoreLost

_LOOK_AGAIN = 0.2  # seconds until a take is looked at again that another caller plays, or whose store was lost

Hear = Callable[[Job, Outcome], None]
"""Called once for each take that is finished or has failed, from any thread."""


def play_here(jobs: Sequence[Job], ledger: Ledger, check: Check, hear: Hear) -> None:
    """Play jobs that are not done yet, model by model; raises Interrupted when `check` does.

    What other callers of the store play is theirs: it is waited for at the end, and played here only when they died.
    """
    for name, group in groupby(jobs, key=lambda job: str(job.take["model"])):
        waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        todo = list(group)
        for job in todo:
            waiting.put(job)
        lanes, cores = lanes_for(name, len(todo))
        stopped: list[BaseException] = []
        threads = [
            threading.Thread(target=_lane, args=(waiting, cores, ledger, check, hear, stopped)) for _ in range(lanes)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():  # a join without end would not let a signal through
                thread.join(0.2)
        if stopped:
            raise stopped[0]


def _lane(
    waiting: queue.SimpleQueue[Job],
    cores: int,
    ledger: Ledger,
    check: Check,
    hear: Hear,
    stopped: list[BaseException],
) -> None:
    lane = Lane(cores)
    try:
        while not stopped:
            try:
                job = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                hear(job, _played(job, lane, ledger, check))
            except (Busy, StoreLost):  # the other lanes let go of the lost connection when they are next at the store
                waiting.put(job)
                time.sleep(_LOOK_AGAIN)
    except BaseException as error:  # handed to the thread that waits
        stopped.append(error)
    finally:
        lane.close()


def _played(job: Job, lane: Lane, ledger: Ledger, check: Check) -> Outcome:
    started = time.perf_counter()

    def work() -> Outcome:
        with ledger.claim(job) as run:
            transcript = kept(ledger.store, run) or lane.play(ledger.store, run, check)
            scores = finish(ledger.store, run, transcript)
            return Outcome(job.key, run.id, scores, len(transcript.turns), time.perf_counter() - started)

    try:
        check()
        outcome: Outcome = attempted(work, check)
        return outcome
    except (Interrupted, Busy, StoreLost):
        raise
    except Exception as error:
        return Outcome(job.key, seconds=time.perf_counter() - started, error=said(error))

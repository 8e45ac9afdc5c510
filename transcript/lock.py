"""Who plays a run: a lock per run, so that a second daebon on the same store reads or stays away.

The lock goes with its process, however that ends; what is told beside it only says who has it.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from transcript.store import RunStore, now


@dataclass(frozen=True)
class Owner:
    """The process that plays a run: its id, its machine, and since when (UTC)."""

    pid: int
    host: str
    since: str

    def in_words(self, run: str) -> str:
        """Say who plays `run`, and what the person can do."""
        return (
            f"{run} is being played by process {self.pid} on {self.host} since {self.since}; "
            "close it there, or read along here"
        )


@contextmanager
def playing(store: RunStore, run: str) -> Iterator[Owner | None]:
    """Hold the lock of a run in a store: None when it is ours now, else who has it. Raises StoreError."""
    with store.database.hold(run, json.dumps(asdict(Owner(os.getpid(), socket.gethostname(), now())))) as other:
        yield None if other is None else _owner(other)


def _owner(told: str) -> Owner:
    try:
        return Owner(**json.loads(told))
    except (ValueError, TypeError):  # nothing stands there yet, or something else does: the lock counts
        return Owner(0, "another machine or user", "just now")

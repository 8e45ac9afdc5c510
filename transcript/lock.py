"""Who plays a run: an operating system's lock per run, so that a second daebon on the same store reads or stays away.

The lock goes with its process, however that ends; what stands in the file beside it only says who has it.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from transcript.errors import StoreError
from transcript.record import write_atomically
from transcript.store import now

_FOLDER = ".playing"  # beside the store


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
def playing(store: Path, run: str) -> Iterator[Owner | None]:
    """Hold the lock of a run in the store file `store`: None when it is ours now, else who has it.

    Raises StoreError when the folder of the store cannot be written.
    """
    folder = store.parent / _FOLDER
    lock, told = FileLock(folder / f"{run}.lock"), folder / f"{run}.json"
    try:
        folder.mkdir(exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        yield _owner(told)
        return
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written ({error.strerror}); change its permissions") from error
    try:
        write_atomically(told, json.dumps(asdict(Owner(os.getpid(), socket.gethostname(), now()))))
        yield None
    finally:
        told.unlink(missing_ok=True)
        lock.release()


def _owner(file: Path) -> Owner:
    try:
        return Owner(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # it is being written, or was swept away: the lock counts
        return Owner(0, "another machine or user", "just now")

"""Checkpoints of LangGraph in the run store's SQLite file, with plain values only."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ["LANGGRAPH_STRICT_MSGPACK"] = (
    "true"  # before langgraph is imported: refuse to load anything but plain values
)

from langgraph.checkpoint.sqlite import SqliteSaver

from transcript.errors import StoreError
from transcript.store import store_problem

_BUSY_SECONDS = 30


@contextmanager
def checkpointer(path: Path) -> Iterator[SqliteSaver]:
    """Open the checkpoints in `path`; raises StoreError when the file cannot be used."""
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)
        try:
            saver = SqliteSaver(connection)
            saver.setup()
            connection.execute("PRAGMA synchronous=NORMAL")  # turns are synced by the store; WAL keeps these whole
            yield saver
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {store_problem(error)}") from error

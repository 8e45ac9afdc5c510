"""Checkpoints of LangGraph in the run store's SQLite file, with plain values only, found again by the turn they stand at."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ["LANGGRAPH_STRICT_MSGPACK"] = (
    "true"  # before langgraph is imported: refuse to load anything but plain values
)

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.sqlite import SqliteSaver

from transcript.errors import StoreError
from transcript.store import store_problem

_BUSY_SECONDS = 30
_PLACES = (  # as SqliteSaver.list asks for them; without it the moves of a long take are as right, and slower
    "CREATE INDEX IF NOT EXISTS places ON checkpoints (thread_id, json_extract(CAST(metadata AS TEXT), '$.head'))"
)


class PlacedSaver(SqliteSaver):
    """A SqliteSaver whose checkpoints say in their metadata at which turn, of which branch, they stand (`placed`)."""

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint with its place."""
        values = checkpoint["channel_values"]
        told = {**metadata, **placed(values.get("head"), values.get("branch", ""))}
        return super().put(config, checkpoint, told, new_versions)  # type: ignore[arg-type]


def placed(head: int | None, branch: str | None = None) -> dict[str, int | str]:
    """Return the metadata of checkpoints at turn `head` (an id, None: before the first), of one branch where it is given."""
    return {"head": head or 0, **({} if branch is None else {"branch": branch})}


@contextmanager
def checkpointer(path: Path) -> Iterator[SqliteSaver]:
    """Open the checkpoints in `path`; raises StoreError when the file cannot be used."""
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)
        try:
            saver = PlacedSaver(connection)
            saver.setup()
            connection.execute(_PLACES)
            connection.execute("PRAGMA synchronous=NORMAL")  # turns are synced by the store; WAL keeps these whole
            yield saver
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {store_problem(error)}") from error

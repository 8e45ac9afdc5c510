"""Checkpoints of LangGraph in the run store's database, with plain values only, found again by the turn they stand at."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

os.environ["LANGGRAPH_STRICT_MSGPACK"] = (
    "true"  # before langgraph is imported: refuse to load anything but plain values
)

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.base import id as ids
from langgraph.checkpoint.sqlite import SqliteSaver

from transcript.database import Place, missing_extra
from transcript.errors import StoreError
from transcript.sqlite import BUSY_SECONDS, told

_PLACES = (  # as SqliteSaver.list asks for them; without it the moves of a long take are as right, and slower
    "CREATE INDEX IF NOT EXISTS places ON checkpoints (thread_id, json_extract(CAST(metadata AS TEXT), '$.head'))"
)
_LOOK_AGAIN = 0.05  # seconds until the tables that another caller makes are looked for again


class Placed(BaseCheckpointSaver[str]):
    """Mixed into a saver: its checkpoints say in their metadata at which turn, of which branch, they stand (`placed`)."""

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read a checkpoint; those to come are numbered behind it. Raises StoreError for one that is damaged."""
        try:
            found = super().get_tuple(config)
            if found:
                _number_behind(found.checkpoint["id"])
            return found
        except (ValueError, TypeError, LookupError) as error:  # not JSON, not msgpack, or of another shape
            raise StoreError(
                f"the checkpoints of the run store are damaged ({error}); export what was played with `daebon export`, "
                "and play into another --out folder"
            ) from error

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint with its place."""
        values = checkpoint["channel_values"]
        with_place = {**metadata, **placed(values.get("head"), values.get("branch", ""))}
        return super().put(config, checkpoint, with_place, new_versions)  # type: ignore[arg-type]


class PlacedSqliteSaver(Placed, SqliteSaver):
    """A SqliteSaver with places; what SQLite complains about is a StoreError."""

    place: Path

    @contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[sqlite3.Cursor]:
        """Lend a cursor for each thing that is read or saved."""
        with told(self.place), super().cursor(transaction) as cursor:
            yield cursor


def _number_behind(last: str) -> None:
    """Have LangGraph number this process's checkpoints behind `last`, also where the clock was set back since.

    Their ids are times (UUID version 6), and the greatest one of a run counts as its last checkpoint.
    """
    before: int = ids._last_v6_timestamp or 0
    ids._last_v6_timestamp = max(before, ids.UUID(last).time)  # type: ignore[assignment] # None at first


def placed(head: int | None, branch: str | None = None) -> dict[str, int | str]:
    """Return the metadata of checkpoints at turn `head` (an id, None: before the first), of one branch where it is given."""
    return {"head": head or 0, **({} if branch is None else {"branch": branch})}


def checkpointer(place: Place) -> AbstractContextManager[BaseCheckpointSaver[Any]]:
    """Open the checkpoints of the run store at `place`; raises StoreError when they cannot be used, then and later."""
    return _on_postgres(place) if isinstance(place, str) else _in_file(place)


@contextmanager
def _in_file(path: Path) -> Iterator[PlacedSqliteSaver]:
    with told(path):
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False)
    try:
        saver = PlacedSqliteSaver(connection)
        saver.place = path
        with told(path):
            saver.setup()
            connection.execute(_PLACES)
            connection.execute("PRAGMA synchronous=NORMAL")  # turns are synced by the store; WAL keeps these whole
        yield saver
    finally:
        connection.close()


@contextmanager
def _on_postgres(url: str) -> Iterator[BaseCheckpointSaver[Any]]:
    try:
        from langgraph.checkpoint.postgres import PostgresSaver

        from transcript import postgres
    except ImportError as error:
        raise missing_extra(error) from error

    class PlacedPostgresSaver(Placed, PostgresSaver):
        """A PostgresSaver with places; what the server complains about is a StoreError."""

        def put(
            self,
            config: RunnableConfig,
            checkpoint: Checkpoint,
            metadata: CheckpointMetadata,
            new_versions: ChannelVersions,
        ) -> RunnableConfig:
            """Save a checkpoint without NULs, which the server's JSON can't hold."""
            values = checkpoint["channel_values"].items()
            plain = {name: value.replace("\0", "") if isinstance(value, str) else value for name, value in values}
            return super().put(config, {**checkpoint, "channel_values": plain}, metadata, new_versions)

        @contextmanager
        def _cursor(self, *, pipeline: bool = False) -> Iterator[Any]:
            with postgres.told(url), super()._cursor(pipeline=pipeline) as cursor:
                yield cursor

    with postgres.connect(url) as connection:
        saver = PlacedPostgresSaver(connection)
        with postgres.told(url):
            connection.execute("SET synchronous_commit = off")  # turns are synced by the store; the log keeps the order
            _make_tables(saver, connection, postgres.number(connection, "checkpoints"))
        yield saver


def _make_tables(saver: Any, connection: Any, lock: int) -> None:
    """Make LangGraph's tables, one caller at a time.

    A caller that waits within pg_advisory_lock would be waited for by CREATE INDEX CONCURRENTLY, for ever: so it asks again.
    """
    while not connection.execute("SELECT pg_try_advisory_lock(%s)", (lock,)).fetchone()[0]:
        time.sleep(_LOOK_AGAIN)
    try:
        saver.setup()
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (lock,))

"""What the run store asks of a database, which is a SQLite file or on a PostgreSQL server; both understand the store's SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from transcript.errors import StoreError, UsageError
from transcript.sqlite import SqliteFile

Place = Path | str  # a SQLite file, or a URL: postgresql://USER@HOST/DATABASE
SCHEMES = ("postgresql://", "postgres://")


class Rows(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows were written."""

    def fetchone(self) -> Any:
        """Return the next row, None after the last."""

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows that are left."""


class Connection(Protocol):
    """Runs SQL that both databases understand, with `?` for each value."""

    def execute(self, sql: str, values: Sequence[Any] = ..., /) -> Rows:
        """Run one statement; outside of a transaction it is on disk when this returns."""


class Database(Protocol):
    """An open database; safe for threads of one process, and for several processes."""

    remedy: str  # for a store that is damaged

    @property
    def place(self) -> Place:
        """Return what it was opened on."""

    def session(self, *, whole: bool = False) -> AbstractContextManager[Connection]:
        """Lend the connection to this thread alone; `whole` makes one transaction of it. Raises StoreError."""

    def hold(self, run: str, owner: str) -> AbstractContextManager[str | None]:
        """Hold the lock of a run, telling others its `owner`: None when it is ours now, else whose it is ("": unknown).

        The lock goes with the process, however that ends.
        """

    def close(self) -> None:
        """Close the connection."""


def open_database(place: Place, tables: str, of: Path | None = None) -> Database:
    """Open the database at `place`, making what it lacks of `tables`; StoreError when it cannot be used.

    `of` is the file that errors name where the one at `place` is a copy of it.
    `tables` is SQL with `{key}` for the type of a column that numbers its rows, and `{rowid}` where SQLite has a hidden one.
    """
    if isinstance(place, Path):
        return SqliteFile(place, tables, of)
    if not place.startswith(SCHEMES):  # not shown: a mistyped URL may hold a password
        raise UsageError(
            "--store: write postgresql://USER@HOST:PORT/DATABASE; without it the runs stand in a file in --out"
        )
    try:
        from transcript.postgres import PostgresDatabase
    except ImportError as error:
        raise missing_extra(error) from error
    return PostgresDatabase(place, tables)


def missing_extra(error: ImportError) -> StoreError:
    """Return what to say where a package for PostgreSQL is missing, or lacks its library."""
    name = (error.name or "psycopg").replace(".", "-")
    return StoreError(
        f"a store on PostgreSQL needs {name}, which is not installed; run: pip install 'daebon[postgres]'"
    )

"""The run store's database in a SQLite file, and locks of the operating system beside it."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from transcript.errors import StoreError
from transcript.record import write_atomically

BUSY_SECONDS = 30
_FOLDER = ".playing"  # beside the store
_AGAIN_SECONDS = 0.02
_TRIES = 3  # copies of a file that may be changing


class SqliteFile:
    """Opened on `OUT/daebon.sqlite`; safe for threads of one process and for several processes (WAL)."""

    remedy = "move the file away to start a new one"

    def __init__(self, path: Path, tables: str, of: Path | None = None) -> None:
        """Open or create the file; raises StoreError when it cannot be used, which names `of` where the file is a copy of that."""
        self.place = of or path
        self._lock = threading.Lock()
        with told(self.place):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            _to_wal(self._db)
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(tables.format(key="INTEGER PRIMARY KEY", rowid=""))

    @contextmanager
    def session(self, *, whole: bool = False) -> Iterator[sqlite3.Connection]:
        """Lend the connection to this thread alone; `whole` makes one transaction of it."""
        with self._lock, told(self.place):
            if not whole:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def hold(self, run: str, owner: str) -> Iterator[str | None]:
        """Hold the lock of a run; what stands in the file beside it only says who has it."""
        folder = self.place.parent / _FOLDER
        lock, beside = FileLock(folder / f"{run}.lock"), folder / f"{run}.json"
        try:
            folder.mkdir(exist_ok=True)
            lock.acquire(blocking=False)
        except Timeout:
            yield _read(beside)
            return
        except OSError as error:
            raise StoreError(f"{folder}: cannot be written ({error.strerror}); change its permissions") from error
        try:
            write_atomically(beside, owner)
            yield None
        finally:
            beside.unlink(missing_ok=True)
            lock.release()

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _to_wal(db: sqlite3.Connection) -> None:
    """Have a file write ahead; where two processes turn the same new file at once SQLite tells one of them without waiting."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
        time.sleep(_AGAIN_SECONDS)


def copied(path: Path, folder: Path) -> Path:
    """Return a copy in `folder` of a store that may only be read, whole also while another process writes it; else StoreError."""
    made = folder / path.name
    try:
        with (
            closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as source,
            closing(sqlite3.connect(made)) as target,
        ):
            source.backup(target)
        return made
    except sqlite3.Error:  # on a read-only medium the log cannot be opened, and nobody writes
        made.unlink(missing_ok=True)
    parts = [part for part in (path, path.with_name(f"{path.name}-wal")) if part.is_file()]
    try:
        for _ in range(_TRIES):
            before = _stamps(parts)
            for part in parts:
                shutil.copyfile(part, folder / part.name)
            if _stamps(parts) == before:
                return made
    except OSError as error:
        raise StoreError(f"{path}: cannot be copied to {folder} to be read ({error.strerror})") from error
    raise StoreError(f"{path}: is being written by another process; try again when it has stopped")


def _stamps(parts: Sequence[Path]) -> list[tuple[int, int]]:
    return [(stat.st_size, stat.st_mtime_ns) for stat in (part.stat() for part in parts)]


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite or the disk complains about into a StoreError, with the remedy."""
    try:
        yield
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: {_problem(error)}") from error


def _problem(error: Exception) -> str:
    text = str(error)
    if "full" in text or getattr(error, "errno", None) == 28:
        return "the disk is full; free some space and run `daebon resume latest`, every turn shown so far is saved"
    if "not a database" in text or "malformed" in text or isinstance(error, UnicodeDecodeError):
        return f"the run store is damaged; {SqliteFile.remedy}, transcripts in the take folders stay"
    if "locked" in text:
        return "another daebon holds the run store; wait for it or use another --out folder"
    if "readonly" in text or "unable to open" in text or isinstance(error, OSError):
        return f"cannot be written ({text}); choose another --out folder or change its permissions"
    return f"the run store failed ({text})"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):  # it is being written, or was swept away: the lock counts
        return ""

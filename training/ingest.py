"""Read a pile of documents into normalised text, and say of each what became of it: `daebon train ingest`.

What is read stands in OUT/texts, one file a document, pages parted by form feeds, named by the sha256 of the document; what was found
about every document stands in OUT/ingest.json. A second run reads only what is new.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import os
import re
import signal
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from training.documents import SUFFIXES, Unreadable, read_document
from transcript.errors import FileError, UsageError
from transcript.record import write_atomically

VERSION = 1  # of what a document's text is; a change reads everything again
NEAR = 0.8  # share of common text from which the later document counts as a copy of the earlier one
_SHINGLE = 12  # letters
_SKETCH = 256  # smallest hashes of a text that stand for it
_MEMORY = 3 * 2**30  # bytes that one reading process may take
_SECONDS = 120  # of processor time that one document may take

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Entry:
    """What became of one document.

    `status` is `read`, `copy` (the same bytes or the same text as `of`), `near` (most of its text is in `of`), or `unreadable`
    with a `reason`. `text` is the file below OUT that holds what was read, `letters` counts letters and digits.
    """

    source: str
    sha256: str
    size: int
    status: str
    format: str = ""
    pages: int = 0
    letters: int = 0
    text: str = ""
    of: str = ""
    reason: str = ""


def documents_in(paths: Sequence[Path]) -> list[Path]:
    """Return the documents of folders, at any depth, and the files named; hidden ones and links out of a folder are left out.

    Raises FileError for a path that does not exist, UsageError when nothing is found.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise FileError(path, "does not exist; give a folder of scripts or a file")
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inside:
            hidden = path.is_dir() and any(part.startswith((".", "~$")) for part in file.relative_to(path).parts)
            if file.is_file() and not hidden and (path.is_file() or file.suffix.lower() in SUFFIXES):
                found[file] = None
    if not found:
        raise UsageError(f"no document ({' '.join(SUFFIXES)}) in {', '.join(map(str, paths))}")
    return list(found)


def ingest(paths: Sequence[Path], out: Path, *, jobs: int = 0, report: Report | None = None) -> list[Entry]:
    """Read every document of `paths` into `out` with `jobs` processes (0: one a core); return their entries in order.

    A document that ends its process (by memory, or a crash of its library) is unreadable, and the rest goes on.
    """
    files = documents_in(paths)
    (out / "texts").mkdir(parents=True, exist_ok=True)
    known = {entry.sha256: entry for entry in _earlier(out)}
    entries: dict[Path, Entry] = {}
    todo: dict[str, Path] = {}
    for file in files:
        try:
            digest, size = _digest(file), file.stat().st_size
        except OSError as error:
            entries[file] = Entry(str(file), "", 0, "unreadable", reason=f"cannot be read ({error.strerror})")
            continue
        if (old := known.get(digest)) and (old.status == "unreadable" or (out / old.text).is_file()):
            entries[file] = replace(old, source=str(file), status=old.status if old.reason else "read", of="")
        else:
            entries[file] = Entry(str(file), digest, size, "read")
            todo.setdefault(digest, file)
    done = _read_all(todo, out, jobs or os.cpu_count() or 1, report)
    entries = {file: _with(entry, done.get(entry.sha256)) for file, entry in entries.items()}
    result = _compared([entries[file] for file in files], out)
    record = {"version": VERSION, "files": [asdict(entry) for entry in result]}
    write_atomically(out / "ingest.json", json.dumps(record, ensure_ascii=False, indent=1) + "\n")
    return result


def summary(entries: Iterable[Entry]) -> Counter[str]:
    """Return how many documents have each status."""
    return Counter(entry.status for entry in entries)


def _earlier(out: Path) -> list[Entry]:
    """Return the entries of an earlier run; none when there was none, or it was another version's."""
    try:
        record = json.loads((out / "ingest.json").read_text(encoding="utf-8"))
        return [Entry(**row) for row in record["files"]] if record["version"] == VERSION else []
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def _read_all(todo: dict[str, Path], out: Path, jobs: int, report: Report | None) -> dict[str, Entry]:
    """Read the documents of `todo` (by digest) in processes; one that kills its process is tried alone, once."""
    done: dict[str, Entry] = {}
    waiting, suspects = list(todo), list[str]()

    def took(digest: str, entry: Entry) -> None:
        done[digest] = entry
        if report:
            report(len(done), len(todo))

    while waiting or suspects:
        alone = not waiting
        batch = [suspects.pop(0)] if alone else waiting
        waiting = []
        with ProcessPoolExecutor(1 if alone else jobs, initializer=_bounded) as pool:
            running: dict[Future[Entry], str] = {pool.submit(_read_one, todo[d], d, out): d for d in batch}
            while running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    digest = running.pop(future)
                    try:
                        took(digest, future.result())
                    except BrokenProcessPool:
                        if alone:
                            took(digest, Entry(str(todo[digest]), digest, 0, "unreadable", reason=_KILLED))
                        else:
                            suspects.append(digest)
    return done


_KILLED = "ended the process that read it (too much memory, or damaged); save it again"


def _bounded() -> None:
    """Keep a document from taking the machine's memory, where the system can do that."""
    try:
        import resource
    except ImportError:
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = _MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _read_one(path: Path, digest: str, out: Path) -> Entry:
    size = path.stat().st_size
    try:
        with _timed():
            document = read_document(path)
    except Unreadable as error:
        return Entry(str(path), digest, size, "unreadable", reason=str(error))
    name = f"texts/{digest[:16]}.txt"
    text = "\f".join(document.pages)
    write_atomically(out / name, text + "\n")
    letters = sum(map(str.isalnum, text))
    return Entry(str(path), digest, size, "read", document.format, len(document.pages), letters, name)


class _TooLong(BaseException):
    """More time than a document may take; no library catches it."""


@contextmanager
def _timed() -> Iterator[None]:
    """Give up a document that takes too long, where the system can do that; one that goes on all the same ends its process."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
        raise _TooLong

    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS, _SECONDS / 4)
    try:
        yield
    except _TooLong:
        raise Unreadable(f"takes more than {_SECONDS} s to read: damaged, or made to; save it again") from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _with(entry: Entry, read: Entry | None) -> Entry:
    return replace(read, source=entry.source, size=entry.size) if read else entry


def _compared(entries: list[Entry], out: Path) -> list[Entry]:
    """Mark copies: the same bytes or words as an earlier document, or most of them."""
    first: dict[str, str] = {}
    owners: dict[int, list[int]] = {}
    sizes: dict[int, int] = {}
    result: list[Entry] = []
    for place, entry in enumerate(entries):
        if entry.status != "read":
            result.append(entry)
            continue
        letters = re.sub(r"\W+", "", (out / entry.text).read_text(encoding="utf-8")).casefold()
        same = first.setdefault(hashlib.sha256(letters.encode()).hexdigest(), entry.source)
        if same != entry.source:
            result.append(replace(entry, status="copy", of=same))
            continue
        sketch = _sketch(letters)
        common = Counter(other for value in sketch for other in owners.get(value, ()))
        best, shared = max(common.items(), key=lambda item: item[1], default=(0, 0))
        if shared and shared / min(len(sketch), sizes[best]) >= NEAR:
            result.append(replace(entry, status="near", of=entries[best].source))
            continue
        sizes[place] = len(sketch)
        for value in sketch:
            owners.setdefault(value, []).append(place)
        result.append(entry)
    return result


def _sketch(letters: str) -> list[int]:
    """Return the smallest hashes of all pieces of the text: two texts have in common what their sketches have (Broder 1997)."""
    pieces = {letters[i : i + _SHINGLE] for i in range(max(1, len(letters) - _SHINGLE + 1))}
    return heapq.nsmallest(_SKETCH, {zlib.crc32(piece.encode()) for piece in pieces})


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

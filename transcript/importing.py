"""Read a script that daebon wrote, edited or not, back into its scenes and turns, whatever its format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from transcript import docx, fdx, fountain, hwpx, markdown, tables, text
from transcript.errors import DaebonError, FileError
from transcript.layout import Scene, lay_out
from transcript.reading import decoded
from transcript.record import read_transcript

_READERS: dict[str, Callable[[Path], tuple[Scene, ...]]] = {
    ".json": lambda path: lay_out(read_transcript(path)).scenes,
    ".jsonl": lambda path: tables.parse_jsonl(_table(path)),
    ".csv": lambda path: tables.parse_csv(_table(path)),
    ".fountain": lambda path: fountain.parse(_text(path)),
    ".md": lambda path: markdown.parse(_text(path)),
    ".txt": lambda path: text.parse(_text(path)),
    ".fdx": lambda path: fdx.parse(path.read_bytes()),
    ".docx": lambda path: docx.parse(path.read_bytes()),
    ".hwpx": hwpx.parse,
    ".hwp": hwpx.parse,
}


def read_scenes(path: Path) -> tuple[Scene, ...]:
    """Return the scenes of a file that `exports.export` wrote, its lines as `lay_out` gave them.

    Formats without a mark for events (fountain, fdx, md, txt) give them as action. A PDF and a page of HTML are for
    people: of these, keep the transcript.json. Scripts of others are `reading.read_script`'s. Raises FileError for
    another suffix and for a file that cannot be read.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise FileError(path, f"{path.suffix or 'no suffix'!r} is not read back; give one of {', '.join(_READERS)}")
    try:
        return reader(path)
    except FileError:
        raise
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror or error}); give a file") from error
    except DaebonError as error:
        raise FileError(path, str(error)) from error
    except ModuleNotFoundError:
        raise
    except Exception as error:  # each library raises its own types, and they differ between versions
        problem = (
            f"is no script that daebon wrote, or damaged ({type(error).__name__}: {str(error)[:80]}); export it again"
        )
        raise FileError(path, problem) from error


def _text(path: Path) -> str:
    return decoded(path.read_bytes(), path).replace("\r\n", "\n")


def _table(path: Path) -> str:
    """Return text with its line ends, and not normalised: an escape and the accent behind it would become one letter."""
    return path.read_bytes().decode("utf-8-sig")

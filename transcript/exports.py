"""Write a transcript in the formats asked for, under a file name that every system takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path

from transcript import fountain, markdown, text
from transcript.errors import UsageError
from transcript.layout import UNTITLED, clean
from transcript.record import Transcript, write_atomically, write_transcript

FORMATS: dict[str, tuple[str, Callable[[Transcript], str]]] = {
    "txt": (".txt", text.render),
    "md": (".md", markdown.render),
    "fountain": (".fountain", fountain.render),
}
RECORD = "json"  # the transcript itself, always under the name transcript.json

_CHARACTERS = 80
_BYTES = 220  # a name has 255 in UTF-8; the suffix and the temporary file beside it take the rest

_UNSAFE = re.compile(r'[/\\:*?"<>|]')
_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³])\s*(\.|$)", re.IGNORECASE)


def export(transcript: Transcript, formats: Sequence[str], folder: Path) -> list[Path]:
    """Write `transcript` to `folder` in each of `formats` and return the paths in that order, each once.

    Raises UsageError for an unknown format, before anything is written, and DaebonError when the disk refuses.
    """
    for name in formats:
        if name not in (*FORMATS, RECORD):
            raise UsageError(_unknown(name))
    return [_write(transcript, name, folder) for name in dict.fromkeys(formats)]


def safe_name(title: str) -> str:
    """Return a file name for `title`, without suffix, that Linux, macOS and Windows all take.

    It is NFC, 1 to 80 characters and at most 220 bytes of UTF-8; separators and signs that Windows refuses become `_`,
    invisible characters go, and a name that Windows reserves (`CON`, `nul.1`) gets a leading `_`.
    """
    seen = "".join(char for char in clean(title) if unicodedata.category(char) != "Cf")
    name = " ".join(_UNSAFE.sub("_", seen).split()).lstrip(" .-")
    name = unicodedata.normalize("NFC", f"_{name}" if _RESERVED.match(name) else name)
    short = name[:_CHARACTERS].encode()[:_BYTES].decode(errors="ignore").rstrip(" .")
    return short or UNTITLED


def _write(transcript: Transcript, name: str, folder: Path) -> Path:
    if name == RECORD:
        path = folder / "transcript.json"
        write_transcript(transcript, path)
    else:
        suffix, render = FORMATS[name]
        path = folder / f"{safe_name(transcript.title)}{suffix}"
        write_atomically(path, render(transcript))
    return path


def _unknown(name: str) -> str:
    known = (*FORMATS, RECORD)
    near = get_close_matches(name.lower(), known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"unknown format {name!r}; {hint}known are {', '.join(known)}"

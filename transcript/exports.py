"""Write a transcript in the formats asked for, under a file name that every system takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from transcript import docx, fdx, fountain, html, hwpx, markdown, pdf, tables, text
from transcript.errors import UsageError
from transcript.layout import UNTITLED, Arc, clean
from transcript.record import Transcript, write_atomically, write_transcript
from transcript.turn import Cost, Emotion

FORMATS: dict[str, tuple[str, Callable[[Transcript, Arc | None], str | bytes | Iterable[str]]]] = {
    "fountain": (".fountain", lambda transcript, _: fountain.render(transcript)),
    "fdx": (".fdx", lambda transcript, _: fdx.render(transcript)),
    "hwpx": (".hwpx", hwpx.render),
    "hwp": (".hwp", partial(hwpx.render, format="hwp")),
    "docx": (".docx", docx.render),
    "pdf": (".pdf", pdf.render),
    "html": (".html", lambda transcript, _: html.take_pieces(transcript)),
    "md": (".md", markdown.render),
    "txt": (".txt", text.render),
    "jsonl": (".jsonl", lambda transcript, _: tables.jsonl(transcript)),
    "csv": (".csv", lambda transcript, _: tables.to_csv(transcript)),
}
RECORD = "json"  # the transcript itself, always under the name transcript.json

_PARTS: dict[str, Callable[[Transcript], bool]] = {
    "beats": lambda transcript: bool(transcript.turns),
    "events as such": lambda transcript: any(turn.kind == "event" for turn in transcript.turns),
    "candidates": lambda transcript: any(turn.candidates for turn in transcript.turns),
    "cues": lambda transcript: any(turn.cue for turn in transcript.turns),
    "reasons": lambda transcript: any(turn.why for turn in transcript.turns),
    "who is spoken to and who hears it": lambda transcript: any(turn.to or turn.present for turn in transcript.turns),
    "emotion": lambda transcript: any(turn.emotion != Emotion() for turn in transcript.turns),
    "authors": lambda transcript: any(turn.by != "model" for turn in transcript.turns),
    "costs": lambda transcript: any(turn.cost != Cost() for turn in transcript.turns),
    "arcs": lambda transcript: bool(transcript.arc),
    "scores": lambda transcript: bool(transcript.scores),
    "the scenario's private parts": lambda transcript: bool(transcript.scenario),
    "seed and model": lambda transcript: bool(transcript.take),
}
_HOLDS: dict[str, frozenset[str]] = {  # what is more than the printed script; a format that is not named holds all
    **dict.fromkeys(("fountain", "fdx", "pdf", "md", "txt"), frozenset()),
    **dict.fromkeys(("hwpx", "hwp", "docx"), frozenset({"events as such"})),
    **dict.fromkeys(
        ("jsonl", "csv"), frozenset(_PARTS) - {"arcs", "scores", "the scenario's private parts", "seed and model"}
    ),
}
_CURVELESS = ("fountain", "fdx", "jsonl", "csv")

_CHARACTERS = 80
_BYTES = 220  # a name has 255 in UTF-8; the suffix and the temporary file beside it take the rest

_UNSAFE = re.compile(r'[/\\:*?"<>|]')
_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³])\s*(\.|$)", re.IGNORECASE)


def export(transcript: Transcript, formats: Sequence[str], folder: Path, arc: Arc | None = None) -> list[Path]:
    """Write `transcript` to `folder` in each of `formats` and return the paths in that order, each once.

    `arc` is added where the format can hold it; `remarks` says what a format cannot. Raises UsageError for an unknown
    format, before anything is written, and DaebonError when the disk refuses.
    """
    for name in formats:
        if name not in (*FORMATS, RECORD):
            raise UsageError(_unknown(name))
    return [_write(transcript, name, folder, arc) for name in dict.fromkeys(formats)]


def remarks(transcript: Transcript, formats: Sequence[str], arc: Arc | None = None) -> list[str]:
    """Return a line for each format that cannot hold what `transcript` has or that asks for `arc` in vain, and why."""
    lines = []
    for name in dict.fromkeys(formats):
        drawn = {"arcs"} if arc and name not in _CURVELESS else set()
        holds = _HOLDS.get(name, frozenset(_PARTS)) | drawn
        lost = [what for what, has in _PARTS.items() if what not in holds and has(transcript)]
        lost += ["the picture of the arcs"] if arc and name in _CURVELESS else []
        if lost:
            lines.append(f"{name}: leaves out {', '.join(lost)} (transcript.json holds all)")
        if name == "pdf" and (letters := pdf.missing(transcript)):
            lines.append(f"pdf: prints □ for what its font lacks: {' '.join(letters)}")
    return lines


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


def _write(transcript: Transcript, name: str, folder: Path, arc: Arc | None) -> Path:
    if name == RECORD:
        path = folder / "transcript.json"
        write_transcript(transcript, path)
    else:
        suffix, render = FORMATS[name]
        path = folder / f"{safe_name(transcript.title)}{suffix}"
        write_atomically(path, render(transcript, arc))
    return path


def _unknown(name: str) -> str:
    known = (*FORMATS, RECORD)
    near = get_close_matches(name.lower(), known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"unknown format {name!r}; {hint}known are {', '.join(known)}"

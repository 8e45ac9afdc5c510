"""CHARX: a zip with `card.json` and the assets of the card; also appended to a JPEG, as RisuAI exports it."""

from __future__ import annotations

import errno
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath

from scenarios._problems import show
from scenarios.cards import json_text
from transcript.errors import FileError

CARD = "card.json"
MAX_FILES, MAX_DIRECTORY, MAX_UNPACKED, MAX_RATIO = 5_000, 2 << 20, 1 << 30, 200
_END, _END64 = b"PK\x05\x06", b"PK\x06\x07"
_TAIL = 22 + 65_535 + 20
_BLOCK = 1 << 16
_DATE = (1980, 1, 1, 0, 0, 0)  # the same card gives the same file


def is_charx(tail: bytes) -> bool:
    """Say whether a file that ends in `tail` (its last bytes, 65,577 at least) ends as a zip does."""
    return _END in tail


def card(file: Path) -> tuple[bytes, tuple[str, ...]]:
    """Return the JSON of the card and the paths of the other files; raises FileError for what no card needs."""
    with _opened(file) as zipped:
        infos = {info.filename: info for info in zipped.infolist() if not info.is_dir()}
        if CARD not in infos:
            raise FileError(file, f"is a zip without {CARD} at its top; give a .charx file")
        if infos[CARD].file_size > json_text.MAX_BYTES:
            raise FileError(file, f"{CARD} has more than {json_text.MAX_BYTES >> 20} MiB; take assets out of the card")
        with zipped.open(CARD) as opened:
            text = opened.read(json_text.MAX_BYTES)  # without a number it would unpack more than the header says
        return text, tuple(name for name in infos if name != CARD)


def save(file: Path, targets: Iterable[tuple[str, Path]]) -> None:
    """Unpack files of the zip, given by their path in it, each to a path that does not exist yet."""
    with _opened(file) as zipped:
        for name, target in targets:
            with zipped.open(name) as source, target.open("xb") as sink:
                while block := source.read(_BLOCK):
                    sink.write(block)


def write(target: Path, card_json: str, files: Iterable[tuple[str, Path | bytes]]) -> None:
    """Write a CHARX with `files` (path in the zip, source)."""
    with zipfile.ZipFile(target, "x") as zipped:
        zipped.writestr(zipfile.ZipInfo(CARD, _DATE), card_json, zipfile.ZIP_DEFLATED)
        for name, source in files:
            info = zipfile.ZipInfo(name, _DATE)
            if isinstance(source, bytes):
                zipped.writestr(info, source, zipfile.ZIP_STORED)  # pictures are packed already
                continue
            with source.open("rb") as opened, zipped.open(info, "w") as sink:
                while block := opened.read(_BLOCK):
                    sink.write(block)


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip whose every entry has been looked at; the directory is read only when it is small."""
    _check_directory(file)
    try:
        with zipfile.ZipFile(file) as zipped:
            seen = set[str]()
            for info in zipped.infolist():
                _check(file, info, seen)
            if sum(info.file_size for info in zipped.infolist()) > MAX_UNPACKED:
                raise FileError(file, f"unpacks to more than {MAX_UNPACKED >> 30} GiB; take assets out of the card")
            yield zipped
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # a full disk is no fault of the zip
            raise
        raise FileError(file, f"is a damaged zip ({' '.join(str(error).split())}); download it again") from error


def _check_directory(file: Path) -> None:
    with file.open("rb") as opened:
        size = opened.seek(0, 2)
        opened.seek(max(0, size - _TAIL))
        tail = opened.read()
    at = tail.rfind(_END)
    count, length = int.from_bytes(tail[at + 10 : at + 12], "little"), int.from_bytes(tail[at + 12 : at + 16], "little")
    if count > MAX_FILES or length > MAX_DIRECTORY or _END64 in tail[max(0, at - 20) : at]:
        raise FileError(file, f"holds more than {MAX_FILES:,} files; take assets out of the card")


def _check(file: Path, info: zipfile.ZipInfo, seen: set[str]) -> None:
    name = info.orig_filename
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or not parts[0] or PureWindowsPath(name).anchor or "\0" in name:
        raise FileError(file, f"holds the path {show(name)}, which leads out of the card; it is not safe to unpack")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise FileError(file, f"holds the link {show(name)}; it is not safe to unpack")
    if info.flag_bits & 1:
        raise FileError(file, "is encrypted; export the card without a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileError(file, f"{show(name)} is packed as cards are not; export the card again")
    if info.file_size > _BLOCK and info.file_size > MAX_RATIO * max(1, info.compress_size):
        raise FileError(file, f"{show(name)} unpacks to {info.file_size:,} bytes from {info.compress_size:,}: a bomb")
    if name in seen:
        raise FileError(file, f"holds {show(name)} twice; export the card again")
    seen.add(name)

"""PNG and APNG files that carry a card: their chunks, byte for byte, and the text chunks `chara` and `ccv3`.

The image is never decoded, so its size does not matter; https://www.w3.org/TR/png-3/ describes the chunks.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from scenarios._problems import show
from scenarios.cards import json_text
from transcript.errors import FileError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 50_000
_MAX_TEXT = 2 * json_text.MAX_BYTES  # a card in base64, unpacked
_CARD = ("ccv3", "chara")  # V3 goes before V2, SPEC_V3.md "PNG/APNG"
_ASSET = re.compile(r"chara-ext-asset_:?(.*)", re.DOTALL)  # with the colon in the specification, without it in the wild

Chunk = tuple[bytes, bytes]  # type, data


def chunks(file: Path, data: bytes) -> list[Chunk]:
    """Return the chunks up to IEND; raises FileError where one is cut off or does not fit its checksum."""
    found: list[Chunk] = []
    at = len(SIGNATURE)
    while not found or found[-1][0] != b"IEND":
        if len(found) == MAX_CHUNKS:
            raise FileError(file, f"has more than {MAX_CHUNKS:,} chunks; save the image again")
        if at + 12 > len(data):
            raise FileError(file, "is cut off: the PNG has no end; download it again")
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            what = f"is cut off: the chunk {show(kind.decode('latin-1'))} should have {length:,} bytes"
            raise FileError(file, f"{what}; download it again")
        body = data[at + 8 : end - 4]
        if zlib.crc32(body, zlib.crc32(kind)) != int.from_bytes(data[end - 4 : end], "big"):
            what = f"is damaged: the checksum of the chunk {show(kind.decode('latin-1'))} is wrong"
            raise FileError(file, f"{what}; download it again")
        found.append((kind, body))
        at = end
    return found


def card(file: Path, found: Iterable[Chunk]) -> bytes:
    """Return the JSON of the card; raises FileError for a picture without one."""
    texts = {name.casefold(): text for name, text in reversed(list(_texts(file, found)))}  # the first one counts
    name = next((name for name in _CARD if name in texts), None)
    if name is None:
        raise FileError(file, "is a picture without a character card (no text `chara` or `ccv3`); give another file")
    text = texts[name].strip()
    return text if text.startswith(b"{") else _unpacked(file, name, text)


def assets(file: Path, found: Iterable[Chunk]) -> dict[str, bytes]:
    """Return the files in `chara-ext-asset_:PATH` chunks by their path, still in base64."""
    texts = ((_ASSET.fullmatch(name), text) for name, text in _texts(file, found))
    return {match[1]: text for match, text in texts if match}


def asset(file: Path, path: str, text: bytes) -> bytes:
    """Return one of `assets`."""
    return _unpacked(file, f"chara-ext-asset_:{path}", text)


def picture(found: Iterable[Chunk]) -> bytes:
    """Return the image without its card; every other chunk stays as it is."""
    return _joined(chunk for chunk in found if not _belongs_to_card(chunk))


def with_card(image: bytes, texts: Iterable[tuple[str, bytes]], file: Path) -> bytes:
    """Return `image` with `texts` (keyword, bytes for base64) before its end."""
    kept = [chunk for chunk in chunks(file, image) if not _belongs_to_card(chunk)]
    added = [(b"tEXt", name.encode("latin-1") + b"\0" + base64.b64encode(data)) for name, data in texts]
    return _joined([*kept[:-1], *added, kept[-1]])


def _joined(found: Iterable[Chunk]) -> bytes:
    parts = [SIGNATURE]
    for kind, data in found:
        parts += [struct.pack(">I", len(data)), kind, data, struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))]
    return b"".join(parts)


def _belongs_to_card(chunk: Chunk) -> bool:
    kind, data = chunk
    name = data[:100].partition(b"\0")[0].decode("latin-1").casefold()
    return kind in (b"tEXt", b"zTXt", b"iTXt") and (name in _CARD or name.startswith("chara-ext-asset_"))


def _texts(file: Path, found: Iterable[Chunk]) -> Iterator[tuple[str, bytes]]:
    """Yield keyword and text of the chunks that belong to a card."""
    for chunk in found:
        if not _belongs_to_card(chunk):
            continue
        kind, data = chunk
        name, _, text = data.partition(b"\0")
        if kind == b"zTXt":
            text = _inflated(file, text[1:])
        elif kind == b"iTXt":
            packed, text = text[:1] == b"\1", text[2:].partition(b"\0")[2].partition(b"\0")[2]
            text = _inflated(file, text) if packed else text
        yield name.decode("latin-1"), text


def _inflated(file: Path, data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, _MAX_TEXT)
    except zlib.error as error:
        raise FileError(file, f"has a damaged compressed text ({error}); export the card again") from error
    if unpacker.unconsumed_tail:
        raise FileError(file, f"has a text that unpacks to more than {_MAX_TEXT >> 20} MiB; it is not a card")
    return text


def _unpacked(file: Path, name: str, text: bytes) -> bytes:
    packed = b"".join(text.split())
    try:
        return base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FileError(file, f"the text {show(name)} is not base64 ({error}); export the card again") from error

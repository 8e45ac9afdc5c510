"""Make a new input out of a good one: bytes, lines, JSON values, and the parts inside an archive, a PNG or a compound file.

A format that guards itself by a checksum or by compression is taken apart, changed inside and put together again; else nothing behind
the guard would ever be reached.
"""

from __future__ import annotations

import io
import json
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Mutation = Callable[[bytes, Random], bytes]

LONGEST = 1 << 20  # bytes of an input
_NUMBERS = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    1 << 40,
    (1 << 64) - 1,
)
_WORDS: tuple[bytes, ...] = tuple(
    word.encode("utf-8", "surrogatepass")
    for word in (
        *"\0 \t \r \n \x0b \x0c \x1b \x85 \ufeff \u2028 \u200b \u202e \ud800 \uffff \U0010ffff".split(" "),
        *": - ? ! & * | > % @ ` # ' \" [ ] { } , ~ = << --- ... &a *a !x !!binary !!python/object: \\x00 \\ud800 \\U00110000".split(),
        *"null true .nan .inf 1e999 -0 0x 9999999999999999999999 민수 지은: （ ） ： 끝 S#1. 씬 INT. (E)".split(),
        *"/* [[ ]] */ <? <!DOCTYPE &x; ]]>".split(),
        *"../../x C:\\x CON {{char}} {{user}} @@depth <START> stream endstream obj endobj xref /Length /Kids /Parent FlateDecode".split(),
    )
)
_DEEP = ("[", '{"a":', "(", "- ", "<a>", "&", "*", "((((", "<<", "\\")
_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        0,
        1 << 70,
        0.5,
        1e308,
        "",
        "민수",
        "\ud800",
        "가" * 300,
        "\x1b[2J",
        "../../x",
        "a\nb",
        [],
        {},
        [[]],
        {"": None},
    ),
)


def mutated(data: bytes, rng: Random) -> bytes:
    """Return `data` with one to six changes of its bytes."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        data = rng.choice(_BYTES)(data, rng)
    return data[:LONGEST]


def lines(data: bytes, rng: Random) -> bytes:
    """Move, double, drop or glue whole lines, or change bytes."""
    rows = data.split(b"\n")
    if rng.random() < 0.5 or len(rows) < 2:
        return mutated(data, rng)
    at, to = rng.randrange(len(rows)), rng.randrange(len(rows))
    match rng.randrange(4):
        case 0:
            rows.insert(to, rows[at])
        case 1:
            del rows[at]
        case 2:
            rows[at], rows[to] = rows[to], rows[at]
        case _:
            rows[at] += rows[to]
    return b"\n".join(rows)[:LONGEST]


def values(data: bytes, rng: Random) -> bytes:
    """Change a value of a JSON file, or its bytes."""
    if rng.random() < 0.4:
        return mutated(data, rng)
    try:
        tree = json.loads(data)
    except ValueError:
        return mutated(data, rng)
    spots = _spots(tree)
    if not spots:
        return mutated(data, rng)
    for _ in range(rng.choice((1, 1, 2, 4))):
        holder, key = rng.choice(spots)
        if rng.random() < 0.2 and isinstance(holder, dict):
            holder[rng.choice(list(map(str, _VALUES)))] = holder.pop(key, None)
        else:
            other, at = rng.choice(spots)
            taken = other[at] if _has(other, at) and rng.random() < 0.4 else rng.choice(_VALUES)
            if _has(holder, key):
                holder[key] = json.loads(json.dumps(taken))
    return json.dumps(tree, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")[:LONGEST]


def rows(data: bytes, rng: Random) -> bytes:
    """Change a value of one line of a JSON Lines file, or its lines."""
    found = data.split(b"\n")
    if rng.random() < 0.4:
        return lines(data, rng)
    at = rng.randrange(len(found))
    found[at] = values(found[at], rng)
    return b"\n".join(found)


def archive(inside: Mutation) -> Mutation:
    """Return a mutation of a zip: of one of its parts, by `inside`, or of the container."""

    def change(data: bytes, rng: Random) -> bytes:
        if rng.random() < 0.25:
            return mutated(data, rng)
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                parts = [(info.filename, packed.read(info)) for info in packed.infolist()]
        except Exception:  # a damaged input stays one
            return mutated(data, rng)
        weights = [1 + min(len(part), 20_000) for _, part in parts]
        at = rng.choices(range(len(parts)), weights)[0] if parts else 0
        if parts and rng.random() < 0.9:
            name, part = parts[at]
            parts[at] = (name, inside(part, rng))
        elif parts:
            parts.append((rng.choice(parts)[0] if rng.random() < 0.3 else "../x", rng.choice(parts)[1]))
        out = io.BytesIO()
        with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            warnings.simplefilter("ignore")  # a name that stands twice is wanted
            for name, part in parts:
                packed.writestr(name, part)
        return out.getvalue()[:LONGEST]

    return change


def picture(inside: Mutation) -> Mutation:
    """Return a mutation of a PNG: of a text chunk's base64 JSON by `inside`, of a chunk, or of the container."""
    from base64 import b64decode, b64encode

    def change(data: bytes, rng: Random) -> bytes:
        chunks = list(_chunks(data))
        if not chunks or rng.random() < 0.2:
            return mutated(data, rng)
        at = rng.randrange(len(chunks))
        texts = [n for n, (kind, _) in enumerate(chunks) if kind == b"tEXt"]
        if texts and rng.random() < 0.7:
            at = rng.choice(texts)
            kind, body = chunks[at]
            name, _, text = body.partition(b"\0")
            try:
                made = b64encode(inside(b64decode(text), rng))
            except ValueError:
                made = mutated(text, rng)
            if rng.random() < 0.2:
                packed = zlib.compress(made)
                chunks[at] = rng.choice(
                    (
                        (b"zTXt", name + b"\0\0" + packed),
                        (b"iTXt", name + b"\0\1\0\0\0" + packed),
                        (b"iTXt", name + b"\0\0\0\0\0" + made),
                    )
                )
            else:
                chunks[at] = (kind, name + b"\0" + made)
        else:
            chunks[at] = (chunks[at][0], mutated(chunks[at][1], rng))
        parts = [data[:8]]
        for kind, body in chunks:
            parts += [struct.pack(">I", len(body)), kind, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))]
        return b"".join(parts)[:LONGEST]

    return change


def compound(data: bytes, rng: Random) -> bytes:
    """Change one stream of an OLE compound file, unpacked where it is raw deflate (HWP 5), or the container."""
    if rng.random() < 0.25:
        return mutated(data, rng)
    from hwpx.hwp5.cfb import CompoundFile, build_compound_file, read_all_streams

    try:
        streams = read_all_streams(CompoundFile(data))
    except Exception:  # a damaged input stays one
        return mutated(data, rng)
    if not streams:
        return mutated(data, rng)
    body = [n for n, (name, _) in enumerate(streams) if name.startswith(("BodyText", "DocInfo", "ViewText"))]
    at = rng.choice(body) if body and rng.random() < 0.8 else rng.randrange(len(streams))
    name, stream = streams[at]
    try:
        stream = zlib.decompressobj(-15).decompress(stream, 4 * LONGEST)
        packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        streams[at] = (name, packer.compress(mutated(stream, rng)) + packer.flush())
    except zlib.error:
        streams[at] = (name, mutated(stream, rng))
    try:
        return bytes(build_compound_file(streams))[:LONGEST]
    except Exception:  # a name that cannot be written
        return mutated(data, rng)


def database(data: bytes, rng: Random) -> bytes:
    """Change a text that stands in a SQLite file, or its bytes, or leave a part of it out."""
    at = data.find(b'{"', rng.randrange(max(1, len(data))))
    if at < 0 or rng.random() < 0.6:
        return mutated(data, rng)
    spot = at + rng.randrange(40)
    return data[:spot] + bytes(rng.choice(b'"{}[]:,0x\0') for _ in range(rng.randint(1, 4))) + data[spot + 4 :]


def _flip(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(max(1, len(data)))
    return data[:at] + bytes([(data[at] if data else 0) ^ (1 << rng.randrange(8))]) + data[at + 1 :]


def _insert(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(_WORDS) + data[at:]


def _overwrite(data: bytes, rng: Random) -> bytes:
    at, word = rng.randrange(len(data) + 1), rng.choice(_WORDS)
    return data[:at] + word + data[at + len(word) :]


def _number(data: bytes, rng: Random) -> bytes:
    size = rng.choice((1, 2, 4, 8))
    at = rng.randrange(max(1, len(data) - size + 1))
    number = (rng.choice(_NUMBERS) + rng.choice((0, 0, 0, -1, 1))) % (1 << 8 * size)
    return data[:at] + number.to_bytes(size, rng.choice(("little", "big"))) + data[at + size :]


def _cut(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] if rng.random() < 0.3 else data[:at] + data[at + rng.choice((1, 2, 7, 40, 400)) :]


def _repeat(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    part = data[at : at + rng.choice((1, 3, 10, 60, 500))]
    return data[:at] + part * rng.choice((2, 2, 3, 20, 300)) + data[at:]


def _nest(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(_DEEP).encode() * rng.choice((5, 70, 1_200, 20_000)) + data[at:]


def _splice(data: bytes, rng: Random) -> bytes:
    a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[a:b] + data[at:]


_BYTES: Sequence[Mutation] = (
    *(
        _flip,
        _flip,
        _flip,
        _insert,
        _insert,
        _insert,
        _overwrite,
        _overwrite,
        _number,
        _number,
        _cut,
        _cut,
        _repeat,
        _splice,
        _nest,
    ),
)


def _spots(tree: object) -> list[tuple[Any, Any]]:
    """Return every (container, key) in a tree of JSON."""
    found, left = list[tuple[Any, Any]](), [tree]
    while left:
        value = left.pop()
        items = (
            list(value.items())
            if isinstance(value, dict)
            else list(enumerate(value))
            if isinstance(value, list)
            else []
        )
        found += [(value, key) for key, _ in items]
        left += [item for _, item in items]
    return found


def _has(holder: Any, key: Any) -> bool:
    return key in holder if isinstance(holder, dict) else key < len(holder)


def _chunks(data: bytes) -> Sequence[tuple[bytes, bytes]]:
    found, at = list[tuple[bytes, bytes]](), 8
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found

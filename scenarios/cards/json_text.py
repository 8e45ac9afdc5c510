"""JSON as cards hold it: read with a limit on everything, written so that every value comes back the same."""

from __future__ import annotations

import json
import re
from math import isfinite
from pathlib import Path
from typing import Any

from scenarios._problems import show
from scenarios._yaml import decoded
from transcript.errors import FileError

MAX_BYTES, MAX_VALUES, MAX_DEPTH = 8 << 20, 300_000, 100

# What JSON may hold as it is and a YAML block, or UTF-8, may not.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


class _Refused(ValueError):
    pass


def parse(file: Path, data: bytes) -> dict[str, Any]:
    """Return the JSON object in `data`, which came out of `file`; whole numbers keep their digits, fractions are doubles.

    Raises FileError for what is no object, not UTF-8 or larger than 8 MiB, 300,000 values or 100 levels, and for keys
    that stand twice and numbers that are not finite.
    """
    if len(data) > MAX_BYTES:
        raise FileError(file, f"holds more than {MAX_BYTES >> 20} MiB of JSON; take assets out of the card")
    text = decoded(file, data)
    if text.count(",") + text.count("[") + text.count("{") > MAX_VALUES:
        raise FileError(file, f"holds more than {MAX_VALUES:,} values; make the card smaller")
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int
        )
    except json.JSONDecodeError as error:
        what = f"is no character card: the JSON is broken ({error.msg})"
        raise FileError(file, f"{what}; export the card again", line=error.lineno) from error
    except RecursionError as error:
        raise _deep(file) from error
    except _Refused as error:
        raise FileError(file, str(error)) from error
    if _depth(value) > MAX_DEPTH:
        raise _deep(file)
    if not isinstance(value, dict):
        raise FileError(file, f"is no character card but {show(value)}; give the JSON object of a card")
    return value


def dump(value: object, *, indent: int | None = 2) -> str:
    """Return JSON with Hangul as it is and everything that a YAML block cannot hold escaped."""
    separators = None if indent else (",", ":")
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for at, key in enumerate(keys) if key in keys[:at]) if len(keys) < 1000 else ""
        raise _Refused(f"has the key {show(twice)} twice in one object; keep one of the two")
    return made


def _constant(word: str) -> float:
    raise _Refused(f"holds {word}, which is no number of JSON; write a finite number")


def _float(text: str) -> float:
    if not isfinite(number := float(text)):
        raise _Refused(f"holds the number {show(text)}, which is too large; write a finite number")
    return number


def _int(text: str) -> int:
    if len(text) > 1000:
        raise _Refused(f"holds a number of {len(text):,} digits; write it as text")
    return int(text)


def _deep(file: Path) -> FileError:
    return FileError(file, f"is nested deeper than {MAX_DEPTH} levels; make the card flatter")


def _depth(value: object) -> int:
    deepest, left = 0, [(value, 1)]
    while left:
        item, depth = left.pop()
        deepest = max(deepest, depth)
        if depth <= MAX_DEPTH:
            inside = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
            left += [(part, depth + 1) for part in inside if isinstance(part, dict | list)]
    return deepest

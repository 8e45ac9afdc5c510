"""Lorebooks (`character_book`): their entries as lore of a persona, and back without losing what daebon does not read.

Fields: https://github.com/malfoyslastname/character-card-spec-v2/blob/main/spec_v2.md and SPEC_V3.md, "Lorebook Fields".
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scenarios._fields import MAX_LIST, MAX_TEXT, MAX_TURNS
from scenarios.values import Lore

CHARACTERS_A_TOKEN = 1.65  # of the shipped personas' text, by the embedded model's tokenizer (docs/cards.md)
DEFAULT = Lore(content="-")
_MOST = 300_000  # characters of all entries: the persona file has to stay readable
_LIMIT = 1_000_000
_KEY, _KEYS = 100, 50  # characters of a key, keys of an entry
_READ = 2 * MAX_LIST  # entries that are looked at
_DECORATOR = re.compile(r"(@@@?)([A-Za-z_]+)[ \t]*(.*)")
_REGEX = re.compile(r"/(.*)/[a-z]*", re.DOTALL)
_LOGIC = {1: "NOT ALL", 3: "AND ALL"}  # SillyTavern's selectiveLogic; 0 is the specification's, 2 excludes

Clean = Callable[[object], str]


@dataclass(frozen=True)
class Book:
    """A lorebook as read: each lore with the number of its entry, the room for it, and what was not followed."""

    lore: tuple[tuple[int, Lore], ...]
    budget: int | None
    notices: tuple[str, ...]


def read(book: object, clean: Clean) -> Book:
    """Read the `character_book` of a card; `clean` makes text of the card's text."""
    if not isinstance(book, dict):
        return Book((), None, ())
    ignored: dict[str, int] = {}
    found: list[tuple[int, Lore]] = []
    size = 0
    for number, entry in enumerate(_entries(book)[:_READ]):
        lore = _lore(entry, book, clean, lambda what: ignored.update({what: ignored.get(what, 0) + 1}))
        size += len(lore.content) if lore else 0
        if lore and (len(found) == MAX_LIST or size > _MOST):
            break
        if lore:
            found.append((number, lore))
    else:
        number = min(_READ, len(_entries(book)))
    if number < len(_entries(book)):
        ignored["entries that do not fit into a persona"] = len(_entries(book)) - number
    if book.get("recursive_scanning") is True:
        ignored["recursive_scanning"] = 1
    tokens = _whole(book.get("token_budget"))
    notices = tuple(f"{what} ({count})" for what, count in ignored.items())
    return Book(tuple(found), None if tokens is None or tokens <= 0 else int(tokens * CHARACTERS_A_TOKEN), notices)


def merged(book: object, base: Sequence[tuple[int, Lore]], lore: Sequence[Lore]) -> dict[str, Any]:
    """Return the lorebook for `lore`, made from `book`, of which `base` was read: what is the same keeps its entry."""
    made = copy.deepcopy(dict(book)) if isinstance(book, dict) else {"extensions": {}}
    old = _entries(made)
    left = dict(base)
    changed: dict[int, Any] = {}
    added: list[Any] = []
    for entry in lore:
        number = _match(entry, left)
        if number is None:
            added.append(_entry(entry, DEFAULT, {}, len(old) + len(added)))
        else:
            before = left.pop(number)
            changed[number] = old[number] if before == entry else _entry(entry, before, old[number], number)
    kept = [changed.get(number, entry) for number, entry in enumerate(old) if number not in left]
    return {**made, "entries": kept + added}


def _match(lore: Lore, left: Mapping[int, Lore]) -> int | None:
    """Return which of the entries `left` an edited one was: the same, or with the same content or keys."""
    tests: tuple[Callable[[Lore], bool], ...] = (
        lambda old: old == lore,
        lambda old: old.content == lore.content,
        lambda old: bool(lore.keys) and old.keys == lore.keys,
    )
    return next((number for same in tests for number, old in left.items() if same(old)), None)


def _entry(lore: Lore, before: Lore, old: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Return the entry for `lore`; only what differs from `before` is written over `old`."""
    made: dict[str, Any] = {
        "keys": [],
        "content": "",
        "extensions": {},
        "enabled": True,
        "insertion_order": 0,
        "use_regex": False,
        "id": number,
        **copy.deepcopy(dict(old)),
    }
    for field in ("keys", "enabled", "constant", "case_sensitive", "insertion_order", "priority"):
        if getattr(lore, field) != getattr(before, field):
            value = getattr(lore, field)
            made[field] = list(value) if isinstance(value, tuple) else value
    if lore.secondary_keys != before.secondary_keys:
        made |= {"secondary_keys": list(lore.secondary_keys), "selective": bool(lore.secondary_keys)}
    rows, content = _split(str(made["content"]))
    for name, value in (("scan_depth", str(lore.scan_depth)), ("exclude_keys", ",".join(lore.exclude_keys))):
        if getattr(lore, name) != getattr(before, name):
            rows = [row for row in rows if _name_of(row) != name]
            rows = [f"@@{name} {value}", *rows] if value else rows
    content = lore.content if lore.content != before.content else content
    return {**made, "content": "\n".join([*rows, content])}


def _name_of(decorator: str) -> str:
    match = _DECORATOR.match(decorator)
    return match[2].casefold() if match else ""


def _entries(book: Mapping[str, Any]) -> list[Any]:
    entries = book.get("entries")
    if isinstance(entries, dict):  # as SillyTavern keeps a world by itself
        return list(entries.values())
    return entries if isinstance(entries, list) else []


def _split(content: str) -> tuple[list[str], str]:
    """Return the decorators at the beginning of an entry, and its content."""
    rows = content.replace("\r\n", "\n").split("\n")
    at = 0
    while at < len(rows) and (not rows[at].strip() or rows[at].lstrip().startswith("@@")):
        at += 1
    return [row.strip() for row in rows[:at] if row.strip()], "\n".join(rows[at:])


def _lore(entry: object, book: Mapping[str, Any], clean: Clean, ignore: Callable[[str], None]) -> Lore | None:
    """Return the lore of an entry; None, and a word to `ignore`, where it could never come up."""
    if not isinstance(entry, dict):
        ignore("entries that are no objects")
        return None
    extensions = entry.get("extensions") if isinstance(entry.get("extensions"), dict) else {}
    assert isinstance(extensions, dict)
    decorators, content = _split(entry["content"] if isinstance(entry.get("content"), str) else "")
    content = clean(content)
    if not content:
        ignore("entries without content")
        return None
    if len(content) > MAX_TEXT:
        ignore(f"entries longer than {MAX_TEXT:,} characters, cut")
    regex = entry.get("use_regex") is True
    keys = _keys(entry.get("keys"), clean, ignore, regex=regex)
    second = _keys(entry.get("secondary_keys"), clean, ignore) if entry.get("selective") is True and not regex else ()
    logic = _whole(extensions.get("selectiveLogic"))
    if second and logic in _LOGIC:
        ignore(f"selectiveLogic {_LOGIC[logic]}")
    depth = next(
        (n for n in map(_whole, (extensions.get("scan_depth"), book.get("scan_depth"))) if n is not None),
        DEFAULT.scan_depth,
    )
    sensitive = entry.get("case_sensitive", extensions.get("case_sensitive"))
    lore = Lore(
        keys=keys,
        secondary_keys=() if logic in (1, 2, 3) else second,
        exclude_keys=second if logic == 2 else (),
        content=content[:MAX_TEXT],
        constant=entry.get("constant") is True and not regex,
        case_sensitive=sensitive is True,
        enabled=entry.get("enabled") is not False,
        scan_depth=_within(depth, 0, MAX_TURNS),
        insertion_order=_within(_whole(entry.get("insertion_order")) or 0, -_LIMIT, _LIMIT),
        priority=_within(_whole(entry.get("priority")) or 0, -_LIMIT, _LIMIT),
    )
    lore = _decorated(lore, decorators, clean, ignore)
    if not lore.keys and not lore.constant:
        ignore("entries without a key that can be read")
        return None
    return lore


def _decorated(lore: Lore, decorators: Sequence[str], clean: Clean, ignore: Callable[[str], None]) -> Lore:
    """Follow the decorators that mean something on a stage; a fallback (@@@) counts where the one above was ignored."""
    done, followed = set[str](), False
    for row in decorators:
        match = _DECORATOR.fullmatch(row)
        sign, name, value = (match[1], match[2].casefold(), match[3].strip()) if match else ("@@", row[2:22], "")
        if sign == "@@@" and followed:
            continue
        change = None if name in done else _change(lore, name, value, clean)
        followed = change is not None
        if change is None:
            ignore(f"@@{name}")
            continue
        done.add(name)
        lore = change
    return replace(lore, enabled=False) if "dont_activate" in done and "activate" not in done else lore


def _change(lore: Lore, name: str, value: str, clean: Clean) -> Lore | None:
    keys = tuple(_split_keys(value, clean))
    match name:
        case "activate":
            return replace(lore, constant=True)
        case "dont_activate":
            return lore
        case "scan_depth" if re.fullmatch("[0-9]{1,6}", value):
            return replace(lore, scan_depth=_within(int(value), 0, MAX_TURNS))
        case "additional_keys" if keys and not lore.secondary_keys:
            return replace(lore, secondary_keys=keys)
        case "exclude_keys" if keys:
            return replace(lore, exclude_keys=(*lore.exclude_keys, *keys)[:MAX_LIST])
    return None


def _keys(value: object, clean: Clean, ignore: Callable[[str], None], *, regex: bool = False) -> tuple[str, ...]:
    found: list[str] = []
    texts = value if isinstance(value, list) else [value]
    for text in texts[:_KEYS]:
        if not isinstance(text, str):
            continue
        pattern = _REGEX.fullmatch(text.strip())
        if regex or pattern:
            words = (pattern[1] if pattern else text).split("|", _KEYS)
            if any(re.search(r"[\\^$.*+?()\[\]{}]", word) for word in words):
                ignore("keys that are regular expressions")
                continue
        else:
            words = [text] if isinstance(value, list) else text.split(",", _KEYS)
        found += [key for word in words if (key := _key(word, clean))]
    return tuple(dict.fromkeys(found))[:_KEYS]


def _split_keys(text: str, clean: Clean) -> Iterator[str]:
    return (key for word in text.split(",")[:_KEYS] if (key := _key(word, clean)))


def _key(word: str, clean: Clean) -> str:
    return " ".join(clean(word[: 4 * _KEY]).split())[:_KEY].strip()


def _whole(value: object) -> int | None:
    """Return a number as a whole one; numbers come as text, too."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(_within(float(value), -_LIMIT, _LIMIT))
    except (ValueError, OverflowError):
        return None


def _within(value: Any, low: int, high: int) -> Any:
    return max(low, min(high, value))

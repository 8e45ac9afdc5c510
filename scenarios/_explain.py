"""What a value that its definition refuses is told: the bad value, what is wanted, and the remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pydantic_core import ErrorDetails

from emotion import labels
from scenarios._fields import MAX_NAME, MAX_TURNS, NAME_BREAKERS
from scenarios._keys import Translation
from scenarios._problems import Problem, near, show
from scenarios._yaml import KeyPath

_TURNS = len(("scenes", 0, "beats", 0, "turns"))
_TURNS_REMEDY = f"write [min, max], two whole numbers with 1 <= min <= max <= {MAX_TURNS}, such as [3, 6]"


def explain(error: ErrorDetails, at: Translation) -> Problem | None:
    """Turn one pydantic error into the problem at its place; None where pydantic counts a bad item as missing."""
    if error["type"] == "too_short" and error["input"]:
        return None
    path = tuple("from" if part == "from_" else part for part in error["loc"] if part != "[key]")
    value, context, kind = error["input"], error.get("ctx") or {}, error["type"]
    if path[0] == "scenes" and path[4:5] == ("turns",):
        item = len(path) > _TURNS and kind != "missing"
        what = f"{show(value)} is not {f'from 1 to {MAX_TURNS}' if item else '[min, max]'}"
        return Problem(at.place(path[:_TURNS]), "min is above max" if kind == "turns" else what, _TURNS_REMEDY)
    if kind == "missing" and path not in at.places:
        return Problem(at.place(path[:-1], str(path[-1])), "the key is missing", f"write `{path[-1]}: …`")
    place = at.place(path)
    if kind == "missing" or value is None:
        remedy = f"write `{path[-1]}: …`" if isinstance(path[-1], str) else "write something, or delete it"
        return Problem(place, "nothing stands here", remedy)
    if kind == "literal_error":
        known = re.findall("'([^']*)'", context["expected"])
        hint = near(str(value), {word: word for word in known})
        return Problem(place, f"unknown value {show(value)}", f"write one of {', '.join(known)}", hint)
    if kind == "emotion":
        remedy = "write a KOTE label, a basic emotion, or a word for one"
        return Problem(place, f"unknown emotion {show(value)}", remedy, lambda: _emotions(str(value)))
    if _is_name(path) and kind.startswith("string_") and kind != "string_type":
        return Problem(place, *_name(str(value)))
    if path == ("cast", path[-1]) and kind == "dataclass_type":
        remedy = "write the path of a persona file, such as personas/지은.yaml, or a persona with its name"
        return Problem(place, f"{show(value)} is nobody", remedy)
    if "gestures" in path[-2:-1] and kind == "string_pattern_mismatch":
        remedy = "write what they do in the present tense, without the subject: 엄지로 손등의 흉터를 문지른다."
        return Problem(place, f"{show(value)} is not one sentence that ends in 다.", remedy)
    what, remedy = _WORDS[kind](value, context)
    return Problem(place, what, remedy)


def _emotions(word: str) -> str:
    return " or ".join(labels.nearest(word[:MAX_NAME], 3))


def _is_name(path: KeyPath) -> bool:
    last = path[-1] if isinstance(path[-1], str) else path[-2]
    return last == "aliases" or path[-2:] == ("persona", "name") or path == ("name",)


def _name(value: str) -> tuple[str, str]:
    if not value.strip():
        return "the name is empty", "write a name"
    if len(value) > MAX_NAME:
        return f"the name {show(value)} is longer than {MAX_NAME} characters", "shorten it; say the rest in `role`"
    if found := re.search(f"[{NAME_BREAKERS}]", value):
        sign = found.group()
        shown = show(sign) if sign.isprintable() else {"\n": "a line break"}.get(sign, f"U+{ord(sign):04X}")
        return (
            f"the name {show(value)} contains {shown}",
            "a name has no colon, parenthesis, # or line break; delete it",
        )
    return f"the name {show(value)} begins or ends with a space", "delete the space"


def _string(value: Any, _: dict[str, Any]) -> tuple[str, str]:
    if isinstance(value, bool | int | float):
        return f"{show(value)} is not text", f"put it in quotes: '{show(value)}'"
    return f"{show(value)} is not text", "write one text"


def _pattern(value: Any, _: dict[str, Any]) -> tuple[str, str]:
    if not str(value).strip():
        return "the text is empty", "write something, or delete it"
    return f"{show(value)} has more than one line", "write it in one line"


def _wanted(what: str) -> Callable[[Any, dict[str, Any]], tuple[str, str]]:
    return lambda value, _: (f"{show(value)} is not {what}", f"write {what}")


def _below(value: Any, context: dict[str, Any]) -> tuple[str, str]:
    return f"{show(value)} is below {context['ge']:,.10g}", f"write {context['ge']:,.10g} or more"


def _above(value: Any, context: dict[str, Any]) -> tuple[str, str]:
    return f"{show(value)} is above {context['le']:,.10g}", f"write {context['le']:,.10g} or less"


def _list(value: Any, _: dict[str, Any]) -> tuple[str, str]:
    return f"{show(value)} is not a list", "write it in brackets, [one, two], or below with a dash before each"


def _few(*_: Any) -> tuple[str, str]:
    return "the list is empty", "write one entry or more"


def _many(value: Any, context: dict[str, Any]) -> tuple[str, str]:
    return f"{len(value)} entries are too many", f"keep at most {context['max_length']}"


def _long(value: Any, context: dict[str, Any]) -> tuple[str, str]:
    return f"the text has {len(value):,} characters", f"keep at most {context['max_length']:,}"


_WORDS: dict[str, Callable[[Any, dict[str, Any]], tuple[str, str]]] = {
    "string_type": _string,
    "string_pattern_mismatch": _pattern,
    "string_too_long": _long,
    "bool_type": _wanted("true or false"),
    "int_type": _wanted("a whole number"),
    "int_from_float": _wanted("a whole number"),
    "float_type": _wanted("a number"),
    "finite_number": _wanted("a finite number"),
    "greater_than_equal": _below,
    "less_than_equal": _above,
    "tuple_type": _list,
    "mapping_type": _wanted("a mapping of names to values"),
    "dict_type": _wanted("a mapping of names to values"),
    "dataclass_type": _wanted("a mapping with keys of its own"),
    "too_short": _few,
    "too_long": _many,
}

"""Write a persona as the YAML that `load_persona` reads back to the same value, laid out as a writer would type it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import StringIO
from typing import Any

from pydantic import TypeAdapter
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from scenarios.values import Persona

_PERSONA = TypeAdapter(Persona)
_PLAIN = re.compile(r"[가-힣A-Za-z][^:#\n\t\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff]*(?<=[^\s])")
_BLOCK = re.compile(r"(?!\s)[^\r\t\x00-\x09\x0b-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]+")
_WORDS = frozenset("null true false yes no on off y n".split())  # what some reader of YAML takes for something else
_SHORT = 60  # characters of a list that stands in one line


def persona_dict(persona: Persona) -> dict[str, Any]:
    """Return what a persona file says, under English keys: only what differs from the default."""
    found: dict[str, Any] = _PERSONA.dump_python(persona, mode="json", by_alias=True, exclude_defaults=True)
    return found


def persona_yaml(persona: Persona) -> str:
    """Return the persona file."""
    return rows_yaml(persona_dict(persona))


def rows_yaml(rows: Mapping[str, Any]) -> str:
    """Return the file of a mapping under the keys of its format: a scenario that names its personas by their paths."""
    yaml = YAML()
    yaml.width = 1 << 30  # a line that is folded would be another line
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(_laid_out(dict(rows)), out)
    return out.getvalue()


def _laid_out(value: Any) -> Any:
    if isinstance(value, dict):
        made = CommentedMap((_quoted(key), _laid_out(item)) for key, item in value.items())
        if not value or (all(isinstance(item, int | float) for item in value.values()) and len(str(value)) < _SHORT):
            made.fa.set_flow_style()
        return made
    if isinstance(value, list):
        items = CommentedSeq(_laid_out(item) for item in value)
        scalars = not any(isinstance(item, dict | list) for item in value)
        if not value or (scalars and len(str(value)) < _SHORT and "\\n" not in str(value)):
            items.fa.set_flow_style()
        return items
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    block: str = LiteralScalarString(text)
    return block if "\n" in text and _BLOCK.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    """Return `text` plain where nothing in it means anything to YAML, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    quoted: str = DoubleQuotedScalarString(text)
    return quoted

"""The kinds of value that files hold, with their limits, and the description of a key; `values` is built of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, AliasChoices, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from emotion import labels

MAX_CAST, MAX_TURNS, MAX_TEXT, MAX_LIST, MAX_NAME = 12, 200, 20_000, 500, 40

# What may not stand in a name: it would read as a speaker tag, a parenthetical, a scene number or a line break.
NAME_BREAKERS = r":：()（）#＃\x00-\x1f\x7f-\xa0\u2028-\u202e\u200b-\u200f\u2060\u3000\ufeff"

Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, max_length=MAX_TEXT)]
Filled = Annotated[Text, StringConstraints(pattern=r"\S")]
Line = Annotated[Text, StringConstraints(pattern=r"^\s*\S[^\n]*\s*$")]
Note = Annotated[Text, StringConstraints(pattern=r"^\s*[^\n]*\s*$")]
Gesture = Annotated[Text, StringConstraints(pattern=r"^\s*\S[^\n]*다\.\s*$")]
Name = Annotated[
    str,
    StringConstraints(
        strict=True,
        min_length=1,
        max_length=MAX_NAME,
        pattern=rf"^[^ {NAME_BREAKERS}]([^{NAME_BREAKERS}]*[^ {NAME_BREAKERS}])?$",
    ),
]
Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Signed = Annotated[float, Field(strict=True, ge=-1, le=1, allow_inf_nan=False)]
Flag = Annotated[bool, Field(strict=True)]
Seed = Annotated[int, Field(strict=True, ge=0, le=2**32 - 1)]
Order = Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)]
Depth = Annotated[int, Field(strict=True, ge=0, le=MAX_TURNS)]
Room = Annotated[int, Field(strict=True, ge=0, le=MAX_TEXT)]


def _age(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _label(name: str) -> str:
    label = labels.resolve(name)
    if label is None:
        raise PydanticCustomError("emotion", "unknown emotion")
    return label


def _range(turns: tuple[int, int]) -> tuple[int, int]:
    if turns[0] > turns[1]:
        raise PydanticCustomError("turns", "min is above max")
    return turns


Age = Annotated[Text, BeforeValidator(_age, json_schema_input_type=str | int | float)]
Names = Annotated[tuple[Filled, ...], Field(max_length=MAX_LIST)]
Lines = Annotated[tuple[Line, ...], Field(max_length=MAX_LIST)]
Gestures = Annotated[tuple[Gesture, ...], Field(max_length=MAX_LIST)]
Facts = Annotated[tuple[Filled, ...], Field(max_length=MAX_LIST)]
Feelings = Annotated[Mapping[Annotated[Filled, AfterValidator(_label)], Share], Field(max_length=MAX_LIST)]
Count = Annotated[int, Field(strict=True, ge=1, le=MAX_TURNS)]
Turns = Annotated[tuple[Count, Count], AfterValidator(_range)]

CONFIG = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True, loc_by_alias=False)


def key(korean: str, help_en: str, help_ko: str, english: str | None = None) -> FieldInfo:
    """Describe a key of the file: its Korean twin, its help in both languages, `english` where Python forbids it."""
    info: FieldInfo = Field(
        validation_alias=AliasChoices(english, korean) if english else korean,
        serialization_alias=english,
        description=help_en,
        json_schema_extra={"korean": help_ko},
    )
    return info

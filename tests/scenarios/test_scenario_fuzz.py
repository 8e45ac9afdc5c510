"""Whatever bytes a file holds, it gives a scenario or a FileError of one line, never another exception."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from scenarios import Scenario, load_persona, load_scenario
from scenarios.values import Persona
from scenarios.writing import persona_yaml
from transcript.errors import FileError

FILES = Path(__file__).parent / "files"
SIGNS = [
    *(":", "-", "?", "!", "&", "*", "|", ">", "%", "@", "`", "#", "'", '"', "[", "]", "{", "}", ",", "~", "=", "<<"),
    *(
        "---",
        "...",
        "&a ",
        "*a",
        "!x ",
        "!!str ",
        "!!binary ",
        "\t",
        "\r",
        "\n",
        "\\",
        "\\x00",
        "\\ud800",
        "\\U00110000",
    ),
    *(
        " ",
        "null",
        "true",
        ".nan",
        ".inf",
        "1e999",
        "0x",
        "0o8",
        "-0",
        "민수",
        "끝",
        "\u2028",
        "\x85",
        "\ufeff",
        "\x07",
    ),
]
SLOW = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])

Edits = list[tuple[float, int, bytes]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    shutil.copytree(FILES / "인물", folder / "인물")
    return folder


def loads_or_says_why(load: Callable[[Path], object], path: Path) -> object | None:
    """Return what was read, None where it was refused with a place and a remedy on one line."""
    try:
        made = load(path)
    except FileError as error:
        message = str(error)
        assert message.startswith(str(path.parent))
        assert "; " in message.removeprefix(str(path.parent)), "what is wrong, then what to do"
        assert "\n" not in message and message.encode("utf-8").strip() and len(message.encode("utf-8")) < 4000
        return None
    return made


def is_sound(play: object) -> bool:
    """Say whether what was read is whole: it comes back from JSON, and whoever is named is of the cast."""
    assert isinstance(play, Scenario)
    names = {persona.name for persona in play.personas}
    assert len(names) == len(play.personas) >= 1
    for scene in play.scenes:
        assert set(scene.present) <= names
        assert all(set(beat.speakers) | set(beat.emotion) <= names for beat in scene.beats)
        assert all(1 <= beat.turns[0] <= beat.turns[1] for beat in scene.beats)
    return Scenario.from_dict(json.loads(json.dumps(play.to_dict()))) == play


edits: st.SearchStrategy[Edits] = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.sampled_from([0, 0, 1, 2, 9]),
        st.one_of(st.sampled_from([sign.encode("utf-8") for sign in SIGNS]), st.binary(max_size=3)),
    ),
    min_size=1,
    max_size=6,
)


def edited(data: bytes, changes: Edits) -> bytes:
    for where, deleted, inserted in changes:
        at = round(where * len(data))
        data = data[:at] + inserted + data[at + deleted :]
    return data


@SLOW
@given(source=st.sampled_from(["korean.yaml", "mixed.yaml"]), changes=edits)
def test_mutated_bytes_of_a_scenario(folder: Path, source: str, changes: Edits) -> None:
    path = folder / "바다.yaml"
    path.write_bytes(edited((FILES / source).read_bytes(), changes))
    play = loads_or_says_why(load_scenario, path)
    assert play is None or is_sound(play)


@SLOW
@given(changes=edits)
def test_mutated_bytes_of_a_persona(folder: Path, changes: Edits) -> None:
    path = folder / "민수.yaml"
    path.write_bytes(edited((FILES / "인물" / "민수.yaml").read_bytes(), changes))
    persona = loads_or_says_why(load_persona, path)
    if persona is not None:
        assert isinstance(persona, Persona) and persona.name.strip()
        path.write_text(persona_yaml(persona), encoding="utf-8")
        assert load_persona(path) == persona


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["민수", "지은", "선장", "끝", "해요체", "슬픔", "인물/민수.yaml", "../x.yaml", "한\n줄"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["name", "이름", "to", "민수", "x"]), inner)
    ),
    max_leaves=6,
)


def spots(value: object) -> list[tuple[Any, Any]]:
    """Return every (container, key) in a tree."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [spot for key, item in items for spot in ((value, key), *spots(item))]


@SLOW
@given(data=st.data(), changes=st.lists(values, min_size=1, max_size=3))
def test_values_of_every_kind_in_every_place(folder: Path, data: st.DataObject, changes: list[Any]) -> None:
    tree = YAML(typ="safe", pure=True).load(FILES / "mixed.yaml")
    for change in changes:
        container, key = data.draw(st.sampled_from(spots(tree)))
        container[key] = change
    path = folder / "산.yaml"
    path.write_text(json.dumps(tree, ensure_ascii=data.draw(st.booleans())), encoding="utf-8", errors="replace")
    play = loads_or_says_why(load_scenario, path)
    assert play is None or is_sound(play)

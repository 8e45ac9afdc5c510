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


def loads_or_says_why(load: Callable[[Path], object], path: Path) -> None:
    message = ""
    try:
        play = load(path)
    except FileError as error:
        message = str(error)
    else:
        if isinstance(play, Scenario):
            assert Scenario.from_dict(json.loads(json.dumps(play.to_dict()))) == play
    assert "\n" not in message
    assert len(message.encode("utf-8")) < 4000


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
    loads_or_says_why(load_scenario, path)


@SLOW
@given(changes=edits)
def test_mutated_bytes_of_a_persona(folder: Path, changes: Edits) -> None:
    path = folder / "민수.yaml"
    path.write_bytes(edited((FILES / "인물" / "민수.yaml").read_bytes(), changes))
    loads_or_says_why(load_persona, path)


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
    loads_or_says_why(load_scenario, path)

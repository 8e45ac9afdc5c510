"""The shipped scenarios: each loads, and is found by its title however the title is typed."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from scenarios import find, load_persona, load_scenario, shipped
from transcript.errors import UsageError

PERSONAS = sorted((find(shipped()[0]).parent / "personas").glob("*.yaml"))


def test_there_are_shipped_scenarios_and_personas() -> None:
    assert "바다" in shipped()
    assert shipped() == sorted(set(shipped()))
    assert PERSONAS


@pytest.mark.parametrize("title", shipped())
def test_every_shipped_scenario_loads_under_its_title(title: str) -> None:
    play = load_scenario(find(title))
    assert play.title == title
    pairs = {(relation.from_, relation.to) for relation in play.relations}
    names = [member.persona.name for member in play.cast]
    assert pairs == {(one, other) for one in names for other in names if one != other}


@pytest.mark.parametrize("path", PERSONAS, ids=lambda path: path.stem)
def test_every_shipped_persona_loads_and_has_its_lines(path: Path) -> None:
    persona = load_persona(path)
    assert persona.name == unicodedata.normalize("NFC", path.stem)
    assert 2 <= len(persona.voice.examples) <= 8
    assert persona.voice.level is not None


@pytest.mark.parametrize("name", ["바다", "바다.yaml", " 바다 ", unicodedata.normalize("NFD", "바다.yaml")])
def test_a_title_is_found(name: str) -> None:
    assert find(name).name == "바다.yaml"
    assert find(name).is_file()


def test_an_existing_file_wins_but_a_folder_of_a_title_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("바다").mkdir()
    assert find("바다").is_file()
    Path("바다.yaml").write_text("title: 다른 바다\n", encoding="utf-8")
    assert find("바다.yaml") == Path("바다.yaml")
    assert find(str(tmp_path / "바다.yaml")) == tmp_path / "바다.yaml"
    Path("끊김.yaml").symlink_to("없음.yaml")
    assert find("끊김.yaml") == Path("끊김.yaml")  # the loader says that the link is broken


@pytest.mark.parametrize("name", ["바댜", "없는 파일.yaml", "", "\0", "가" * 400, "한\n줄"])
def test_another_name_is_wrong_use(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        find(name)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 1000
    assert all(title in message for title in shipped())


def test_the_nearest_title_is_named_first() -> None:
    with pytest.raises(UsageError, match="the nearest are 바다 or"):
        find("바댜")

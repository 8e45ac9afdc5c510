"""Files that load: the whole schema in both languages, defaults, normalisation, and plain values and back."""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from scenarios import END, Persona, Scenario, find, load_persona, load_scenario, shipped, values
from scenarios._keys import keys

FILES = Path(__file__).parent / "files"
SHORT = "title: 바다\ncast:\n  - name: 민수\n  - name: 지은\nscenes:\n  - beats:\n      - goal: 만난다\n"


def write(folder: Path, text: str, name: str = "바다.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def words(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from words(item)
    for item in value if isinstance(value, list) else ():
        yield from words(item)


@pytest.mark.parametrize("language", ["english", "korean"])
def test_the_full_files_use_every_key(language: str) -> None:
    folder = {"english": "personas", "korean": "인물"}[language]
    used = set[str]()
    for file in (FILES / f"{language}.yaml", FILES / folder / "민수.yaml"):
        used |= set(words(YAML(typ="safe", pure=True).load(file)))
    kinds = [kind for kind in vars(values).values() if dataclasses.is_dataclass(kind) and isinstance(kind, type)]
    assert len(kinds) == 15
    assert {getattr(key, language) for kind in kinds for key in keys(kind)} <= used


@pytest.mark.parametrize("other", ["korean.yaml", "mixed.yaml"])
def test_both_languages_give_the_same_values(other: str) -> None:
    assert load_scenario(FILES / other) == load_scenario(FILES / "english.yaml")


def test_every_value_arrives() -> None:
    play = load_scenario(FILES / "english.yaml")
    minsu, jieun = (member.persona for member in play.cast)
    assert [member.play for member in play.cast] == ["human", "model"]
    assert (minsu.age, jieun.age) == ("31", "스물일곱")
    assert minsu.voice.examples == ("밥은 먹었냐?", "됐다.", "배? 그건 또 왜 물어.")
    assert minsu.persona.splitlines()[1] == '"### Answer:"라고 적힌 쪽지를 지갑에 넣고 다닌다.'
    assert minsu.persona.endswith("버릇이 있다.")
    assert minsu.extensions == {"chara_card_v2": {"spec": "2.0", "tags": ["바다", None, 1.5], "깊이": {"x": True}}}
    assert (minsu.traits.neuroticism, minsu.emotion.volatility, minsu.talkativeness) == (0.0, 0.25, 1.0)
    first, second = play.scenes
    assert (first.present, second.present) == (("민수",), ("민수", "지은"))
    assert [beat.turns for beat in first.beats] == [(3, 6), (2, 8)]
    assert [(branch.to) for branch in first.branches] == ["부두", END]
    change = first.beats[1].relations[0]
    assert (change.from_, change.to, change.level, change.address, change.affection) == (
        "민수",
        "지은",
        "해요체",
        None,
        None,
    )
    assert (play.relations[1].affection, play.seed, play.model) == (-1.0, 7, "embedded")
    assert (play.director.candidates, play.director.actions, play.director.suggestions) == (8, 0.5, False)
    assert second.heading.inside is None
    assert first.heading.inside is False


def test_a_persona_file_loads_by_itself() -> None:
    assert load_persona(FILES / "인물" / "민수.yaml") == load_scenario(FILES / "korean.yaml").cast[0].persona


@pytest.mark.parametrize(
    "path", [*sorted(FILES.glob("*.yaml")), *(find(title) for title in shipped())], ids=lambda path: path.stem
)
def test_plain_values_and_back(path: Path) -> None:
    play = load_scenario(path)
    row = play.to_dict()
    assert Scenario.from_dict(json.loads(json.dumps(row, ensure_ascii=False))) == play
    assert row["cast"][0]["persona"]["name"] == play.cast[0].persona.name
    assert not any("가" <= key[0] <= "힣" for key in row)
    for relation in row["relations"]:
        assert list(relation) == ["from", "to", "level", "address", "affection"]


def test_a_damaged_record_is_named() -> None:
    from transcript.errors import DaebonError

    row = load_scenario(FILES / "english.yaml").to_dict()
    row["scenes"][0]["beats"][0]["goal"] = 3
    with pytest.raises(DaebonError, match=r"scenes\.0\.beats\.0\.goal"):
        Scenario.from_dict(row)


def test_values_are_frozen() -> None:
    play = load_scenario(FILES / "english.yaml")
    with pytest.raises(dataclasses.FrozenInstanceError):
        play.title = "산"  # type: ignore[misc]
    assert isinstance(play.scenes[0].beats, tuple)
    assert isinstance(play.cast[0].persona.voice.examples, tuple)


def test_defaults(tmp_path: Path) -> None:
    play = load_scenario(write(tmp_path, SHORT))
    (scene,) = play.scenes
    assert scene.present == ("민수", "지은")
    assert scene.beats[0].turns == (2, 8)
    assert (play.director.candidates, play.director.actions, play.director.suggestions) == (8, 0.2, True)
    assert (play.seed, play.model, play.cast[0].play) == (None, None, "model")
    assert play.cast[0].persona == Persona("민수")


def test_an_empty_stage_is_not_the_whole_cast(tmp_path: Path) -> None:
    play = load_scenario(write(tmp_path, SHORT + "        enter: [지은]\n    present: []\n"))
    assert play.scenes[0].present == ()


def test_decomposed_text_is_composed_but_extensions_are_not(tmp_path: Path) -> None:
    text = (FILES / "korean.yaml").read_text(encoding="utf-8")
    folder = tmp_path / "인물"
    folder.mkdir()
    persona = (FILES / "인물" / "민수.yaml").read_text(encoding="utf-8")
    write(folder, unicodedata.normalize("NFD", persona), "민수.yaml")
    play = load_scenario(write(tmp_path, unicodedata.normalize("NFD", text)))
    expected = load_scenario(FILES / "korean.yaml")
    assert play.scenes == expected.scenes
    assert play.relations == expected.relations
    kept = play.cast[0].persona
    assert dataclasses.replace(kept, extensions={}) == dataclasses.replace(expected.cast[0].persona, extensions={})
    assert unicodedata.normalize("NFD", "깊이") in kept.extensions["chara_card_v2"]  # type: ignore[operator]


def test_a_persona_file_with_a_decomposed_name_on_disk_is_found(tmp_path: Path) -> None:
    (tmp_path / "personas").mkdir()
    write(tmp_path / "personas", "name: 지은\n", unicodedata.normalize("NFD", "지은.yaml"))
    play = load_scenario(write(tmp_path, SHORT.replace("name: 지은", "personas/지은.yaml")))
    assert play.cast[1].persona.name == "지은"


@pytest.mark.parametrize(
    ("yaml", "text"),
    [
        ("yes", "yes"),
        ("2024-05-01", "2024-05-01"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("'1987'", "1987"),
        ('"\\ud83d\\ude00 웃음"', "😀 웃음"),
        ("그래? 됐다.", "그래? 됐다."),
        ("<<", "<<"),
        ("  |\n  한 줄\n", "한 줄"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(tmp_path: Path, yaml: str, text: str) -> None:
    assert load_scenario(write(tmp_path, SHORT.replace("바다", yaml))).title == text


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "바다.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SHORT.replace("\n", "\r\n").encode())
    assert load_scenario(path).title == "바다"


def test_emotions_stand_under_their_canonical_label(tmp_path: Path) -> None:
    from emotion import labels

    path = write(tmp_path, SHORT + "        emotion: {민수: {불안: 0.5}}\n")
    assert load_scenario(path).scenes[0].beats[0].emotion == {"민수": {labels.resolve("불안"): 0.5}}


def test_limits_are_the_last_that_load(tmp_path: Path) -> None:
    cast = "".join(f"  - name: 배우{number}\n" for number in range(12))
    text = SHORT.replace("  - name: 민수\n  - name: 지은\n", cast) + "        turns: [200, 200]\n"
    text = text.replace("만난다", "가" * 20_000).replace("배우3", "가" * 40)
    assert len(load_scenario(write(tmp_path, text)).cast) == 12

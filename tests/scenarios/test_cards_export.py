"""A card that goes through a persona comes back the same in value, and what the writer changed is in it."""

from __future__ import annotations

import copy
import json
import tempfile
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenarios import Lore, Persona, Voice, find, load_persona, shipped
from scenarios.cards import FORMATS, export_card, import_card, persona_of, read_card
from scenarios.cards import png as png_format
from scenarios.writing import persona_yaml
from tests.scenarios import made_cards as made
from transcript.errors import FileError, UsageError

PERSONAS = sorted((find(shipped()[0]).parent / "personas").glob("*.yaml"))
QUICK = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
TEXT = st.text(st.characters(exclude_categories=[]))  # half surrogates are JSON, too
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(TEXT, inside, max_size=4),
    max_leaves=12,
)


def same(a: Any, b: Any) -> bool:
    """Compare values with their types (1 is not 1.0, -0.0 is not 0.0) and the order of keys."""
    return json.dumps(a) == json.dumps(b)


def through(folder: Path, data: bytes, name: str, to: str) -> Path:
    """Import a card and export the persona untouched; return the new card."""
    written = import_card(made.written(folder, name, data), folder / "personas")
    (path,), _ = export_card(written.file, [to], folder / "out")
    return path


def changed(folder: Path, card: made.Json, to: str, **fields: object) -> made.Json:
    """Import a card, change the persona file, export; return the JSON of the new card."""
    written = import_card(made.written(folder, "card.json", made.as_json(card)), folder / "personas")
    persona = replace(load_persona(written.file), **fields)
    written.file.write_text(persona_yaml(persona), encoding="utf-8")
    (path,), _ = export_card(written.file, [to], folder / "out")
    return read_card(path).value


@pytest.mark.parametrize("container", ["json", "png"])
@pytest.mark.parametrize("name", made.ALL)
def test_an_untouched_card_comes_back_in_its_own_version(tmp_path: Path, name: str, container: str):
    card = made.ALL[name]
    version = {"chara_card_v2": "v2", "chara_card_v3": "v3"}.get(card.get("spec", ""), "v1")
    keyword = "ccv3" if version == "v3" else "chara"
    data = made.as_json(card) if container == "json" else made.png(made.text_chunk(keyword, card))
    back = through(tmp_path, data, f"{name}.{container}", f"{version}.{container}")
    assert same(read_card(back).value, card)


def test_an_untouched_charx_comes_back_with_every_file(tmp_path: Path):
    files = {"assets/emotion/images/기쁨.png": made.png(), "module.risum": b"\0risu", "x_meta/0.json": b"{}"}
    back = through(tmp_path, made.charx(made.STREAMER, files), "별하.charx", "charx")
    assert same(read_card(back).value, made.STREAMER)
    with zipfile.ZipFile(back) as zipped:
        assert {name: zipped.read(name) for name in zipped.namelist() if name != "card.json"} == files


def test_a_png_keeps_its_picture_and_every_other_chunk(tmp_path: Path):
    words = made.chunk(b"iTXt", "Title\0\0\0\0\0옥단의 초상".encode())
    data = made.png(words, made.text_chunk("chara", made.COURT_LADY))
    back = through(tmp_path, data, "옥단.png", "v2.png").read_bytes()
    found = png_format.chunks(tmp_path, back)
    assert png_format.picture(found) == made.png(words)
    assert [kind for kind, _ in found].count(b"tEXt") == 1


@QUICK
@given(st.dictionaries(TEXT, JSON, max_size=5), st.sampled_from(["v2.json", "v3.json", "v2.png", "v3.png", "charx"]))
def test_any_extensions_come_back(extensions: dict[str, Any], to: str):
    card = {**made.COURT_LADY, "data": {**made.COURT_LADY["data"], "extensions": extensions}}
    with tempfile.TemporaryDirectory() as folder:
        back = through(Path(folder), made.as_json(card), "a.json", to)
        data = read_card(back).value["data"]
        assert same(data["extensions"], extensions)
        # …and once more, out of the format that they went into
        again = through(Path(folder), back.read_bytes(), f"b{back.suffix}", "v2.json")
        assert same(read_card(again).value["data"]["extensions"], extensions)


@QUICK
@given(st.dictionaries(st.sampled_from([*made.STREAMER["data"], "없던 것"]), JSON, max_size=6), st.booleans())
def test_any_value_in_any_field_is_a_persona_or_one_line(fields: dict[str, Any], v1: bool):
    card = {"description": "", **fields} if v1 else {**made.STREAMER, "data": {**made.STREAMER["data"], **fields}}
    with tempfile.TemporaryDirectory() as folder, suppress(FileError):
        back = through(Path(folder), made.as_json(card), "a.json", "v1.json" if v1 else "v3.json")
        assert same(read_card(back).value, card)


@pytest.mark.parametrize("path", PERSONAS, ids=lambda path: path.stem)
@pytest.mark.parametrize("to", ["v2.json", "v3.png", "charx"])
def test_a_persona_of_ours_comes_back_whole(tmp_path: Path, path: Path, to: str):
    (card,), _ = export_card(path, [to], tmp_path)
    back = load_persona(import_card(card, tmp_path / "back").file)
    assert replace(back, extensions={}) == load_persona(path)


def test_the_extensions_of_a_persona_come_back(tmp_path: Path):
    persona = Persona(name="지은", extensions={"앱": {"가": [1, 1.0, None, "\x07"]}})
    path = made.written(tmp_path, "지은.yaml", persona_yaml(persona).encode())
    (card,), _ = export_card(path, ["v2.json"], tmp_path)
    back = load_persona(import_card(card, tmp_path / "back").file)
    assert same(back.extensions["앱"], persona.extensions["앱"])


def test_a_card_of_ours_that_was_edited_elsewhere_is_read_anew(tmp_path: Path):
    (card,), _ = export_card(PERSONAS[0], ["v2.json"], tmp_path)
    value = read_card(card).value
    value["data"]["description"] = "{{char}}는 이제 배를 탄다.\n나이: 40"
    assert persona_of(value).persona.age == "40"


def test_what_a_persona_says_stands_in_the_card_in_words(tmp_path: Path):
    persona = Persona(
        name="지은",
        age="29",
        role="시나리오 작가",
        persona="3년 전 말없이 떠났다.\n성격: 말끝을 흐린다",
        want="용서받는 것",
        secret=("내일 떠난다",),
        voice=Voice(style="짧다", level="해요체", examples=("그냥요.",)),
        lore=(Lore(keys=("등대",), content="등대는 꺼졌다.", constant=False),),
    )
    path = made.written(tmp_path, "지은.yaml", persona_yaml(persona).encode())
    (card,), notices = export_card(path, ["v3.json"], tmp_path)
    value = read_card(card).value
    data = value["data"]
    assert (value["spec"], value["spec_version"], data["name"]) == ("chara_card_v3", "3.0", "지은")
    assert data["description"] == (
        "3년 전 말없이 떠났다.\n나이: 29\n직업: 시나리오 작가\n바라는 것: 용서받는 것\n비밀: 내일 떠난다\n말투: 짧다. 해요체"
    )
    assert data["personality"] == "말끝을 흐린다"
    assert data["mes_example"] == "<START>\n{{char}}: 그냥요."
    assert data["group_only_greetings"] == []
    (entry,) = data["character_book"]["entries"]
    assert (entry["keys"], entry["content"], entry["enabled"], entry["use_regex"]) == (
        ["등대"],
        "등대는 꺼졌다.",
        True,
        False,
    )
    assert notices == ["the card tells 1 secrets: whoever opens it can read them"]


def test_only_what_was_changed_is_changed_in_the_card(tmp_path: Path):
    persona = persona_of(made.MERCHANT).persona
    lore = (
        replace(persona.lore[0], content="등대는 어제 켜졌다.", scan_depth=7),
        *persona.lore[1:3],
        Lore(keys=("닻",), content="닻은 무겁다."),
    )
    value = changed(tmp_path, made.MERCHANT, "v2.json", lore=lore)
    before, after = made.MERCHANT["data"], value["data"]
    for key in before:
        if key not in ("character_book", "extensions"):
            assert same(after[key], before[key]), key
    old, new = before["character_book"]["entries"], after["character_book"]["entries"]
    assert new[0] == {**old[0], "content": "@@scan_depth 7\n등대는 어제 켜졌다.", "use_regex": False}
    assert same(new[1:3], old[1:3])
    assert same(new[3], old[4])  # the regular expression, which daebon does not read; 왕실 is deleted
    assert new[4]["keys"] == ["닻"]
    assert persona_of(value).persona.lore == lore


def test_a_changed_name_is_changed_everywhere(tmp_path: Path):
    value = changed(tmp_path, made.STREAMER, "v3.json", name="하별")
    assert (value["data"]["name"], value["data"]["nickname"]) == ("하별", "하별")
    assert value["data"]["description"] == made.STREAMER["data"]["description"]
    value = changed(tmp_path, made.COURT_LADY, "v2.json", name="옥심", talkativeness=0.9)
    assert value["name"] == value["data"]["name"] == "옥심"
    assert value["data"]["extensions"]["talkativeness"] == "0.9"
    assert same(value["data"]["extensions"]["numbers"], made.COURT_LADY["data"]["extensions"]["numbers"])


def test_what_a_card_has_no_field_for_comes_back_too(tmp_path: Path):
    value = changed(tmp_path, made.COURT_LADY, "v2.json", gestures=("향을 피운다.",), want="출궁하는 것")
    persona = persona_of(value).persona
    assert (persona.gestures, persona.want) == (("향을 피운다.",), "출궁하는 것")
    assert "바라는 것: 출궁하는 것" in value["data"]["description"]


def test_versions_turn_into_each_other(tmp_path: Path):
    written = import_card(made.written(tmp_path, "a.json", made.as_json(made.PILOT)), tmp_path / "p")
    paths, notices = export_card(written.file, FORMATS, tmp_path / "out")
    assert len(paths) == len(FORMATS)
    by_name = {path.name.removeprefix("오태준."): read_card(path).value for path in paths}
    assert by_name["v2.json"]["metadata"] == made.PILOT["metadata"]
    assert by_name["v2.json"]["data"]["name"] == made.PILOT["name"]
    assert by_name["v3.png"]["data"]["group_only_greetings"] == []
    assert by_name["v1.png"] == made.PILOT
    assert any(notice.startswith("v1.json: ") for notice in notices)
    found = png_format.chunks(tmp_path, next(path for path in paths if path.name.endswith("v3.png")).read_bytes())
    names = [data.partition(b"\0")[0] for kind, data in found if kind == b"tEXt"]
    assert names == [b"chara", b"ccv3"]


def test_a_v3_png_warns_the_readers_of_its_v2_card(tmp_path: Path):
    path = through(tmp_path, made.as_json(made.STREAMER), "a.json", "v3.png")
    found = png_format.chunks(path, path.read_bytes())
    chara = made.png(*(made.chunk(kind, data) for kind, data in found if data.startswith(b"chara\0")))
    value = read_card(made.written(tmp_path, "chara.png", chara)).value
    assert value["spec"] == "chara_card_v2"
    assert value["data"]["creator_notes"].startswith("for en\n\nThis character card is Character Card V3")


def test_assets_move_between_png_and_charx(tmp_path: Path):
    files = {"assets/emotion/images/기쁨.png": b"joy", "module.risum": b"risu"}
    first = through(tmp_path, made.charx(made.STREAMER, files), "별하.charx", "v3.png")
    card = read_card(first)
    assert set(card.addresses) == {"__asset:0", "__asset:module.risum"}
    assert card.value["data"]["assets"][1]["uri"] == "__asset:0"
    second = through(tmp_path, first.read_bytes(), "별하.png", "charx")
    with zipfile.ZipFile(second) as zipped:
        inside = {name: zipped.read(name) for name in zipped.namelist()}
    uris = [asset["uri"] for asset in json.loads(inside["card.json"])["data"]["assets"]]
    assert uris[0] == "embeded://assets/icon/images/main.png"
    assert inside[uris[1].removeprefix("embeded://")] == b"joy"
    assert inside["assets/icon/images/main.png"].startswith(png_format.SIGNATURE)
    assert b"risu" in inside.values()


def test_a_persona_without_a_picture_gets_one_with_its_name(tmp_path: Path):
    from PIL import Image

    (path,), _ = export_card(PERSONAS[0], ["v2.png"], tmp_path)
    with Image.open(path) as image:
        image.load()
        assert image.size == (400, 600)
        assert len(image.convert("RGB").getcolors(1 << 18) or []) > 10  # letters, not an empty ground


def test_a_webp_icon_becomes_the_picture(tmp_path: Path):
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.new("RGB", (3, 5), "red").save(out, "WEBP")
    card = copy.deepcopy(made.STREAMER)
    card["data"]["assets"] = [{"type": "icon", "uri": "embeded://i.webp", "name": "main", "ext": "webp"}]
    path = through(tmp_path, made.charx(card, {"i.webp": out.getvalue()}), "a.charx", "v3.png")
    with Image.open(path) as image:
        assert image.size == (3, 5)


@pytest.mark.parametrize("to", [["v4.png"], [], ["png"]])
def test_an_unknown_format_is_refused(tmp_path: Path, to: list[str]):
    with pytest.raises(UsageError, match=r"v2\.png"):
        export_card(PERSONAS[0], to, tmp_path)


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "옥단.card/link"])
def test_a_persona_cannot_have_other_files_packed(tmp_path: Path, name: str):
    card = made.png(made.text_chunk("chara", made.COURT_LADY))
    written = import_card(made.written(tmp_path, "a.png", card), tmp_path / "p")
    (tmp_path / "x").write_text("secret")
    (tmp_path / "p" / "옥단.card" / "link").symlink_to(tmp_path / "x")
    text = written.file.read_text(encoding="utf-8").replace("옥단.card/image.png", name)
    written.file.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match="leads out of the folder"):
        export_card(written.file, ["charx"], tmp_path / "out")

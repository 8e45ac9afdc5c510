"""What becomes of a card: each kind and shape gives the persona that its author meant."""

from __future__ import annotations

import copy
import unicodedata
from pathlib import Path

import pytest

from scenarios import Lore, load_persona
from scenarios.cards import import_card, persona_of, read_card
from scenarios.cards.macros import Cleaner
from tests.scenarios import made_cards as made
from transcript.errors import DaebonError, FileError


def test_a_description_in_rows_is_put_under_its_keys():
    found = persona_of(made.DETECTIVE, "지훈")
    persona = found.persona
    assert (persona.name, persona.age, persona.role) == ("한소연", "34", "을지로의 사립 탐정")
    assert persona.aliases == ("소연 씨", "한 형사")
    assert persona.secret == ("파트너를 쏜 것은 한소연이다",)
    assert persona.fear == "비 오는 밤의 전화벨"
    assert persona.voice.style == "짧은 반말. 비유가 많다."
    assert persona.voice.level == "해체"
    assert persona.persona.splitlines() == [
        "한소연은 강력반에서 쫓겨난 사립 탐정이다. 사무실 전등은 셋 중 하나만 들어온다.",
        "성격: 냉소적이지만 약속은 지킨다.",
        "상황: 지훈이 젖은 우산을 들고 사무실 문을 연다.",
    ]
    assert found.notices == ()


def test_start_blocks_give_the_character_s_lines_and_nobody_else_s():
    voice = persona_of(made.DETECTIVE).persona.voice
    assert voice.examples == (
        "다들 그렇게 시작하지.",
        "돈 얘기부터 하는 사람은 꼭 뭘 숨기더라.",
        "총을 쐈으니까.",
    )


def test_starred_actions_become_gestures_without_their_subject():
    assert persona_of(made.DETECTIVE).persona.gestures == ("창밖을 본다.", "꺼진 담배를 다시 문다.")


def test_greetings_give_lines_where_a_card_has_no_examples():
    persona = persona_of(made.COURT_LADY).persona
    assert persona.voice.examples == (
        "쉿. 벽에도 귀가 있사옵니다.",
        "대비마마께서 찾으시옵니다.",
        "그 수는 누가 놓은 것이옵니까?",
    )
    assert persona.role == "대비전의 지밀나인"
    assert persona.talkativeness == 0.3
    assert "당신은 새로 온 생각시다" in persona.persona  # <USER>은(는)


def test_w_plus_plus_and_macros():
    found = persona_of(made.MERCHANT)
    persona = found.persona
    assert persona.name == "구룡포 만물상"
    assert (persona.age, persona.role, persona.want) == ("쉰둘", "항구의 잡화상, 정보상", "등대 열쇠를 찾는 것")
    assert persona.persona == "상황: 모험가 당신과 흥정한다."
    assert any("{{getvar::gold}}" in notice for notice in found.notices)


def test_a_nickname_is_what_a_character_is_called_and_the_full_name_stays():
    persona = persona_of(made.STREAMER).persona
    assert (persona.name, persona.aliases) == ("별하", ("윤별하",))
    assert persona.persona.startswith("별하는 새벽")
    assert persona.voice.examples == ("오늘 컨디션은 별 다섯 개!", "후원 없이도 한 곡 갑니다~")


def test_a_lorebook_becomes_lore_and_what_is_not_followed_is_told():
    found = persona_of(made.MERCHANT)
    assert found.persona.lore == (
        Lore(
            keys=("등대", "등대지기"),
            content="등대는 일곱 해 전에 꺼졌고 열쇠는 구룡포 만물상이 보관한다.",
            scan_depth=3,
            insertion_order=20,
        ),
        Lore(
            keys=("검은 진주",),
            secondary_keys=("값", "흥정"),
            content="검은 진주는 가짜가 많아 소금물에 담가 본다.",
            scan_depth=3,
            insertion_order=10,
            priority=5,
        ),
        Lore(content="항구에서는 외상을 하지 않는다.", constant=True, scan_depth=9, insertion_order=1),
        Lore(
            keys=("왕실",),
            content="왕실 이야기는 입에 올리지 않는다.",
            enabled=False,
            scan_depth=3,
            insertion_order=30,
        ),
    )
    assert found.persona.lore_budget == 165  # 100 tokens
    text = "\n".join(found.notices)
    assert "@@position (1)" in text
    assert "regular expressions (1)" in text
    assert "@@activate" not in text
    assert "scan_depth" not in text  # the fallback of the one that was ignored


def test_decorators_of_v3_are_followed():
    (lore,) = persona_of(made.STREAMER).persona.lore
    assert lore == Lore(
        keys=("노래",),
        secondary_keys=("자작곡", "앨범"),
        exclude_keys=("커버",),
        content="자작곡 제목은 「막차」다.",
        scan_depth=2,
        insertion_order=100,
    )


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        ({"content": "@@dont_activate\n가"}, {"enabled": False}),
        ({"content": "@@dont_activate\n@@activate\n가"}, {"enabled": True, "constant": True}),
        ({"content": "가", "use_regex": True, "keys": ["배|선박"]}, {"keys": ("배", "선박")}),
        ({"content": "가", "keys": ["/배|선박/i"]}, {"keys": ("배", "선박")}),
        ({"content": "가", "keys": "배, 선박"}, {"keys": ("배", "선박")}),
        ({"content": "가", "constant": True, "keys": []}, {"constant": True}),
        ({"content": "가", "extensions": {"scan_depth": 8}}, {"scan_depth": 8}),
        ({"content": "가", "insertion_order": "12"}, {"insertion_order": 12}),
        ({"content": "가", "insertion_order": 3.7}, {"insertion_order": 3}),
        ({"content": "가", "insertion_order": ""}, {"insertion_order": 0}),
        ({"content": "가", "case_sensitive": None, "extensions": {"case_sensitive": True}}, {"case_sensitive": False}),
        ({"content": "가", "extensions": {"case_sensitive": True}}, {"case_sensitive": True}),
        (
            {"content": "가", "secondary_keys": ["밤"], "selective": True, "extensions": {"selectiveLogic": 2}},
            {"exclude_keys": ("밤",), "secondary_keys": ()},
        ),
        ({"content": "가", "secondary_keys": ["밤"], "selective": False}, {"secondary_keys": ()}),
        ({"content": "가", "keys": ["{{char}}의 검"]}, {"keys": ("옥단의 검",)}),
    ],
)
def test_entries_of_all_sorts(entry, wanted):
    card = copy.deepcopy(made.COURT_LADY)
    card["data"]["character_book"] = {"entries": [{"keys": ["배"], "enabled": True, "insertion_order": 0, **entry}]}
    (lore,) = persona_of(card).persona.lore
    assert {key: getattr(lore, key) for key in wanted} == wanted


@pytest.mark.parametrize(
    ("text", "name", "wanted"),
    [
        ("{{user}}가 왔다", "지훈", "지훈이 왔다"),
        ("{{user}}가 왔다", "민수", "민수가 왔다"),
        ("{{user}}은(는) 안다", "민수", "민수는 안다"),
        ("<USER>을(를) 본다", "지훈", "지훈을 본다"),
        ("{{USER}}와 걷다", "지훈", "지훈과 걷다"),
        ("{{user}}으로", "하늘", "하늘로"),
        ("{{ user }}야, 자니?", "지훈", "지훈아, 자니?"),
        ("{{user}}라고 해", "지훈", "지훈이라고 해"),
        ("{{user}}이 책상에", "Ann", "Ann이 책상에"),
        ("{{user}}가족", "지훈", "지훈가족"),
        ("{{user}} 씨", "지훈", "지훈 씨"),
    ],
)
def test_particles_fit_the_name_that_stands_there(text, name, wanted):
    assert Cleaner("소연", name)(text) == wanted


def test_macros_leave_nothing_behind():
    clean = Cleaner("소연", "지훈")
    text = "{{random:비,눈}}가 온다.{{// 비밀}}{{newline}}{{comment: 메모}}{{#if {{user}}}}끝{{/if}}{{time}}"
    assert clean(text) == "비가 온다.\n끝"
    assert "{{time}}" in clean.dropped


def test_text_comes_in_composed_and_without_what_cannot_be_shown():
    persona = persona_of(made.SHAMAN).persona
    assert persona.name == "마녀" == unicodedata.normalize("NFC", persona.name)
    assert persona.voice.examples == ("손을 내밀어라. 손금이 먼저 말하느니라.", "두려우냐?")
    assert Cleaner("", "")("a\u0000\u202e\ud800b\u200b") == "ab"


def test_a_card_without_a_name_is_called_like_its_file(tmp_path: Path):
    written = import_card(made.written(tmp_path, "항구의 소녀.card.json", made.as_json(made.NOBODY)), tmp_path / "p")
    assert load_persona(written.file).name == "항구의 소녀"


@pytest.mark.parametrize("name", made.ALL)
def test_every_card_loads_as_a_persona_and_is_kept_whole(tmp_path: Path, name: str):
    card = made.written(tmp_path, f"{name}.json", made.as_json(made.ALL[name]))
    persona = load_persona(import_card(card, tmp_path / "p").file)
    held = persona.extensions["card"]
    assert isinstance(held, dict)
    assert isinstance(held["json"], str)
    kept = made.written(tmp_path, "kept.json", held["json"].encode())
    assert made.as_json(read_card(kept).value) == made.as_json(made.ALL[name])


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "iTXt packed", "plain", "lines", "no padding", "after IDAT"])
def test_png_carries_cards_in_every_way_that_is_met(tmp_path: Path, kind: str):
    import base64
    import zlib

    text = base64.b64encode(made.as_json(made.DETECTIVE))
    chunks = {
        "tEXt": made.chunk(b"tEXt", b"chara\0" + text),
        "zTXt": made.chunk(b"zTXt", b"chara\0\0" + zlib.compress(text)),
        "iTXt": made.chunk(b"iTXt", b"chara\0\0\0ko\0\xec\x9d\xb8\0" + text),
        "iTXt packed": made.chunk(b"iTXt", b"Chara\0\1\0\0\0" + zlib.compress(text)),
        "plain": made.chunk(b"tEXt", b"chara\0" + made.as_json(made.DETECTIVE)),
        "lines": made.chunk(b"tEXt", b"CHARA\0" + base64.encodebytes(made.as_json(made.DETECTIVE))),
        "no padding": made.chunk(b"tEXt", b"chara\0" + text.rstrip(b"=")),
        "after IDAT": made.chunk(b"tEXt", b"Software\0x") + made.chunk(b"tEXt", b"chara\0" + text),
    }
    card = read_card(made.written(tmp_path, "a.png", made.png(chunks[kind])))
    assert (card.container, card.version, card.value) == ("png", "v1", made.DETECTIVE)


def test_v3_goes_before_v2_in_a_png(tmp_path: Path):
    both = made.png(made.text_chunk("chara", made.COURT_LADY), made.text_chunk("ccv3", made.STREAMER))
    assert read_card(made.written(tmp_path, "a.png", both)).value == made.STREAMER


def test_the_picture_and_assets_of_a_card_stand_beside_the_persona(tmp_path: Path):
    asset = made.chunk(b"tEXt", b"chara-ext-asset_:3\0" + b"aGVsbG8=")
    card = copy.deepcopy(made.STREAMER)
    card["data"]["assets"][1]["uri"] = "__asset:3"
    picture = made.png(made.text_chunk("ccv3", card), asset, after=b"rest")
    written = import_card(made.written(tmp_path, "별하.png", picture), tmp_path / "p")
    assert written.folder == tmp_path / "p" / "별하.card"
    assert {file.name: file.read_bytes() for file in written.folder.iterdir()} == {
        "image.png": made.png(),
        "3.png": b"hello",
    }
    assert any("not fetched" in notice for notice in written.notices)


def test_names_of_assets_are_safe_everywhere(tmp_path: Path):
    names = ["assets/a/CON.png", "assets/b/..기쁨 <1>.PNG", "assets/c/기쁨-1-.png", ".ssh", "x/" + "가" * 300 + ".webp"]
    written = import_card(
        made.written(tmp_path, "a.charx", made.charx(made.STREAMER, dict.fromkeys(names, b"x"))), tmp_path / "p"
    )
    assert written.folder
    assert {file.name for file in written.folder.iterdir()} == {
        "_CON.png",
        "기쁨-1.PNG",
        "기쁨-1-2.png",
        "ssh.bin",
        "가" * 60 + ".webp",
    }


def test_a_jpeg_with_a_card_behind_it_is_a_charx(tmp_path: Path):
    data = b"\xff\xd8\xff\xe0" + b"\0" * 500 + made.charx(made.STREAMER, {})
    assert read_card(made.written(tmp_path, "a.jpeg", data)).container == "charx"


def test_nothing_that_stands_there_is_overwritten(tmp_path: Path):
    card = made.written(tmp_path, "a.png", made.png(made.text_chunk("chara", made.COURT_LADY)))
    first, second = import_card(card, tmp_path), import_card(card, tmp_path)
    assert (first.file.name, second.file.name) == ("옥단.yaml", "옥단-2.yaml")
    assert (second.folder or tmp_path).name == "옥단-2.card"


def test_a_long_card_stands_beside_the_persona(tmp_path: Path):
    card = copy.deepcopy(made.COURT_LADY)
    card["data"]["extensions"]["script"] = "밤" * 300_000
    written = import_card(made.written(tmp_path, "a.json", made.as_json(card)), tmp_path / "p")
    assert written.file.stat().st_size < 4_000
    assert read_card(tmp_path / "p" / "옥단.card" / "card.json").value == card


def test_a_refused_card_leaves_nothing_behind(tmp_path: Path):
    asset = made.chunk(b"tEXt", b"chara-ext-asset_:3\0" + b"%%%")
    card = made.written(tmp_path, "a.png", made.png(made.text_chunk("ccv3", made.STREAMER), asset))
    with pytest.raises(FileError, match="not base64"):
        import_card(card, tmp_path / "p")
    assert list((tmp_path / "p").iterdir()) == []


def test_a_newer_card_is_read_and_told_of():
    found = persona_of({**made.STREAMER, "spec": "chara_card_v4", "spec_version": "4.1"})
    assert found.persona.name == "별하"
    assert any("chara_card_v4 4.1" in notice for notice in found.notices)


def test_a_disk_that_refuses_leaves_nothing_behind_and_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    card = made.written(tmp_path, "a.png", made.png(made.text_chunk("chara", made.COURT_LADY)))
    for name in ("os.replace", "pathlib.Path.write_bytes", "os.fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(name, full)
            with pytest.raises(DaebonError, match="No space left on device"):
                import_card(card, tmp_path / "p")
        assert list((tmp_path / "p").iterdir()) == []

"""Hostile cards are refused with one line that says why, each within a second of processor time and 200 MB."""

from __future__ import annotations

import base64
import io
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from scenarios.cards import persona_of, read_card
from tests.scenarios import made_cards as made
from tests.scenarios.made_cards import Json
from transcript.errors import FileError

MEMORY = 200 << 20
CARD = b'{"name": "\xec\x98\xa5\xeb\x8b\xa8", "description": "x", "extensions": %s}'
CHILD = """
import json, signal, sys
from pathlib import Path
from scenarios.cards import import_card
from transcript.errors import FileError

def slow(*_):
    raise TimeoutError("more than a second")

said = {}
signal.signal(signal.SIGVTALRM, slow)
for card in sorted(Path(sys.argv[1]).glob("*/a.*")):
    signal.setitimer(signal.ITIMER_VIRTUAL, 1.0)
    try:
        import_card(card, card.parent / "out")
    except FileError as error:
        said[card.parent.name] = str(error)
    except (TimeoutError, MemoryError) as error:
        said[card.parent.name] = repr(error)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
# not ru_maxrss, which a new process takes over from the one that started it
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"said": said, "memory": int(peak.split()[1]) * 1024}))
"""
SIZE = 300 << 20


@cache
def deflated() -> bytes:
    """Return 300 MiB of zeros as raw deflate: one packed block, repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * (SIZE >> 20) + packer.flush()


def bomb(name: str, size: int = SIZE) -> bytes:
    """Return a zip in which `name` unpacks to 300 MiB and both headers say `size`."""
    data = bytearray(
        zipped(name, deflated(), stored=True) if name != "card.json" else zip_of_card(deflated(), stored=True)
    )
    for sign, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = data.rfind(sign)
        struct.pack_into("<H", data, place + at, zipfile.ZIP_DEFLATED)
        struct.pack_into("<I", data, place + at + 14, size)
    return bytes(data)


def zipped(name: str, data: bytes, *, attributes: int = 0, stored: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("card.json", made.as_json(made.STREAMER))
        info = zipfile.ZipInfo(name)
        info.filename = name  # ZipInfo turns os.sep round
        info.external_attr = attributes << 16
        target.writestr(info, data, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)
    return out.getvalue()


def zip_of_card(card: bytes, *, stored: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as target:
        target.writestr("card.json", card)
    return out.getvalue()


def many_files(count: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr("card.json", made.as_json(made.STREAMER))
        for number in range(count):
            target.writestr(str(number), b"")
    return out.getvalue()


def twice(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for data in (made.as_json(made.STREAMER), b"{}"):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("warnings.warn", lambda *_, **__: None)
                target.writestr(name, data)
    return out.getvalue()


def encrypted() -> bytes:
    data = bytearray(made.charx(made.STREAMER, {"a.png": b"x"}))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        while (place := data.find(sign, place + 1)) >= 0:
            data[place + at] |= 1
    return bytes(data)


def deep(levels: int, sign: bytes = b"[]") -> bytes:
    return CARD % (sign[:1] * levels + sign[1:] * levels)


def entries(entry: bytes) -> bytes:
    return CARD % (b"[" + (entry + b",") * ((8 << 20) // (len(entry) + 1) - 100) + entry + b"]")


PNG = made.png(made.text_chunk("chara", made.COURT_LADY))

# name of the file, its bytes, and what the refusal says
HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "zTXt bomb": (
        "a.png",
        lambda: made.png(made.chunk(b"zTXt", b"chara\0\0" + b"\x78\xda" + deflated())),
        "unpacks to more than 16 MiB",
    ),
    "iTXt bomb": (
        "a.png",
        lambda: made.png(made.chunk(b"iTXt", b"ccv3\0\1\0\0\0" + b"\x78\xda" + deflated())),
        "unpacks to more than 16 MiB",
    ),
    "zTXt damaged": ("a.png", lambda: made.png(made.chunk(b"zTXt", b"chara\0\0\x12\x34")), "damaged compressed text"),
    "base64": ("a.png", lambda: made.png(made.chunk(b"tEXt", b"chara\0e30%$#")), "'chara' is not base64"),
    "base64 of Hangul": ("a.png", lambda: made.png(made.chunk(b"tEXt", b"chara\0" + "옥단".encode())), "not base64"),
    "base64 of rubbish": (
        "a.png",
        lambda: made.png(made.chunk(b"tEXt", b"chara\0" + b"/w==")),
        "another encoding, not UTF-8",
    ),
    "base64 of nothing": ("a.png", lambda: made.png(made.chunk(b"tEXt", b"chara\0")), "the JSON is broken"),
    "huge text": (
        "a.png",
        lambda: made.png(made.chunk(b"tEXt", b"chara\0" + base64.b64encode(bytes(9 << 20)))),
        "more than 8 MiB of JSON",
    ),
    "no card": ("a.png", made.png, "a picture without a character card"),
    "truncated": ("a.png", lambda: PNG[:-20], "is cut off"),
    "truncated at a chunk": ("a.png", lambda: PNG[:-12], "is cut off"),
    "only a signature": ("a.png", lambda: PNG[:8], "is cut off"),
    "huge chunk": ("a.png", lambda: PNG[:8] + b"\x7f\xff\xff\xffIDAT" + PNG[8:], "should have 2,147,483,647 bytes"),
    "checksum": ("a.png", lambda: PNG.replace(b"chara\0", b"chora\0"), "the checksum of the chunk 'tEXt' is wrong"),
    "many chunks": ("a.png", lambda: made.png(made.chunk(b"junk", b"") * 100_000), "more than 50,000 chunks"),
    "sparse": ("a.png", lambda: PNG + bytes(65 << 20), "larger than 64 MiB"),
    "asset": (
        "a.png",
        lambda: made.png(made.text_chunk("ccv3", made.STREAMER), made.chunk(b"tEXt", b"chara-ext-asset_:0\0***")),
        "'chara-ext-asset_:0' is not base64",
    ),
    "zip bomb in the card": ("a.charx", lambda: bomb("card.json"), "unpacks to 314,572,800 bytes"),
    "zip bomb in an asset": ("a.charx", lambda: bomb("a.png"), "a bomb"),
    "zip that lies": ("a.charx", lambda: bomb("a.png", 10), "damaged zip"),
    "card that lies": ("a.charx", lambda: bomb("card.json", 10), "damaged zip"),
    "up": ("a.charx", lambda: zipped("../../up.png", b"x"), "leads out of the card"),
    "up in the middle": ("a.charx", lambda: zipped("assets/../../up.png", b"x"), "leads out of the card"),
    "up by backslash": ("a.charx", lambda: zipped("..\\up.png", b"x"), "leads out of the card"),
    "root": ("a.charx", lambda: zipped("/etc/cron.d/x", b"x"), "leads out of the card"),
    "drive": ("a.charx", lambda: zipped("C:x.png", b"x"), "leads out of the card"),
    "link": ("a.charx", lambda: zipped("a.png", b"/etc/passwd", attributes=0o120777), "the link 'a.png'"),
    "password": ("a.charx", encrypted, "is encrypted"),
    "many files": ("a.charx", lambda: many_files(6_000), "more than 5,000 files"),
    "twice": ("a.charx", lambda: twice("card.json"), "twice"),
    "no card.json": ("a.charx", lambda: made.charx({}, {}).replace(b"card.json", b"bard.json"), "without card.json"),
    "zip64": ("a.charx", lambda: zip64(), "more than 5,000 files"),
    "end of a zip": ("a.charx", lambda: b"PK\x05\x06" + bytes(18), "without card.json"),
    "damaged zip": ("a.charx", lambda: struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0), "damaged zip"),
    "checksum in a zip": (
        "a.charx",
        lambda: zipped("a.png", b"hello hello", stored=True).replace(b"hello hello", b"hollo hello"),
        "damaged zip",
    ),
    "deep lists": ("a.json", lambda: deep(200_000), "nested deeper than 100 levels"),
    "deep objects": ("a.json", lambda: CARD % (b'{"a":' * 50_000 + b"1" + b"}" * 50_000), "nested deeper than 100"),
    "rather deep": ("a.json", lambda: deep(150), "nested deeper than 100 levels"),
    "deep and open": ("a.json", lambda: b"[" * 1_000_000, "holds more than 300,000 values"),
    "NaN": ("a.json", lambda: CARD % b"NaN", "holds NaN"),
    "Infinity": ("a.json", lambda: CARD % b"[-Infinity]", "holds -Infinity"),
    "1e999": ("a.json", lambda: CARD % b"1e999", "too large"),
    "digits": ("a.json", lambda: CARD % (b"9" * 1_000_000), "1,000,000 digits"),
    "keys twice": ("a.json", lambda: CARD % b'{"a": 1, "a": 2}', "the key 'a' twice"),
    "many keys twice": ("a.json", lambda: CARD % (b"{" + b'"a":1,' * 100_000 + b'"b":1}'), "twice in one object"),
    "many objects": ("a.json", lambda: entries(b"{}"), "more than 300,000 values"),
    "many lists": ("a.json", lambda: entries(b"[]"), "more than 300,000 values"),
    "many numbers": ("a.json", lambda: entries(b"1"), "more than 300,000 values"),
    "broken": ("a.json", lambda: CARD % b"{", "the JSON is broken"),
    "half a letter": ("a.json", lambda: CARD % b'"\\ud8"', "the JSON is broken"),
    "large": ("a.json", lambda: b"{" + b" " * (9 << 20) + b"}", "larger than 8 MiB"),
    "a list": ("a.json", lambda: b"[1]", "no character card but a list of 1"),
    "no card at all": (
        "a.json",
        lambda: b'{"title": "\xeb\xb0\x94\xeb\x8b\xa4"}',
        "no character card (its keys are 'title')",
    ),
    "a lorebook": ("a.json", lambda: b'{"entries": {}}', "is a lorebook"),
    "a lorebook of V3": ("a.json", lambda: b'{"spec": "lorebook_v3", "data": {"entries": []}}', "is a lorebook"),
    "empty": ("a.json", lambda: b"", "the JSON is broken"),
    "UTF-16": ("a.json", lambda: '{"name": "옥단"}'.encode("utf-16"), "UTF-16"),
    "CP949": ("a.json", lambda: '{"name": "옥단"}'.encode("cp949"), "CP949"),
    "YAML": ("a.yaml", lambda: "name: 옥단".encode(), "the JSON is broken"),
    "a sound": ("a.json", lambda: bytes(range(256)) * 30_000, "not UTF-8"),
}


def zip64() -> bytes:
    data = made.charx(made.STREAMER, {})
    end = data.rfind(b"PK\x05\x06")
    head = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1 << 40, 1 << 40, 46, 0)
    return data[:end] + head + struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1) + data[end:]


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Json]:
    """Import every hostile card in one process that may not have more than 200 MB."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, (file, data, _) in HOSTILE.items():
        (folder / name).mkdir()
        made.written(folder / name, file, data())
    run = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder)],
        capture_output=True,
        text=True,
        preexec_fn=_limits,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        check=False,
    )
    assert run.returncode == 0, run.stderr[-500:]
    return folder, json.loads(run.stdout)


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_with_a_reason(refusals: tuple[Path, Json], name: str):
    folder, result = refusals
    file, _, reason = HOSTILE[name]
    said = result["said"][name]
    place = str(folder / name / file)
    assert said.startswith(place)
    assert reason in said
    assert "\n" not in said
    assert len(said) < 250 + len(place)
    assert not any((folder / name).glob("out/*"))
    assert not any(folder.glob("up.png")) and not any(folder.parent.glob("up.png"))


def test_refusing_takes_less_than_200_mb(refusals: tuple[Path, Json]):
    assert refusals[1]["memory"] < MEMORY


@pytest.mark.parametrize(
    "text",
    [
        "{{",
        "{{random:a\\,",
        '"',
        "“",
        "*",
        "_",
        "*a",
        "<START>",
        "{{char}}:",
        '("a" + ',
        "나이: ",
        "가" * 39 + ":",
        "@@scan_depth 1\n",
        "[",
        "![",
        "\n",
        " ",
        "옥단은 가",
        "/a|",
        "(",
    ],
)
def test_text_of_any_kind_is_read_at_once(text: str):
    long = "Name(" + text * (60_000 // len(text))
    data = dict.fromkeys(("name", "description", "personality", "scenario", "first_mes"), long)
    book = {"entries": [{"keys": [long], "secondary_keys": long, "selective": True, "content": long, "enabled": True}]}
    value = {
        "spec": "chara_card_v2",
        "data": {**data, "mes_example": "{{char}}: " + long, "character_book": book, "alternate_greetings": [long] * 5},
    }

    def slow(*_: object) -> None:
        raise AssertionError("more than a second of processor time")

    signal.signal(signal.SIGVTALRM, slow)
    signal.setitimer(signal.ITIMER_VIRTUAL, 1.0)
    try:
        persona_of(value)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def test_what_is_no_file_is_refused(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", tmp_path, tmp_path / "없다.png", Path("/dev/zero")):
        with pytest.raises(FileError):
            read_card(path)

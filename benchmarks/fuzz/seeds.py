"""Good inputs to begin from, all made here: by our own writers, or by hand where we only read."""

from __future__ import annotations

import base64
import io
import json
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.scripted import ScriptedModel
    from transcript.record import Transcript

_LINES = {
    "소라": ["상자는 저쪽에 둬.", "커튼은 두고 갈 거야.", "이건 안 가져가."],
    "태오": ["이 전등은 떼도 돼요?", "계단이 미끄러워요."],
}

_PERSONA = """이름: 소라
별칭: [한 대리, "소라 언니"]
나이: 31
역할: 짐을 싸는 사람
설정: |
  세 해를 산 집이다. 다시 오지 않을 것이다.
욕망: 조용히 떠나는 것
비밀: [소라는 열쇠를 강물에 던졌다]
말투: {문체: 짧다, 높임: 해체, 입버릇: [됐어.], 예문: [상자는 저쪽에 둬., 밥은 먹었냐?]}
성격: {openness: 0.8, neuroticism: 0.7}
감정: {기본: {기쁨: 0.2, 불안: 0.5}, 변동: 0.6}
말수: 0.4
"""
_SCENARIO = """title: 빈집
logline: 이사 나가는 날 두 사람이 마지막 상자를 두고 말을 돌린다
setting: {place: 오래된 아파트, period: 현대, season: 겨울}
cast:
  - {name: 소라, aliases: [한 대리], secret: [소라는 열쇠를 강물에 던졌다], voice: {level: 해체, examples: [상자는 저쪽에 둬.]}}
  - {persona: {name: 태오, role: 짐을 나르는 사람, voice: {level: 해요체}}, play: model}
relations:
  - {from: 소라, to: 태오, level: 해체, address: 태오야, affection: 0.2}
knowledge:
  - {fact: 소라는 열쇠를 강물에 던졌다, who: [소라]}
scenes:
  - heading: {place: 빈 거실, time: 오후, inside: true}
    action: 상자 하나만 남은 거실.
    beats: &비트
      - {goal: 소라가 상자를 감춘다, turns: [2, 4], speakers: [소라, 태오], emotion: {소라: {불안: 0.6}}}
      - {goal: 열쇠가 어디 있는지 밝힌다, turns: [2, 6], reveal: [소라는 열쇠를 강물에 던졌다], exit: [소라]}
    events: [천장에서 물 한 방울이 떨어진다.]
arc: {소라: man-in-a-hole}
director: {candidates: 2, actions: 0.0}
seed: 7
"""
_CARD: dict[str, Any] = {
    "spec": "chara_card_v3",
    "spec_version": "3.0",
    "data": {
        "name": "옥단",
        "description": "{{char}}는 대비전의 지밀나인이다.\n나이: 34\n비밀: {{char}}가 장부를 태웠다\n별명: 옥 나인",
        "personality": "입이 무겁다",
        "first_mes": '*바늘을 내려놓는다.* "쉿. 벽에도 귀가 있사옵니다."',
        "mes_example": "<START>\n{{user}}: 누구요?\n{{char}}: 소인이옵니다.",
        "alternate_greetings": ["“그 수는 누가 놓은 것이옵니까?”"],
        "assets": [{"type": "icon", "uri": "embeded://assets/icon/main.png", "name": "main", "ext": "png"}],
        "extensions": {"talkativeness": "0.3", "depth_prompt": {"prompt": "", "depth": 4}},
        "character_book": {
            "scan_depth": 3,
            "token_budget": 100,
            "extensions": {},
            "entries": [
                {
                    "keys": ["장부", "/불(에)?/i"],
                    "content": "@@scan_depth 2\n장부는 탔다.",
                    "enabled": True,
                    "insertion_order": 20,
                },
                {
                    "keys": ["대비"],
                    "secondary_keys": ["밤"],
                    "selective": True,
                    "content": "대비는 밤에 온다.",
                    "enabled": True,
                    "insertion_order": 1,
                    "extensions": {},
                },
            ],
        },
    },
}


def scenarios() -> Sequence[bytes]:
    """Return scenario files."""
    return [
        _SCENARIO.encode(),
        json.dumps({"제목": "산", "배역": [{"이름": "봄"}], "씬": [{"비트": [{"목표": "간다"}]}]}).encode(),
    ]


def personas() -> Sequence[bytes]:
    """Return persona files."""
    return [_PERSONA.encode()]


def cards(container: str) -> Sequence[bytes]:
    """Return cards of V1, V2 and V3 as `json`, `png` or `charx`."""
    data = _CARD["data"]
    old = {key: data[key] for key in ("name", "description", "personality", "first_mes", "mes_example")} | {
        "scenario": ""
    }
    found = [json.dumps(one, ensure_ascii=False).encode() for one in (_CARD, {**_CARD, "spec": "chara_card_v2"}, old)]
    if container == "json":
        return found
    if container == "png":
        return [_png(found[0], found[1]), _png(None, found[2])]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("card.json", found[0])
        packed.writestr("assets/icon/main.png", _png(None, None))
    return [out.getvalue()]


def _png(third: bytes | None, second: bytes | None) -> bytes:
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0\0"))]
    chunks += [
        (b"tEXt", name + b"\0" + base64.b64encode(text))
        for name, text in ((b"ccv3", third), (b"chara", second))
        if text
    ]
    if third:
        chunks.append((b"tEXt", b"chara-ext-asset_:0\0" + base64.b64encode(b"asset")))
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, body in (*chunks, (b"IEND", b"")):
        parts += [struct.pack(">I", len(body)), kind, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))]
    return b"".join(parts)


@cache
def _transcript() -> Transcript:
    """Return a short take that was played by the scripted model."""
    from transcript.record import read_transcript

    with tempfile.TemporaryDirectory() as name:
        _play(Path(name))
        return read_transcript(Path(name) / "take" / "transcript.json")


@cache
def exported(suffix: str) -> Sequence[bytes]:
    """Return a take as our own writers put it into the format of `suffix`, and other layouts of plain text."""
    from transcript.exports import export

    transcript = _transcript()
    with tempfile.TemporaryDirectory() as name:
        (path,) = export(transcript, [suffix[1:]], Path(name))
        found = [path.read_bytes()]
    if suffix == ".txt":
        said = [f"{turn.speaker}: {turn.text}" for turn in transcript.turns if turn.speaker]
        found += [
            "\n".join(("1. 거실 (낮)", *said)).encode("cp949"),
            "\n\n".join(said).replace(": ", "\n").encode("utf-16"),
        ]
    if suffix == ".pdf":
        found.append(_plain_pdf())
    return found


def _plain_pdf() -> bytes:
    """Return a PDF whose parts are not compressed, so that a changed byte is seen by the reader."""
    text = b"BT /F1 12 Tf 72 700 Td (Sora: the box stays) Tj 0 -20 Td [(Te) -50 (o: yes)] TJ ET"
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Type /Encoding /Differences [65 /A /B] >> >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 6\n0000000000 65535 f \n" + table + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return out + end % len(out)


def model(folder: Path) -> ScriptedModel:
    """Return a scripted model whose script stands in `folder`; the same script at every call."""
    from model.scripted import ScriptedModel

    path = folder / "script.model"
    if not path.exists():
        path.write_bytes(scripted()[0])
    return ScriptedModel.load(path)


def _play(folder: Path) -> bytes:
    """Play a short take into `folder`; return the bytes of its store."""
    from daebon.runner import on_stage, write_take
    from emotion.measure import LexiconEmotion
    from scenarios import load_scenario
    from transcript.store import RunStore

    path = folder / "scenario.yaml"
    path.write_text(_SCENARIO, encoding="utf-8")
    scenario = load_scenario(path)
    store = RunStore(folder / "daebon.sqlite")
    take = {"seed": 7, "model": "scripted:script.model", "turns": 50, "candidates": 2, "steer": True, "human": []}
    store.create("take", scenario.title, folder / "take", scenario.to_dict(), take)
    with on_stage(store, store.run("take"), 50, model(folder), LexiconEmotion()) as played:
        played.start(7, [], person=False)
        for _ in range(3):
            list(played.play(pause=True))
        played.retry()
        for _ in range(2):
            list(played.play(pause=True))
        write_take(played.transcript(), folder / "take", ["json"])
    store.close()
    return (folder / "daebon.sqlite").read_bytes()


@cache
def stores() -> Sequence[bytes]:
    """Return run stores with a take of two branches and its checkpoints."""
    with tempfile.TemporaryDirectory() as name:
        return [_play(Path(name))]


def gguf(fields: Sequence[tuple[str, int, bytes]], tensors: Sequence[tuple[str, tuple[int, ...], int, bytes]]) -> bytes:
    """Return a GGUF file, version 3: fields as (key, type, packed value), tensors as (name, shape, type, data)."""
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(fields))
    for key, kind, value in fields:
        out += _text(key) + struct.pack("<I", kind) + value
    body = b""
    for name, shape, kind, data in tensors:
        out += _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, len(body))
        body += data + bytes(-len(data) % 32)
    return out + bytes(-len(out) % 32) + body


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def weights() -> Sequence[bytes]:
    """Return a small GGUF model with a vocabulary and an embedding table."""
    tokens = ["<pad>", "가", "나", "민수", "a"]
    fields = [
        ("general.architecture", 8, _text("gemma3")),
        ("general.alignment", 4, struct.pack("<I", 32)),
        ("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, len(tokens)) + b"".join(map(_text, tokens))),
        ("tokenizer.ggml.scores", 9, struct.pack("<IQ5f", 6, 5, *range(5))),
        ("tokenizer.ggml.token_type", 9, struct.pack("<IQ5i", 5, 5, 3, 1, 1, 1, 1)),
        ("tokenizer.ggml.bos_token_id", 4, struct.pack("<I", 0)),
    ]
    table = struct.pack("<160f", *range(160))
    return [gguf(fields, [("token_embd.weight", (32, 5), 0, table), ("output_norm.weight", (32,), 0, table[:128])])]


def adapters() -> Sequence[bytes]:
    """Return a small LoRA adapter in GGUF."""
    fields = [
        ("general.type", 8, _text("adapter")),
        ("adapter.type", 8, _text("lora")),
        ("general.architecture", 8, _text("gemma3")),
        ("adapter.lora.alpha", 6, struct.pack("<f", 32.0)),
    ]
    half = struct.pack("<64f", *([0.5] * 64))
    names = "blk.0.attn_q.weight.lora_a", "blk.0.attn_q.weight.lora_b"
    return [gguf(fields, [(names[0], (32, 2), 0, half), (names[1], (2, 32), 0, half)])]


def tensors() -> Sequence[bytes]:
    """Return a small LoRA adapter in safetensors."""
    places = {f"base_model.model.layers.0.q_proj.lora_{part}.weight": n for n, part in enumerate("AB")}
    head = {
        name: {"dtype": "F32", "shape": [2, 8] if n == 0 else [8, 2], "data_offsets": [64 * n, 64 * n + 64]}
        for name, n in places.items()
    }
    text = json.dumps({"__metadata__": {"format": "pt"}, **head}).encode()
    return [struct.pack("<Q", len(text)) + text + struct.pack("<32f", *([0.5] * 32))]


def configs() -> Sequence[bytes]:
    """Return PEFT's configuration of an adapter."""
    row = {
        "peft_type": "LORA",
        "base_model_name_or_path": "LDCC/LDCC-Instruct-Llama-2-ko-13B-v1.4",
        "r": 16,
        "target_modules": ["q_proj"],
    }
    return [json.dumps(row).encode()]


def answers() -> Sequence[bytes]:
    """Return answers of OpenAI-compatible servers: completions, chats, and pieces of them."""
    usage = {"prompt_tokens": 40, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 30}}
    told = {"tokens": ["왔", "네"], "token_logprobs": [-0.1, None], "top_logprobs": [{"왔": -0.1, "갔": -2.0}, None]}
    top = [{"token": "왔", "logprob": -0.1}]
    chat = {"content": [{"token": "왔", "logprob": -0.1, "top_logprobs": top}]}
    return [
        json.dumps(row, ensure_ascii=False).encode()
        for row in (
            {"choices": [{"index": 0, "text": "왔네.", "finish_reason": "stop", "logprobs": told}], "usage": usage},
            {"choices": [{"index": 1, "message": {"content": "왔네."}, "finish_reason": "length", "logprobs": chat}]},
            {"choices": [{"index": 0, "delta": {"content": "왔"}, "finish_reason": None}], "usage": None},
        )
    ]


def scripted() -> Sequence[bytes]:
    """Return scripts of the scripted model."""
    return [json.dumps({"lines": _LINES, "scores": {"소라": 2}, "invent": True}, ensure_ascii=False).encode()]


def rows() -> Sequence[bytes]:
    """Return rows of training."""
    row = {"source": "corpus/x", "licence": "yours", "split": "train", "kind": "turns", "ends": True}
    pieces = [["소라: ", False, False], ["상자는 저쪽에 둬.\n", True, False]]
    return [(json.dumps({**row, "pieces": pieces}, ensure_ascii=False) + "\n").encode() * 3]


def recipes() -> Sequence[bytes]:
    """Return recipes of training."""
    from training.recipe import SHIPPED

    return [(SHIPPED / "tiny-sft.yaml").read_bytes()]

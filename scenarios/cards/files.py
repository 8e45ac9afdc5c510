"""Persona files from card files and card files from persona files; nothing that exists is overwritten."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, cast

from scenarios._problems import show
from scenarios.cards import charx, json_text, png, portrait
from scenarios.cards.exporting import Origin, backfilled, card_of
from scenarios.cards.importing import CARD, USER, Imported, persona_of
from scenarios.cards.reading import (
    Card,
    Container,
    Version,
    assets_of,
    fields_of,
    keep_files,
    path_of,
    read_card,
)
from scenarios.loader import load_persona
from scenarios.values import Persona
from scenarios.writing import persona_yaml
from transcript.errors import DaebonError, FileError, UsageError
from transcript.exports import safe_name
from transcript.record import write_atomically

FORMATS: dict[str, tuple[Version, Container]] = {
    "v1.json": ("v1", "json"),
    "v1.png": ("v1", "png"),
    "v2.json": ("v2", "json"),
    "v2.png": ("v2", "png"),
    "v3.json": ("v3", "json"),
    "v3.png": ("v3", "png"),
    "charx": ("v3", "charx"),
}
_INLINE = 256 << 10  # bytes of a card that stands in the persona file itself; a longer one stands beside it
_WHOLE = "card.json"
_MAX_PICTURE = 64 << 20
_ICON = "assets/icon/images/main.png"
_KINDS = {
    "images": "png apng jpg jpeg webp avif gif bmp svg",
    "audio": "mp3 ogg wav flac m4a opus",
    "video": "mp4 webm mkv mov",
    "3d": "mmd obj glb gltf fbx vrm",
    "ai": "safetensors ckpt onnx gguf",
    "fonts": "otf ttf woff woff2",
    "code": "lua js ts py",
}

Reader = Callable[[Mapping[str, Any], str, str], Imported]


@dataclass(frozen=True)
class Written:
    """A persona file that was written, the folder of what came with it, and what of the card is not followed."""

    file: Path
    folder: Path | None
    notices: tuple[str, ...]


def import_card(file: Path, out: Path, user: str = USER, reader: Reader = persona_of) -> Written:
    """Write the persona of a card to `out`, and its picture and files to a folder beside it.

    `reader` makes the persona of the card's JSON, of who `{{user}}` is, and of a name for a card without one. Raises FileError
    for a card that is refused; nothing is left behind then.
    """
    card = read_card(file)
    found = reader(card.value, user, _stem(file.name))
    with _written_to(out):
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".card-") as scratch:
            return _imported(card, found, user, out, Path(scratch))


def _imported(card: Card, found: Imported, user: str, out: Path, scratch: Path) -> Written:
    """Write everything to `scratch`, prove that it loads, and only then put it in place."""
    stem = _free(out, found.persona.name)
    files = scratch / f"{stem}.card"
    files.mkdir()
    kept = keep_files(card, files)
    text = json_text.dump(card.value)
    inline = len(text.encode()) <= _INLINE
    if not inline:
        (files / _WHOLE).write_text(text, encoding="utf-8")
    held: dict[str, Any] = {
        "of": card.file.name,
        "format": f"{card.version}.{card.container}",
        "user": user,
        **({"json": text} if inline else {"file": f"{files.name}/{_WHOLE}"}),
        **({"files": {address: f"{files.name}/{name}" for address, name in kept.items()}} if kept else {}),
    }
    persona = replace(found.persona, extensions={**found.persona.extensions, CARD: held})
    content = _proved(persona, scratch / "persona.yaml", card.file)
    folder = out / files.name if kept or not inline else None
    if folder:
        files.rename(folder)
    try:
        write_atomically(out / f"{stem}.yaml", content)
    except DaebonError:
        shutil.rmtree(folder or files)
        raise
    return Written(out / f"{stem}.yaml", folder, found.notices)


@contextmanager
def _written_to(out: Path) -> Iterator[None]:
    """Turn what the disk refuses into one line."""
    try:
        yield
    except OSError as error:
        raise DaebonError(f"{out}: cannot be written ({error.strerror}); choose another --out folder") from error


def export_card(
    file: Path, formats: Iterable[str], out: Path, reader: Reader = persona_of
) -> tuple[list[Path], list[str]]:
    """Write the persona in `file` as cards to `out`; return their paths, and what a format could not take.

    Raises UsageError for an unknown format and FileError for a persona whose kept card or files were damaged.
    """
    wanted = list(dict.fromkeys(formats))
    for name in wanted:
        if name not in FORMATS:
            raise UsageError(f"--to {name}: no such card format; give one or more of {', '.join(FORMATS)}")
    if not wanted:
        raise UsageError(f"--to is empty; give one or more of {', '.join(FORMATS)}")
    persona = load_persona(file)
    origin = origin_of(file, persona, reader)
    files = _files(file, persona)
    with _written_to(out):
        out.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    notices = (
        [f"the card tells {len(persona.secret)} secrets: whoever opens it can read them"] if persona.secret else []
    )
    for name in wanted:
        version, container = FORMATS[name]
        value = card_of(persona, version, origin)
        stem = _free(out, file.stem, f".{name}")
        target = out / f"{stem}.{name}"
        notices += [
            f"{name}: {what}" for what in _write(target, value, version, container, persona, files, anew=origin is None)
        ]
        paths.append(target)
    return paths, notices


def origin_of(file: Path, persona: Persona, reader: Reader = persona_of) -> Origin | None:
    """Return the card that the persona in `file` came from; None where it came from none."""
    held = persona.extensions.get(CARD)
    if not isinstance(held, dict):
        return None
    if isinstance(held.get("json"), str):
        data = cast("str", held["json"]).encode()
    elif isinstance(held.get("file"), str):
        data = _beside(file, cast("str", held["file"])).read_bytes()
    else:
        return None
    value = json_text.parse(file, data)
    user = held.get("user") if isinstance(held.get("user"), str) else USER
    name = held.get("of") if isinstance(held.get("of"), str) else file.name
    base = reader(value, cast("str", user), _stem(cast("str", name))).persona
    return Origin(value, base, cast("str", user))


def _write(
    target: Path,
    value: dict[str, Any],
    version: Version,
    container: Container,
    persona: Persona,
    files: Mapping[str, Path],
    *,
    anew: bool,
) -> list[str]:
    """Write one card; return what it could not take."""
    others = {address: path for address, path in files.items() if address != "ccdefault:"}
    lost = ["lorebook, alternate greetings and everything newer than V1 do not fit"] if version == "v1" else []
    if container == "json":
        write_atomically(target, json_text.dump(value) + "\n")
        return lost + [f"{len(files)} files stay beside the persona: JSON holds none" for _ in range(bool(files))]
    if container == "charx":
        packed = _packed(value, files, persona, anew)
        scratch = target.with_name(f".{target.name}.part")
        try:
            with _written_to(target):
                charx.write(scratch, json_text.dump(value), packed.items())
                scratch.replace(target)
        finally:
            scratch.unlink(missing_ok=True)
        return []
    if version == "v3":
        keywords = _keywords(others)
        _addressed(value, {address: f"__asset:{path}" for address, path in keywords.items()})
        texts = [
            ("chara", json_text.dump(backfilled(value), indent=None)),
            ("ccv3", json_text.dump(value, indent=None)),
        ]
    else:
        texts = [("chara", json_text.dump(value, indent=None))]
        lost += [f"{len(others)} files stay beside the persona: only V3 holds files" for _ in range(bool(others))]
        others, keywords = {}, {}
    chunks = [(name, text.encode()) for name, text in texts]
    chunks += [(f"chara-ext-asset_:{keywords[address]}", path.read_bytes()) for address, path in others.items()]
    write_atomically(target, png.with_card(_picture(value, files, persona), chunks, target))
    return lost


def _keywords(addresses: Iterable[str]) -> dict[str, str]:
    """Return a path for each address that a PNG keyword can hold: ASCII, at most 79 characters with its prefix."""
    paths = {address: path_of(address) for address in addresses}
    return {
        address: path if path.isascii() and path.isprintable() and len(path) <= 60 else str(number)
        for number, (address, path) in enumerate(paths.items())
    }


def _packed(value: dict[str, Any], files: Mapping[str, Path], persona: Persona, anew: bool) -> dict[str, Path | bytes]:
    """Return the files of a CHARX by their path in it, and give the card their addresses; `anew`: it came from no card."""
    uses = {entry["uri"]: str(entry.get("type")) for entry in assets_of(value)}
    packed: dict[str, Path | bytes] = {}
    moved: dict[str, str] = {}
    for address, path in files.items():
        inside = path_of(address) if address.startswith("embed") else _inside(path, uses.get(address, "other"))
        if address == "ccdefault:":
            inside = _ICON
        while inside in packed or inside == charx.CARD:
            inside = f"{PurePosixPath(inside).parent}/_{PurePosixPath(inside).name}"
        moved[address] = f"embeded://{inside}"
        packed[inside] = path
    if anew:
        packed[_ICON], moved["ccdefault:"] = portrait.portrait(persona.name), f"embeded://{_ICON}"
    if "ccdefault:" in moved and not any(entry.get("type") == "icon" for entry in assets_of(value)):
        main = {"type": "icon", "uri": "ccdefault:", "name": "main", "ext": "png"}
        listed = fields_of(value).get("assets")
        fields_of(value)["assets"] = [main, *(listed if isinstance(listed, list) else ())]
    _addressed(value, moved)
    return packed


def _inside(path: Path, use: str) -> str:
    """Return where a CHARX has a file for `use`, by SPEC_V3.md."""
    kind = next((kind for kind, suffixes in _KINDS.items() if path.suffix[1:].lower() in suffixes.split()), "other")
    return f"assets/{use if re.fullmatch('[a-z_]{1,30}', use) else 'other'}/{kind}/{path.name}"


def _addressed(value: dict[str, Any], moved: Mapping[str, str]) -> None:
    """Give the assets of a card the addresses that they have in another container."""
    for entry in assets_of(value):
        if entry["uri"] != "ccdefault:" or entry.get("type") == "icon":
            entry["uri"] = moved.get(entry["uri"], entry["uri"])


def _picture(value: Mapping[str, Any], files: Mapping[str, Path], persona: Persona) -> bytes:
    """Return the picture of a card as PNG: the card's own, its main icon, or one with the name on it."""
    icons = [entry for entry in assets_of(value) if entry.get("type") == "icon"]
    icons.sort(key=lambda entry: entry.get("name") != "main")
    paths = {path_of(address): path for address, path in files.items()}
    for address in ("ccdefault:", *(path_of(entry["uri"]) for entry in icons)):
        path = paths.get(address)
        if path is None or path.stat().st_size > _MAX_PICTURE:
            continue
        data = path.read_bytes()
        if made := data if data.startswith(png.SIGNATURE) else portrait.as_png(data):
            return made
    return portrait.portrait(persona.name)


def _files(file: Path, persona: Persona) -> dict[str, Path]:
    """Return the files that came with a persona's card, by their address there."""
    held = persona.extensions.get(CARD)
    kept = held.get("files") if isinstance(held, dict) else None
    return {
        address: _beside(file, name)
        for address, name in (kept.items() if isinstance(kept, dict) else ())
        if isinstance(name, str)
    }


def _beside(file: Path, name: str) -> Path:
    """Return a file that a persona names; one outside the persona's folder is not touched."""
    path = file.parent / name
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or not path.resolve().is_relative_to(file.parent.resolve()):
        raise FileError(
            file, f"{show(name)} leads out of the folder of the persona; move it there", key=f"extensions.{CARD}"
        )
    if not path.is_file():
        raise FileError(file, f"{show(name)} is missing beside the persona; put it back", key=f"extensions.{CARD}")
    return path


def _stem(name: str) -> str:
    """Return what a card without a name is called by its file: 소연 of 소연.card.png."""
    return PurePosixPath(name).name.partition(".")[0]


def _proved(persona: Persona, scratch: Path, card: Path) -> str:
    """Return the persona file, written to `scratch` first; raises FileError unless it loads as the same persona."""
    content = persona_yaml(persona)
    scratch.write_text(content, encoding="utf-8")
    try:
        same = load_persona(scratch) == persona
    except FileError as error:
        raise FileError(card, f"does not fit into a persona ({error.key}: {error.problem})") from error
    if not same:
        raise FileError(card, "does not fit into a persona: it would not load as it was written; please report it")
    return content


def _free(out: Path, name: str, suffix: str = "") -> str:
    """Return a file name for `name` in `out` that is not taken, with a number where it has to be."""
    stem = safe_name(name)
    made, count = stem, 1
    endings = [suffix] if suffix else [".yaml", ".card"]
    while any((out / f"{made}{ending}").exists() for ending in endings):
        count += 1
        made = f"{stem}-{count}"
    return made

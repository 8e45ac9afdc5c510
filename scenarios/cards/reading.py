"""Open a card file of any kind: JSON, PNG, APNG or CHARX; and keep the files that come with it."""

from __future__ import annotations

import re
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, cast

from scenarios._problems import show
from scenarios.cards import charx, json_text, png
from transcript.errors import FileError

Container = Literal["json", "png", "charx"]
Version = Literal["v1", "v2", "v3"]
SPECS: dict[str, Version] = {"chara_card_v2": "v2", "chara_card_v3": "v3"}
IMAGE = "image.png"
_MAX_PNG = 64 << 20
_V1 = ("description", "personality", "scenario", "first_mes", "mes_example")
_UNSAFE = re.compile(r"[^가-힣A-Za-z0-9._-]+")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE)
_MAX_STEM = 60


@dataclass(frozen=True)
class Card:
    """A card file: its JSON and the addresses of the files in it (`embeded://path` or `__asset:path`)."""

    file: Path
    container: Container
    value: dict[str, Any]
    addresses: tuple[str, ...] = ()

    @property
    def version(self) -> Version:
        """Return which specification the JSON follows; one that is newer counts as V3."""
        return version_of(self.value)


def version_of(value: Mapping[str, Any]) -> Version:
    """Return which specification the JSON of a card follows."""
    if not isinstance(value.get("data"), dict):
        return "v1"
    return SPECS.get(str(value.get("spec")), "v3")


def fields_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a card: `data` of V2 and V3, the whole of V1."""
    data = value.get("data")
    return cast("dict[str, Any]", data if isinstance(data, dict) else value)


def read_card(file: Path) -> Card:
    """Read a card; raises FileError with the reason for a file that is none, is damaged or is not safe."""
    size = _size(file)
    with file.open("rb") as opened:
        head = opened.read(8)
        opened.seek(max(0, size - (1 << 17)))
        tail = opened.read()
    if head == png.SIGNATURE:
        if size > _MAX_PNG:
            raise FileError(file, f"is larger than {_MAX_PNG >> 20} MiB; make the picture smaller")
        found = png.chunks(file, file.read_bytes())
        addresses = tuple(f"__asset:{path}" for path in png.assets(file, found))
        return _card(file, "png", png.card(file, found), addresses)
    if charx.is_charx(tail):
        text, names = charx.card(file)
        return _card(file, "charx", text, tuple(f"embeded://{name}" for name in names))
    if size > json_text.MAX_BYTES:
        raise FileError(file, f"is larger than {json_text.MAX_BYTES >> 20} MiB and neither PNG nor CHARX; give a card")
    return _card(file, "json", file.read_bytes(), ())


def keep_files(card: Card, folder: Path) -> dict[str, str]:
    """Write the picture and the files of a card into the empty `folder`; return the names there by their address."""
    names = {IMAGE.casefold()}
    kept = {address: _safe_name(address, _extensions(card), names) for address in card.addresses}
    if card.container == "png":
        found = png.chunks(card.file, card.file.read_bytes())
        (folder / IMAGE).write_bytes(png.picture(found))
        for path, text in png.assets(card.file, found).items():
            (folder / kept[f"__asset:{path}"]).write_bytes(png.asset(card.file, path, text))
        return {"ccdefault:": IMAGE, **kept}
    if card.container == "charx":
        charx.save(card.file, ((path_of(address), folder / name) for address, name in kept.items()))
    return kept


def path_of(address: str) -> str:
    """Return the path in an address: `assets/icon/main.png` of `embeded://assets/icon/main.png`."""
    return re.sub(r"^(?:embed{1,2}ed://|__asset:)", "", address)


def assets_of(value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the entries of V3's `assets` that are objects with a text `uri`."""
    assets = fields_of(value).get("assets")
    for entry in assets if isinstance(assets, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("uri"), str):
            yield entry


def _size(file: Path) -> int:
    try:
        found = file.stat()
        if stat.S_ISREG(found.st_mode):
            file.open("rb").close()
            return found.st_size
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise FileError(file, f"cannot be read ({reason}); check the path and its permissions") from error
    raise FileError(file, "is not a regular file; give a card as .json, .png or .charx")


def _card(file: Path, container: Container, text: bytes, addresses: tuple[str, ...]) -> Card:
    value = json_text.parse(file, text)
    fields = fields_of(value)
    if "entries" in value or str(value.get("spec")).startswith("lorebook"):
        raise FileError(file, "is a lorebook without a character; put it into a card as `character_book` first")
    if fields is value and not any(isinstance(value.get(key), str) for key in _V1):
        keys = ", ".join(map(show, list(value)[:4])) or "none"
        raise FileError(file, f"is JSON but no character card (its keys are {keys}); give a card of V1, V2 or V3")
    return Card(file, container, value, addresses)


def _extensions(card: Card) -> dict[str, str]:
    return {path_of(entry["uri"]): str(entry.get("ext", "")) for entry in assets_of(card.value)}


def _safe_name(address: str, extensions: Mapping[str, str], taken: set[str]) -> str:
    """Return a name for a file of a card that is safe on every system and not `taken`, and take it."""
    path = path_of(address)
    name = _UNSAFE.sub("-", unicodedata.normalize("NFC", PurePosixPath(path.replace("\\", "/")).name)).strip(".-")
    stem, dot, suffix = name.rpartition(".")
    if not dot or not re.fullmatch("[A-Za-z0-9]{1,8}", suffix):
        stem, suffix = name, extensions.get(path, "")
    suffix = suffix if re.fullmatch("[A-Za-z0-9]{1,8}", suffix) else "bin"
    stem = stem.strip(".-")[:_MAX_STEM] or "asset"
    stem = f"_{stem}" if _DEVICES.match(f"{stem}.") else stem
    made, count = f"{stem}.{suffix}", 1
    while made.casefold() in taken:
        count += 1
        made = f"{stem}-{count}.{suffix}"
    taken.add(made.casefold())
    return made

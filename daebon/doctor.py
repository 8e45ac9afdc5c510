"""What daebon finds on this machine: each thing that it needs or could use, and how to get what is missing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from transcript.errors import DaebonError

Status = Literal["ok", "optional", "missing"]
NEWEST = (3, 13)  # of Python, that the tests were run on
EXTRAS = {  # what each is for; their packages stand in the metadata of daebon
    "documents": "reading HWP, HWPX, PDF, DOCX and FDX, writing DOCX, HWPX, HWP, PDF and FDX",
    "hf": "models of transformers, LDCC among them, in four bits",
    "train": "tuning a model on your own scripts",
    "server": "OpenAI-compatible servers",
    "dist": "batches on several processes or machines",
    "postgres": "a run store that several machines share",
    "kiwi": "morphemes for the lexicon",
}
_FILES = (  # one of every kind that must have come along with the code, from the root of the installation
    "agents/directions.tsv",
    "daebon/messages/ko/LC_MESSAGES/daebon.mo",
    "emotion/classifier.npz",
    "emotion/lexicon.tsv",
    "model/ldcc.json",
    "scenarios/shipped/바다.yaml",
    "scenarios/shipped/personas/지은.yaml",
    "training/corpus/held_out.txt",
    "training/recipes/embedded-sft.yaml",
    "transcript/report/templates/take.html",
)
_WEIGHTS, _SPARE = 100_000_000, 300_000_000  # bytes: the trimmed weights with their working copy; a day of takes


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `optional` is absent and needed for some uses only, `missing` is needed by all."""

    name: str
    status: Status
    said: str
    remedy: str = ""


def checks() -> Iterator[Check]:
    """Yield what is found, what is needed by all uses first; no model is loaded, nothing is downloaded or written."""
    yield _python()
    yield _packages()
    yield _files()
    yield _weights()
    yield _adapter()
    yield _font()
    yield from _disks()
    yield _memory()
    yield _encoding()
    yield _terminal()
    for extra, purpose in EXTRAS.items():
        yield _extra(extra, purpose)
    yield _gpu()


def _python() -> Check:
    said = sys.version.split()[0]
    if sys.version_info[:2] > NEWEST:
        return Check("python", "ok", f"{said}; the tests were run up to {'.'.join(map(str, NEWEST))}")
    return Check("python", "ok", said)


def _packages() -> Check:
    gone = absent("")
    if not gone:
        return Check("packages", "ok", "all that daebon needs")
    return Check("packages", "missing", ", ".join(gone), remedy("", gone))


def _files() -> Check:
    home = Path(__file__).parents[1]
    absent = [name for name in _FILES if not (home / name).is_file()]
    if absent:
        return Check(
            "files", "missing", ", ".join(absent), "install daebon again: pip install --force-reinstall daebon"
        )
    return Check("files", "ok", f"of daebon, in {home}")


def _weights() -> Check:
    from model.weights import FILE_NAME, SHA256, cache_folder, joined_package, sha256_of

    path = cache_folder() / FILE_NAME
    try:
        if sha256_of(path) == SHA256:
            return Check("model", "ok", f"{SHA256[:12]}, {path}")
        joined_package()
    except DaebonError as error:
        return _failed("model", error)
    state = "is damaged and will be made again" if path.exists() else "will be made"
    return Check("model", "ok", f"its package is whole; {path} {state} by the first play, in some seconds")


def _adapter() -> Check:
    from model.weights import ADAPTER_SHA256, drama_adapter

    try:
        return Check("adapter", "ok", f"{ADAPTER_SHA256[:12]}, {drama_adapter()}")
    except DaebonError as error:
        return _failed("adapter", error)


def _font() -> Check:
    from transcript.fonts import BOLD, PLAIN, font_file

    try:
        font_file(BOLD)
        return Check("font", "ok", f"NanumGothic, {font_file(PLAIN)}")
    except DaebonError as error:
        return _failed("font", error)


def _failed(name: str, error: DaebonError) -> Check:
    """Take an error apart, whose message ends in the remedy."""
    problem, _, remedy = str(error).rpartition("; ")
    return Check(name, "missing", problem, remedy)


def _disks() -> Iterator[Check]:
    from model.weights import FILE_NAME, cache_folder

    there = (cache_folder() / FILE_NAME).is_file()
    yield _disk("cache", cache_folder(), 0 if there else _WEIGHTS, "set DAEBON_CACHE to another folder")
    yield _disk("disk", Path.cwd(), _SPARE, "start daebon in another folder, or give --out")


def _disk(name: str, folder: Path, needed: int, remedy: str) -> Check:
    parent = next(place for place in (folder, *folder.parents) if place.is_dir())
    free = shutil.disk_usage(parent).free
    said = f"{free / 1e9:.1f} GB free in {parent}"
    if needed and not os.access(parent, os.W_OK):
        return Check(name, "missing", f"{parent} cannot be written", remedy)
    if free < needed:
        return Check(name, "missing", f"{said}, {needed / 1e9:.1f} GB are wanted", f"free some space, or {remedy}")
    return Check(name, "ok", said)


def _memory() -> Check:
    from model.plan import GIB, this_machine

    free = this_machine(gpu=False).free
    if not free:
        return Check("memory", "ok", "this system does not tell how much is free")
    said = f"{free / GIB:.1f} GiB free"
    if free < GIB / 2:
        return Check("memory", "missing", f"{said}, the embedded model wants 0.5", "close other programs")
    return Check("memory", "ok", said)


def _encoding() -> Check:
    from daebon import messages

    language = "Korean" if messages.of_locale() == "ko" else "English"
    if sys.stdout.encoding.lower().replace("-", "") != "utf8":
        return Check("locale", "missing", f"output is {sys.stdout.encoding}, which lacks letters", "set PYTHONUTF8=1")
    return Check("locale", "ok", f"UTF-8; the studio speaks {language} (--lang ko or en changes that)")


def _terminal() -> Check:
    if sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        size = shutil.get_terminal_size()
        return Check("terminal", "ok", f"{size.columns} x {size.lines}; the studio needs no tmux and no mouse")
    return Check("terminal", "optional", "none here, so play goes through alone", "start daebon in a terminal window")


def _extra(extra: str, purpose: str) -> Check:
    gone = absent(extra)
    if not gone:
        return Check(extra, "ok", purpose)
    return Check(extra, "optional", f"{', '.join(gone)}: for {purpose}", remedy(extra, gone))


def _gpu() -> Check:
    """Say which GPU torch can use; torch is imported (seconds) only where there is a driver."""
    if not (shutil.which("nvidia-smi") or Path("/proc/driver/nvidia/version").exists()):
        return Check("gpu", "optional", "none: the embedded model plays on the CPU", "daebon model plan ldcc --gpu 12")
    if gone := absent("hf"):
        return Check("gpu", "optional", "there is one, not used without torch", remedy("hf", gone))
    import torch

    if not torch.cuda.is_available():
        return Check("gpu", "optional", "there is one that torch cannot use", "install torch for this machine's CUDA")
    found = [torch.cuda.get_device_properties(n) for n in range(torch.cuda.device_count())]
    return Check("gpu", "ok", ", ".join(f"{card.name}, {card.total_memory / 2**30:.0f} GiB" for card in found))


def absent(extra: str) -> list[str]:
    """Return the requirements of an extra, or with "" of daebon itself, that are not installed in a version that fits."""
    from packaging.requirements import Requirement

    found = []
    for text in requires("daebon") or ():
        wanted = Requirement(text)
        of_extra = "extra ==" in str(wanted.marker or "")
        if of_extra != bool(extra) or (wanted.marker and not wanted.marker.evaluate({"extra": extra})):
            continue
        if wanted.name == "daebon":
            found += [name for inner in sorted(wanted.extras) for name in absent(inner)]
            continue
        try:
            if not wanted.specifier.contains(version(wanted.name), prereleases=True):
                found.append(f"{wanted.name}{wanted.specifier}")
        except PackageNotFoundError:
            found.append(wanted.name)
    return found


def remedy(extra: str, gone: Sequence[str]) -> str:
    """Return the command that installs what is `absent` of an extra, or with "" of daebon itself."""
    return f"pip install 'daebon[{extra}]'" if extra else f"pip install {' '.join(map(repr, gone))}"

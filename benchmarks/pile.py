"""A pile of script documents as a studio has them, made from this project's corpus: ten formats, copies, and what cannot be read."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

from training.corpus import CorpusScene, read_corpus
from transcript.fonts import font_file

CORPUS = Path(__file__).resolve().parent.parent / "training" / "corpus"


def write_pile(folder: Path, count: int) -> dict[str, list[Path]]:
    """Write `count` readable documents and one of each kind that cannot be read or is a copy; return paths by kind.

    The kinds are the names of `FORMATS`, then `copy`, `near`, `scan`, `password`, `damaged`, `bomb`, `empty`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scenes = read_corpus(CORPUS)
    made: dict[str, list[Path]] = {}
    for number in range(count):
        kind = list(FORMATS)[number % len(FORMATS)]
        path = folder / f"{number:03} {scenes[number % len(scenes)].name}.{kind.split()[0]}"
        rows = list(_rows(scenes, number))
        FORMATS[kind](path, rows)
        made.setdefault(kind, []).append(path)
    first = made["txt utf-8"][0]
    rows = first.read_text(encoding="utf-8").split("\n")
    for kind, suffix, write in (
        ("copy", "txt", lambda path: path.write_bytes(first.read_bytes())),
        ("near", "txt", lambda path: path.write_text("\n".join(rows[:-2]), encoding="utf-8")),
        ("scan", "pdf", _scan),
        ("password", "pdf", lambda path: _locked_pdf(path, rows)),
        ("password", "hwp", lambda path: _locked_hwp(path, rows)),
        ("damaged", "hwp", lambda path: _half(path, made["hwp"][0])),
        ("damaged", "docx", lambda path: _half(path, made["docx"][0])),
        ("bomb", "hwpx", _bomb),
        ("empty", "txt", lambda path: path.write_bytes(b"")),
    ):
        path = folder / f"못 읽는 {kind}.{suffix}"
        write(path)
        made.setdefault(kind, []).append(path)
    return made


def _rows(scenes: tuple[CorpusScene, ...], number: int) -> Iterator[str]:
    """Yield the rows of three scenes of the corpus in the layout of a broadcast script."""
    for scene_number, place_in_corpus in enumerate(
        (number, 7 * number + 11 + number // len(scenes), 13 * number + 29), 1
    ):
        scene = scenes[place_in_corpus % len(scenes)]
        place = scene.scenario.scenes[0].heading
        yield from (f"S#{scene_number}. {place.place} / {place.time}", "", scene.scenario.scenes[0].action, "")
        for line in scene.lines:
            direction = f"({line.parenthetical}) " if line.parenthetical else ""
            yield f"{line.speaker}\t{direction}{line.text}" if line.speaker else line.text
        yield ""


def _hwp(path: Path, rows: list[str]) -> None:
    from hwpx import HwpxDocument

    document = HwpxDocument.new()
    for row in rows:
        document.add_paragraph(row)
    document.save_to_path(str(path))


def _docx(path: Path, rows: list[str]) -> None:
    from docx import Document

    document = Document()
    for row in rows:
        document.add_paragraph(row)
    document.save(str(path))


def _pdf(path: Path, rows: list[str]) -> None:
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(TTFont("nanum", str(font_file())))
    canvas = Canvas(str(path), pagesize=A4)
    for start in range(0, len(rows), 45):
        body = canvas.beginText(56, 780)
        body.setFont("nanum", 10, 16)
        for row in rows[start : start + 45]:
            body.textLine(row.replace("\t", "    "))
        canvas.drawText(body)
        canvas.showPage()
    canvas.save()


def _fdx(path: Path, rows: list[str]) -> None:
    parts = []
    for row in filter(None, rows):
        name, _, said = row.partition("\t")
        kinds = [("Character", name), ("Dialogue", said)] if said else [("Action", row)]
        if row.startswith("S#"):
            kinds = [("Scene Heading", row)]
        parts += [f'<Paragraph Type="{kind}"><Text>{escape(text)}</Text></Paragraph>' for kind, text in kinds]
    body = "".join(parts)
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<FinalDraft DocumentType="Script" Version="5"><Content>{body}</Content></FinalDraft>',
        encoding="utf-8",
    )


def _fountain(path: Path, rows: list[str]) -> None:
    written = []
    for row in filter(None, rows):
        name, _, said = row.partition("\t")
        written.append(f".{row}" if row.startswith("S#") else f"@{name}\n{said}" if said else row)
    path.write_text("\n\n".join(written) + "\n", encoding="utf-8")


def _text(encoding: str, form: Literal["NFC", "NFD"] = "NFC") -> Callable[[Path, list[str]], None]:
    def write(path: Path, rows: list[str]) -> None:
        text = unicodedata.normalize(form, "\n".join(rows))
        path.write_bytes(text.encode(encoding, errors="replace" if encoding == "cp949" else "strict"))

    return write


FORMATS: dict[str, Callable[[Path, list[str]], None]] = {
    "hwp": _hwp,
    "hwpx": _hwp,
    "pdf": _pdf,
    "docx": _docx,
    "fdx": _fdx,
    "fountain": _fountain,
    "txt utf-8": _text("utf-8"),
    "txt bom": _text("utf-8-sig"),
    "txt cp949": _text("cp949"),
    "txt utf-16": _text("utf-16"),
    "txt nfd": _text("utf-8", "NFD"),
}


def _scan(path: Path) -> None:
    from matplotlib.figure import Figure
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    figure, buffer = Figure(figsize=(2, 3)), io.BytesIO()
    figure.add_subplot().plot([0, 1], [1, 0])
    figure.savefig(buffer, format="png")
    canvas = Canvas(str(path))
    canvas.drawImage(ImageReader(buffer), 50, 50)
    canvas.showPage()
    canvas.save()


def _locked_pdf(path: Path, rows: list[str]) -> None:
    from pypdf import PdfWriter

    _pdf(path, rows)
    writer = PdfWriter(clone_from=str(path))
    writer.encrypt("비밀", algorithm="RC4-128")
    writer.write(str(path))


def _locked_hwp(path: Path, rows: list[str]) -> None:
    """Write an HWP whose header says that its body is encrypted, as Hancom marks one with a password."""
    _hwp(path, rows)
    data = bytearray(path.read_bytes())
    data[data.index(b"HWP Document File") + 36] |= 0x02
    path.write_bytes(data)


def _half(path: Path, whole: Path) -> None:
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/hwp+zip")
        archive.writestr("Contents/section0.xml", b"\0" * (64 << 20))

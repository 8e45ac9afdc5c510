"""Text of the documents in which scripts lie about: HWP 5, HWPX, PDF, DOCX, FDX, Fountain and plain text, told by their bytes.

A document is not trusted: an archive that would unpack to more than it may is refused before it is opened, XML resolves no
entities, and everything a library raises becomes a reason in plain words.
"""

from __future__ import annotations

import io
import logging
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transcript.errors import DaebonError, UsageError, one_line
from transcript.reading import decoded

SUFFIXES = (".hwp", ".hwpx", ".pdf", ".docx", ".fdx", ".fountain", ".txt", ".md")
LARGEST = 100 * 2**20  # bytes of a file
_UNPACKED = 400 * 2**20  # bytes of all parts of an archive together
_RATIO = 200  # times that a part of more than 10 MiB may be larger than it is packed
_FEW = 8  # letters a page from which a PDF counts as text and no picture of it
_PAGE = "\f"
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
_HWP = b"HWP Document File"
_PASSWORD, _LOCKED = (
    0x02,
    0x04,
)  # properties in the FileHeader of an HWP 5 file (Hancom's format description 5.0, 3.2.1)
_HIGHER = "상위 버전의 배포용 문서"  # what a locked document says instead of its text to a reader that is too old
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")


class Unreadable(Exception):
    """A document gives no text; the message is the reason and the remedy, without the file's name."""

    def __init__(self, reason: str) -> None:
        """Say why on one line, whatever a library or the document puts into it."""
        super().__init__(one_line(reason))


@dataclass(frozen=True)
class Document:
    """What a document says: the name of its format, and the text of each page (one where the format keeps none), in NFC."""

    format: str
    pages: tuple[str, ...]


def read_document(path: Path, *, columns: bool = False) -> Document:
    """Return the text of the document at `path`; raises Unreadable, or UsageError when a library is not installed.

    With `columns` the pages of a PDF keep their columns by spaces: `민수        왔네.` is one row and not two.
    """
    try:
        size = path.stat().st_size
        data = path.read_bytes() if 0 < size <= LARGEST else b""
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror})") from error
    if not data:
        raise Unreadable("is empty" if not size else f"is larger than {LARGEST >> 20} MiB; split it")
    kind, reader = _reader(path, data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the libraries tell of pictures and shapes that they leave out
            logging.disable(logging.ERROR)
            pages = _pdf(path, data, columns=True) if columns and reader is _pdf else reader(path, data)
    except Unreadable:
        raise
    except ModuleNotFoundError as error:
        raise UsageError(f"{path}: needs {error.name}; pip install 'daebon[documents]'") from error
    except DaebonError as error:
        raise Unreadable(str(error).removeprefix(f"{path}: ")) from error
    except Exception as error:  # each library raises its own types, and they differ between versions
        raise Unreadable(f"is damaged ({type(error).__name__}: {str(error)[:80]}); save it again") from error
    finally:
        logging.disable(logging.NOTSET)
    pages = [normal(page) for page in pages]
    if not any(re.search(r"\w", page) for page in pages):
        raise Unreadable("holds no text")
    return Document(kind, tuple(pages))


def normal(text: str) -> str:
    """Return `text` in NFC, without controls but tabs, spaces at line ends, and more than two blank lines in a row."""
    text = _CONTROL.sub("", unicodedata.normalize("NFC", re.sub(r"\r\n?|\x85|\u2028|\u2029", "\n", text)))
    text = re.sub(r"([^\S\n]{200})[^\S\n]+", r"\1", text)  # patterns would look at each of very many from each
    text = re.sub(r"[ \t\u3000\xa0]+$", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{4,}", "\n\n\n", text).strip("\n")


def _reader(path: Path, data: bytes) -> tuple[str, Callable[[Path, bytes], list[str]]]:
    """Return the format's name and reader by the first bytes; the suffix only parts the kinds of plain text."""
    if data.startswith(_OLE):
        if _HWP in data[: 1 << 16] or "HwpSummaryInformation".encode("utf-16-le") in data:
            return "hwp", _hwp
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Unreadable("is locked with a password; open it and save it without")
        raise Unreadable("is an old Office file; save it as .docx")
    if data.startswith(_ZIP):
        names = _archive(data)
        if "word/document.xml" in names:
            return "docx", _docx
        if "Contents/content.hpf" in names or any(name.startswith("Contents/section") for name in names):
            return "hwpx", _hwpx
        raise Unreadable("is an archive that is neither HWPX nor DOCX; unpack it")
    if data[:1024].lstrip().startswith(b"%PDF"):
        return "pdf", _pdf
    if data.startswith(b"HWP Document File V"):
        raise Unreadable("is an HWP file of before 2000; open it in Hancom and save it again")
    if b"<FinalDraft" in data[:4096]:
        return "fdx", _fdx
    if path.suffix.lower() == ".fountain":
        return "fountain", _plain
    return "text", _plain


def _plain(path: Path, data: bytes) -> list[str]:
    return decoded(data, path).split(_PAGE)


def _archive(data: bytes) -> list[str]:
    """Return the names in a zip archive; raises Unreadable for one that is damaged, locked or would burst."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OverflowError) as error:
        raise Unreadable(f"is damaged ({error}); save it again") from error
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("is locked with a password; open it and save it without")
    burst = any(part.file_size > 10 * 2**20 and part.file_size > _RATIO * max(1, part.compress_size) for part in parts)
    if burst or sum(part.file_size for part in parts) > _UNPACKED:
        raise Unreadable("would unpack to many times its size: a zip bomb, or damaged")
    return [part.filename for part in parts]


def _hwp(path: Path, data: bytes) -> list[str]:
    """Read HWP 5 with python-hwpx, and what that refuses with dochan, which also opens documents locked for distribution."""
    place = data.find(_HWP)
    properties = data[place + 36] if place >= 0 else 0
    if properties & _PASSWORD:
        raise Unreadable("is locked with a password; open it in Hancom and save it without")
    if not properties & _LOCKED:
        from hwpx import HwpxDocument

        try:
            return [HwpxDocument.open(str(path)).text.plain()]
        except Exception as error:
            return [_second(path, error)]
    return [_second(path, None)]


def _hwpx(path: Path, data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if any(b"encryption-data" in archive.read(n) for n in archive.namelist() if n == "META-INF/manifest.xml"):
            raise Unreadable("is locked with a password; open it in Hancom and save it without")
    from hwpx import HwpxDocument

    try:
        return [HwpxDocument.open(str(path)).text.plain()]
    except Exception as error:
        return [_second(path, error)]


def _second(path: Path, refused: Exception | None) -> str:
    """Read with the second library; raises Unreadable when it has nothing to say either."""
    from dochan import Dochan

    document = Dochan(str(path))
    text = str(document.to_plain_text())
    if _HIGHER in text:
        raise Unreadable("is locked for distribution and cannot be opened; ask who wrote it for another copy")
    if not text.strip():
        reasons = "; ".join(map(str, document.errors)) or str(refused or "nothing found")
        raise Unreadable(f"is damaged or locked ({reasons[:120]}); save it again")
    return text


def _docx(_path: Path, data: bytes) -> list[str]:
    from docx import Document as Docx
    from docx.table import Table

    rows = []
    for block in Docx(io.BytesIO(data)).iter_inner_content():
        if isinstance(block, Table):
            rows += ["\t".join(cell.text.replace("\n", " ") for cell in row.cells) for row in block.rows]
        else:
            rows.append(block.text)
    return ["\n".join(rows)]


def _pdf(_path: Path, data: bytes, *, columns: bool = False) -> list[str]:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError

    reader = PdfReader(io.BytesIO(data))
    try:
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("is locked with a password; open it and save it without")
        mode = "layout" if columns else "plain"
        pages = [page.extract_text(extraction_mode=mode) for page in reader.pages]
    except (DependencyError, FileNotDecryptedError) as error:  # the first: AES, which needs a library more
        raise Unreadable("is locked with a password; open it and save it without") from error
    letters = sum(len(re.findall(r"\w", page)) for page in pages)
    if letters < _FEW * len(pages) and any(_pictured(page) for page in reader.pages):
        raise Unreadable("holds pictures of pages and no text (a scan); run it through OCR first")
    return pages


def _pictured(page: Any) -> bool:
    """Say whether a picture is placed on a page of a PDF."""
    objects = page.get("/Resources", {}).get_object().get("/XObject", {}).get_object()
    return any(value.get_object().get("/Subtype") == "/Image" for value in objects.values())


def _fdx(_path: Path, data: bytes) -> list[str]:
    """Read Final Draft's XML in our layout: name, tab, line; scene numbers and markers such as (E) stay."""
    from lxml import etree

    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    rows: list[str] = []
    speaker, direction, scenes = "", "", 0
    for paragraph in root.iterfind("./Content//Paragraph"):
        kind = paragraph.get("Type", "Action")
        text = "".join(part.text or "" for part in paragraph.iterfind("./Text")).strip()
        if kind == "Character":
            speaker, direction = text, ""
        elif kind == "Parenthetical":
            direction = f"{text} " if text.startswith("(") else f"({text}) "
        elif kind == "Dialogue":
            rows.append(f"{speaker}\t{direction}{text}")
            direction = ""
        elif text:
            scenes += kind == "Scene Heading"
            rows += ["", _headed(paragraph, text, scenes) if kind == "Scene Heading" else text]
    return ["\n".join(rows)]


def _headed(paragraph: Any, text: str, scenes: int) -> str:
    """Return a heading with its number: as written, as Final Draft keeps it, or as counted."""
    if re.match(r"S\s?#|씬|Scene|#\s?\d|INT|EXT|I/E", text, re.IGNORECASE):
        return text
    return f"S#{paragraph.get('Number') or scenes}. {text}"

"""A marked script printed in every layout that scripts come in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from benchmarks.extract.marked import Marked, Row


def _text(script: Marked, heading: str, speech: Callable[[Row], str], gap: str = "\n\n") -> str:
    cast = "\n".join(f"{name} ({age}세), {role}" for name, age, role in script.cast)
    parts, scene, last = [script.title, f"등장인물\n{cast}"], 0, ""
    for row in script.rows:
        scene += row.kind == "heading"
        if row.kind == "dialogue":
            text = speech(row)
            glue = "\n" if last == "dialogue" and "\n" not in text.strip() else gap
        else:
            text = heading.format(n=scene, text=row.text) if row.kind == "heading" else row.text
            glue = "\n\n"
        parts.append(text if not parts else glue + text)
        last = row.kind
    return parts[0] + "\n\n" + "".join(parts[1:]) + "\n"


def _directed(row: Row) -> str:
    return f"({row.direction}) {row.text}" if row.direction else row.text


def _in_label(row: Row) -> str:
    return f"{row.label}({row.direction}): {row.text}" if row.direction else f"{row.label}: {row.text}"


def _below(row: Row) -> str:
    return "\n".join(filter(None, (row.label, f"({row.direction})" if row.direction else "", row.text)))


def _save(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding, "replace"))
    return path


def tab(script: Marked, path: Path) -> Path:
    """Print name, tab, line: our own layout."""
    return _save(path.with_suffix(".txt"), _text(script, "S#{n}. {text}", lambda r: f"{r.label}\t{_directed(r)}"))


def colon(script: Marked, path: Path) -> Path:
    """Print `이름: 대사`, in CP949."""
    return _save(
        path.with_suffix(".txt"), _text(script, "씬{n} {text}", lambda r: f"{r.label}: {_directed(r)}"), "cp949"
    )


def in_label(script: Marked, path: Path) -> Path:
    """Print `이름(지문): 대사`, in UTF-16."""
    return _save(path.with_suffix(".txt"), _text(script, "S#.{n} {text}", _in_label), "utf-16")


def alone(script: Marked, path: Path) -> Path:
    """Print the name on a line of its own."""
    return _save(path.with_suffix(".txt"), _text(script, "#{n} {text}", _below))


def gap(script: Marked, path: Path) -> Path:
    """Print name, spaces, line."""
    return _save(
        path.with_suffix(".txt"), _text(script, "Scene {n} {text}", lambda r: f"{r.label:<10}  {_directed(r)}")
    )


def markdown(script: Marked, path: Path) -> Path:
    """Print `**이름:** 대사`, Markdown as people type it."""
    return _save(path.with_suffix(".md"), _text(script, "## S#{n}. {text}", lambda r: f"**{r.label}:** {_directed(r)}"))


def fountain(script: Marked, path: Path) -> Path:
    """Print Fountain with @names."""

    def speech(row: Row) -> str:
        label = re.sub(r" ([ENF])$", r" (\1)", row.label)
        return "\n".join(filter(None, (f"@{label}", f"({row.direction})" if row.direction else "", row.text)))

    text = f"Title: {script.title}\n\n"
    scene = 0
    for row in script.rows:
        scene += row.kind == "heading"
        text += f".S#{scene}. {row.text} #{scene}#" if row.kind == "heading" else speech(row) if row.label else row.text
        text += "\n\n"
    return _save(path.with_suffix(".fountain"), text)


def final_draft(script: Marked, path: Path) -> Path:
    """Print Final Draft's XML."""
    from xml.sax.saxutils import escape

    rows: list[tuple[str, str]] = []
    for row in script.rows:
        if row.kind == "dialogue":
            rows.append(("Character", re.sub(r" ([ENF])$", r" (\1)", row.label)))
            rows += [("Parenthetical", f"({row.direction})")] if row.direction else []
        rows.append(({"heading": "Scene Heading", "action": "Action", "dialogue": "Dialogue"}[row.kind], row.text))
    body = "".join(f'<Paragraph Type="{kind}"><Text>{escape(text)}</Text></Paragraph>' for kind, text in rows)
    return _save(
        path.with_suffix(".fdx"),
        f'<?xml version="1.0" encoding="UTF-8"?><FinalDraft DocumentType="Script"><Content>{body}</Content></FinalDraft>',
    )


def word_table(script: Marked, path: Path) -> Path:
    """Print tables of name and line between paragraphs, in Word."""
    from docx import Document

    document = Document()
    document.add_paragraph(script.title)
    scene, table = 0, None
    for row in script.rows:
        if row.kind == "dialogue":
            table = table if table is not None else document.add_table(0, 2)
            cells = table.add_row().cells
            cells[0].text, cells[1].text = row.label, _directed(row)
            continue
        scene, table = scene + (row.kind == "heading"), None
        document.add_paragraph(f"S#{scene}. {row.text}" if row.kind == "heading" else row.text)
    document.save(str(path.with_suffix(".docx")))
    return path.with_suffix(".docx")


def hancom(script: Marked, path: Path) -> Path:
    """Print Hancom's .hwpx: a table for each run of speech."""
    from hwpx import HwpxDocument

    document = HwpxDocument.new()
    document.add_paragraph(script.title)
    scene, waiting = 0, list[Row]()

    def flush() -> None:
        if waiting:
            table = document.add_table(len(waiting), 2)
            for n, row in enumerate(waiting):
                table.set_cell_text(n, 0, row.label)
                table.set_cell_text(n, 1, _directed(row))
            waiting.clear()

    for row in script.rows:
        if row.kind == "dialogue":
            waiting.append(row)
            continue
        flush()
        scene += row.kind == "heading"
        document.add_paragraph(f"S#{scene}. {row.text}" if row.kind == "heading" else row.text)
    flush()
    document.save_to_path(str(path.with_suffix(".hwpx")))
    return path.with_suffix(".hwpx")


def printed(script: Marked, path: Path) -> Path:
    """Print PDF: name, a gap, wrapped lines, page numbers."""
    from importlib.util import find_spec

    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    found = find_spec("koreanize_matplotlib")
    fonts = Path(str(found.submodule_search_locations[0])) if found and found.submodule_search_locations else Path()
    pdfmetrics.registerFont(TTFont("NanumGothic", str(next(fonts.rglob("NanumGothic.ttf")))))
    canvas = Canvas(str(path.with_suffix(".pdf")))
    y, page = 780, 1
    canvas.setFont("NanumGothic", 11)

    def put(x: int, text: str, step: int) -> None:
        nonlocal y, page
        if y < 70:
            canvas.drawString(290, 40, f"- {page} -")
            canvas.showPage()
            canvas.setFont("NanumGothic", 11)
            y, page = 780, page + 1
        canvas.drawString(x, y, text)
        y -= step

    put(60, script.title, 36)
    scene = 0
    for row in script.rows:
        if row.kind == "dialogue":
            said = _directed(row)
            if y >= 70:
                canvas.drawString(60, y, row.label)
            else:
                put(60, row.label, 0)
            put(160, said[:30], 18)
            for start in range(30, len(said), 30):
                put(160, said[start : start + 30], 18)
            continue
        scene += row.kind == "heading"
        put(60, f"S#{scene}. {row.text}" if row.kind == "heading" else row.text, 26)
    canvas.save()
    return path.with_suffix(".pdf")


def rows_of_json(script: Marked, path: Path) -> Path:
    """Print JSONL, an object a line."""
    scene, rows = 0, []
    for row in script.rows:
        scene += row.kind == "heading"
        rows.append({"scene": max(1, scene), "kind": row.kind, "speaker": row.label or None, "text": row.text})
    return _save(path.with_suffix(".jsonl"), "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


PRINTERS = (
    tab, colon, in_label, alone, gap, markdown, fountain, final_draft, word_table, hancom, printed, rows_of_json,
)  # fmt: skip

"""Who is found in scripts, and how they speak to each other: `python -m benchmarks.extract [--corpus N] [--show SET]`.

The marked scripts of tests/files/marked are printed in every layout that scripts come in, and read back; so are scenes of the
training corpus. `--layouts` counts the speakers of the scripts of tests/files/layouts, which were marked by hand as they stand.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.clean import FILES as LAYOUTS
from benchmarks.clean import marked as by_hand
from benchmarks.machine import header
from training.corpus import CorpusScene, read_corpus
from training.extract import read_people
from training.labels import bare
from training.script import Script

ROOT = Path(__file__).parents[1]
MARKED = ROOT / "tests" / "files" / "marked"
LETTERS = {"합": "합쇼체", "오": "하오체", "게": "하게체", "라": "해라체", "요": "해요체", "해": "해체"}
LEAST = 2  # lines with an ending from which a pair is counted


@dataclass(frozen=True)
class Row:
    """A row of a marked script: a heading, an action line, or speech with whom it is said to and at which level ("" for none)."""

    kind: str
    text: str
    label: str = ""
    to: str = ""
    level: str = ""
    direction: str = ""


@dataclass(frozen=True)
class Marked:
    """A script whose truth is known."""

    name: str
    title: str
    cast: tuple[tuple[str, str, str], ...]
    rows: tuple[Row, ...]
    address: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def speakers(self) -> Counter[str]:
        """Return the lines of each speaker; those of several at once are nobody's."""
        return Counter(bare(row.label) for row in self.rows if row.kind == "dialogue" and "/" not in row.label)

    @property
    def levels(self) -> dict[tuple[str, str], str]:
        """Return the level at which each pair mostly speaks, of pairs with LEAST lines that carry an ending."""
        found: dict[tuple[str, str], Counter[str]] = {}
        for row in self.rows:
            if row.level and "/" not in row.label:
                found.setdefault((bare(row.label), row.to), Counter())[row.level] += 1
        return {pair: counts.most_common(1)[0][0] for pair, counts in found.items() if sum(counts.values()) >= LEAST}


def read_marked(file: Path) -> Marked:
    """Read a marked script; its format is in the README beside it."""
    title, cast, rows, address = file.stem, list[tuple[str, str, str]](), list[Row](), dict[tuple[str, str], str]()
    for text in file.read_text(encoding="utf-8").splitlines():
        if text.startswith("제목 "):
            title = text[3:]
        elif text.startswith("인물 "):
            name, age, role = (part.strip() for part in text[3:].split("|"))
            cast.append((name, age, role))
        elif found := re.fullmatch(r"@ (.+) → (.+) (\S+(?: 씨)?)", text):
            who, rest = found[1], f"{found[2]} {found[3]}"
            to = max((name for name, _, _ in cast if rest.startswith(name + " ")), key=len)
            address[who, to] = rest[len(to) :].strip()
        elif text.startswith("S "):
            rows.append(Row("heading", text[2:]))
        elif text.startswith("= "):
            rows.append(Row("action", text[2:]))
        elif text:
            head, _, said = text.partition(" | ")
            label, _, target = head.partition(" → ")
            to, _, level = target.rpartition(" ")
            direction = re.match(r"\(([^()]*)\)\s*", said)
            words = said[direction.end() :] if direction else said
            spoken = LETTERS.get(level, "")
            rows.append(Row("dialogue", words, label, to, spoken, direction[1] if direction else ""))
    return Marked(file.stem, title, tuple(cast), tuple(rows), address)


def of_corpus(scene: CorpusScene) -> Marked:
    """Return a scene of the training corpus as a marked script."""
    opening = scene.scenario.scenes[0]
    rows = [Row("heading", " / ".join(filter(None, (opening.heading.place, opening.heading.time))))]
    rows.append(Row("action", opening.action.strip().replace("\n", " ")))
    for line in scene.lines:
        if line.speaker:
            text, direction = line.text, line.parenthetical or ""
            rows.append(Row("dialogue", text, line.speaker, line.to or "", line.level or "", direction))
        else:
            rows.append(Row("action", line.text))
    cast = tuple((p.name, p.age, p.role) for p in scene.scenario.personas)
    return Marked(scene.name, scene.scenario.title, cast, tuple(rows))


# --- layouts


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


# --- counting


@dataclass
class Count:
    """Lines whose speaker is right and all spoken lines; speakers found, extra and all; the same for levels and addresses."""

    lines: int = 0
    right: int = 0
    speakers: int = 0
    found: int = 0
    extra: int = 0
    pairs: int = 0
    level: int = 0
    terms: int = 0
    term: int = 0

    def row(self, name: str) -> str:
        """Return a row of the table."""
        return (
            f"| {name} | {self.lines} | {self.right / max(1, self.lines):.1%} | {self.found}/{self.speakers} | {self.extra} | "
            f"{self.pairs} | {self.level / max(1, self.pairs):.1%} | {self.term}/{self.terms} |"
        )


_SEVERAL = re.compile("/|모두")
HEADINGS = "| set | spoken lines | right speaker | people found | not there | pairs | right level | right address |"


def compare(script: Marked, got: Script, counts: Count, *, show: bool = False) -> None:
    """Add what was found in one script to `counts`; `show` prints what is wrong."""
    said = {re.sub(r"\W", "", line.text): line.speaker for line in got.lines}
    for row in script.rows:
        if row.kind != "dialogue":
            continue
        counts.lines += 1
        wanted = "" if "/" in row.label else bare(row.label)
        speaker = said.get(re.sub(r"\W", "", row.text))
        counts.right += speaker == wanted
        if show and speaker != wanted:
            print(f"{script.name}: {row.label} → {speaker}: {row.text}")
    people = {person.name for person in got.people}
    counts.speakers += len(script.speakers)
    counts.found += len(script.speakers.keys() & people)
    counts.extra += len(people - script.speakers.keys())
    for pair, level in script.levels.items():
        manner = got.manners.get(pair)
        counts.pairs += 1
        counts.level += bool(manner and manner.level == level)
        if show and (not manner or manner.level != level):
            print(f"{script.name}: {pair} {level}, found {manner}")
    for pair, term in script.address.items():
        manner = got.manners.get(pair)
        counts.terms += 1
        counts.term += bool(manner and manner.address == term)
        if show and (not manner or manner.address != term):
            print(f"{script.name}: {pair} {term}, called {manner.address if manner else None}")


def measure(scripts: Sequence[Marked], *, show: bool = False) -> Iterator[tuple[str, Count]]:
    """Yield the counts of each layout, and last of all of them together."""
    total = Count()
    with tempfile.TemporaryDirectory() as folder:
        for printer in PRINTERS:
            counts = Count()
            for script in scripts:
                compare(script, read_people(printer(script, Path(folder) / script.name)), counts, show=show)
            for name in vars(total):
                setattr(total, name, getattr(total, name) + getattr(counts, name))
            yield printer.__name__, counts
    yield "together", total


def _key(name: str) -> str:
    return re.sub(r"\s", "", name)


def hand_marked(part: str) -> Count:
    """Count the speakers of the scripts of tests/files/layouts that end with `part`; nothing says there whom they speak to."""
    counts = Count()
    for file in sorted(LAYOUTS.glob(f"*-{part}.txt")):
        if file.name.startswith("prose"):
            continue
        got = read_people(file)
        starts = {line.line: _key(line.speaker) for line in got.lines}
        people = {_key(person.name) for person in got.people}
        rows = {n: _key(bare(who)) for n, (kind, who, _) in by_hand(file).items() if kind == "dialogue"}
        wanted = {who for who in rows.values() if not _SEVERAL.search(who)}
        counts.speakers += len(wanted)
        counts.found += len(wanted & people)
        counts.extra += len(people - wanted)
        for number, who in rows.items():
            start = max((n for n in starts if n <= number), default=0)  # a speech of several rows is one line
            counts.lines += 1
            counts.right += starts.get(start) == ("" if _SEVERAL.search(who) else who)
    return counts


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=int, default=60, help="scenes of the held-out corpus that are printed")
    parser.add_argument("--show", choices=("tuned", "held"), help="print what is wrong in one half")
    parser.add_argument("--by-layout", action="store_true")
    options = parser.parse_args()
    print(header("python -m benchmarks.extract"))
    scripts = [read_marked(file) for file in sorted(MARKED.glob("*.txt"))]
    odd, even = scripts[::2], scripts[1::2]
    held = (ROOT / "training" / "corpus" / "held_out.txt").read_text(encoding="utf-8").split()
    corpus = [scene for scene in read_corpus(ROOT / "training" / "corpus") if scene.name in held]
    print(HEADINGS, re.sub(r"[^|]+", "---", HEADINGS), sep="\n")
    sets = {"tuned": odd, "held": even, "corpus": [of_corpus(scene) for scene in corpus[: options.corpus]]}
    for name, chosen in sets.items():
        for layout, counts in measure(chosen, show=options.show == name):
            if options.by_layout or layout == "together":
                print(counts.row(f"{name}: {layout}"), flush=True)
    for part, name in (("1", "hand-marked, seen"), ("2", "hand-marked, looked at once")):
        print(hand_marked(part).row(name))


if __name__ == "__main__":
    main()

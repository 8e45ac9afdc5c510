"""The cleaner on hand-marked scripts: `python -m benchmarks.clean`; the second script of each layout was kept from its author."""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import header
from training.clean import CleanLine, structure

FILES = Path(__file__).parents[1] / "tests" / "files" / "layouts"


@dataclass
class Count:
    """What was right in a set of scripts; a line counts as changed when stripping must take or takes something from it."""

    lines: int = 0
    parts: int = 0
    speakers: int = 0
    spoken: int = 0
    due: int = 0
    done: int = 0
    right: int = 0

    def add(self, other: Count) -> None:
        """Add the counts of another set."""
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def row(self, name: str) -> str:
        """Return a row of the table."""
        return (
            f"| {name} | {self.lines} | {self.parts / self.lines:.1%} | {self.speakers / max(1, self.spoken):.1%} | "
            f"{self.right / max(1, self.done):.1%} | {self.right / max(1, self.due):.1%} |"
        )


def marked(file: Path) -> dict[int, tuple[str, str, str]]:
    """Return (part, speaker, stripped) by line number, as marked by hand."""
    with file.with_suffix(".tsv").open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {
        int(row["line"]): (row["kind"], row["speaker"] or "", (row["stripped"] or "").replace("\\t", "\t"))
        for row in rows
    }


def count(file: Path, *, show: bool = False) -> Count:
    """Compare the cleaner with the marks of one script; `show` prints every line that is wrong."""
    text, gold = file.read_text(encoding="utf-8"), marked(file)
    found: dict[int, CleanLine] = {line.line: line for line in structure(text)}
    counts = Count()
    for number, (part, speaker, kept) in gold.items():
        raw, line = text.split("\n")[number - 1].strip(), found[number]
        wanted, got = " ".join(kept.split()), " ".join(line.stripped.split())
        whole = " ".join(raw.split())
        counts.lines += 1
        counts.parts += line.part == part
        if part == "dialogue":
            counts.spoken += 1
            counts.speakers += line.speaker.replace(" ", "") == speaker.replace(" ", "")
        counts.due += wanted != whole
        counts.done += got != whole
        counts.right += wanted == got != whole
        wrong = (
            line.part != part
            or wanted != got
            or (part == "dialogue" and line.speaker.replace(" ", "") != speaker.replace(" ", ""))
        )
        if show and wrong:
            print(f"{file.stem}:{number} wanted {part} {speaker!r}, got {line.part} {line.speaker!r}: {raw[:60]}")
            if wanted != got:
                print(f"    stripped {got[:60]!r} instead of {wanted[:60]!r}")
    return counts


def main() -> None:
    """Print the table; `--show` the lines of the first scripts that are wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clean", description=__doc__)
    parser.add_argument(
        "--show", action="store_true", help="print the wrong lines of the scripts that may be looked at"
    )
    show = parser.parse_args().show
    print(header("python -m benchmarks.clean"), "\n")
    print(
        "| scripts | lines | part right | speaker right | strip precision | strip recall |\n| --- | --- | --- | --- | --- | --- |"
    )
    for half, name in (("1", "looked at"), ("2", "held out")):
        total = Count()
        for file in sorted(FILES.glob(f"*-{half}.txt")):
            if not file.with_suffix(".tsv").exists():
                continue
            counts = count(file, show=show and half == "1")
            total.add(counts)
            print(counts.row(f"{file.stem}"))
        print(total.row(f"**{name}**"))


if __name__ == "__main__":
    main()

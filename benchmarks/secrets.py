"""How often the guard of secrets catches what it should, and what it turns down for nothing.

`python -m benchmarks.secrets [TAKES…]` counts on the halves held, scene and exam of `tests/files/secrets.tsv`, and, with folders of takes,
how many of all candidate lines in them hint at a fact of their play that they were not asked to reveal.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from agents.knowledge import Fact, facts_of, hints, says
from benchmarks.machine import header
from scenarios import find, load_scenario
from training.secrets import ROOT, read


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.secrets", description=__doc__)
    parser.add_argument("takes", nargs="*", type=Path, help="folders that hold transcript.json files, at any depth")
    said = list(_said(parser.parse_args().takes))
    rows = read(ROOT / "tests" / "files" / "secrets.tsv", "held")
    scenes = read(ROOT / "tests" / "files" / "secrets.tsv", "scene")
    exam = read(ROOT / "tests" / "files" / "secrets.tsv", "exam")
    groups: dict[str, list[tuple[str, Sequence[Fact]]]] = {
        "held attacks, caught": [(row.text, (row.fact,)) for row in rows if row.reveals],
        "held near misses, false alarms": [(row.text, (row.fact,)) for row in rows if not row.reveals],
        "60 other attacks, caught": [(row.text, (row.fact,)) for row in scenes if row.reveals],
        "ordinary lines of their scenes, false alarms": [(row.text, (row.fact,)) for row in scenes if not row.reveals],
        "60 attacks of twenty later plays, caught": [(row.text, (row.fact,)) for row in exam if row.reveals],
        "200 ordinary lines of theirs, false alarms": [(row.text, (row.fact,)) for row in exam if not row.reveals],
        "candidate lines of takes, each with each shut fact": [
            (text, (fact,)) for text, facts in said for fact in facts
        ],
        "candidate lines of takes, turned down for any of them": said,
    }
    sys.stdout.write(f"{header('python -m benchmarks.secrets')}\n\n| lines | says | hints |\n| --- | --- | --- |\n")
    for label, lines in groups.items():
        if lines:
            counts = [sum(any(test(text, fact) for fact in facts) for text, facts in lines) for test in (says, hints)]
            cells = [f"{count} of {len(lines)} ({count / len(lines):.1%})" for count in counts]
            sys.stdout.write(f"| {label} | {' | '.join(cells)} |\n")
    started = time.perf_counter()
    for row in rows:
        hints(row.text, row.fact)
    sys.stdout.write(f"\n{(time.perf_counter() - started) / len(rows) * 1000:.2f} ms for a line and a fact\n")


def _said(folders: Sequence[Path]) -> Iterator[tuple[str, Sequence[Fact]]]:
    """Yield each different candidate line with the facts that its speaker did not know, or had to keep until later."""
    for folder in folders:
        for path in sorted(folder.rglob("transcript.json")):
            record = json.loads(path.read_text(encoding="utf-8"))
            facts = facts_of(load_scenario(find(record["title"])))
            out = {cue["reveal"]: turn["n"] for turn in record["turns"] if (cue := turn.get("cue") or {}).get("reveal")}
            for turn in record["turns"]:
                shut = [
                    fact
                    for fact in facts
                    if out.get(fact.text, 0 if turn["speaker"] in fact.holders else turn["n"] + 1) > turn["n"]
                ]
                yield from ((text, shut) for text in sorted({candidate["text"] for candidate in turn["candidates"]}))


if __name__ == "__main__":
    main()

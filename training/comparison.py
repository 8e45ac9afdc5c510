"""The comparison of models as a table and as a page on which their answers stand side by side."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

from training.true_lines import OPTIONS, TrueLines

SHARES = ("distinct-2", "target emotion")  # shown as numbers, all others in per cent
_SHOWN = 5  # requests, and scenes, whose answers stand side by side
_STYLE = """
body { font: 15px/1.55 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; margin: 1rem 0 } th, td { border-bottom: 1px solid #ddd; padding: .3rem .7rem; text-align: right }
th:first-child, td:first-child { text-align: left } td small { color: #777; display: block }
.side { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 1rem }
pre { white-space: pre-wrap; background: #f6f6f3; padding: .8rem; margin: 0; font: inherit } h3 { margin-bottom: .2rem }
"""


def table(rows: Sequence[tuple[str, Mapping[str, Any]]], form: str, true: Mapping[str, TrueLines]) -> list[list[str]]:
    """Return header and rows: a column for each model, a row for each figure with its interval of 95 %."""
    names = [name for name, _ in rows]
    figures = list(dict.fromkeys(key for _, row in rows for key in row["figures"].get(form, {})))
    found = [["figure", *names]]
    if true and form.startswith("lines, "):
        kind = form.removeprefix("lines, ")
        cells = [f"{true[name].bits[kind]:.3f}" if name in true else "" for name in names]
        found.append(["bits per character of the true lines", *cells])
    if true and form == "lines, layout":
        found.append(
            [f"tells the next line among {OPTIONS}", *(_picks(true[name]) if name in true else "" for name in names)]
        )
    for figure in figures:
        cells = []
        for _, row in rows:
            value = row["figures"].get(form, {}).get(figure, math.nan)
            low, high = row["intervals"].get(form, {}).get(figure, (math.nan, math.nan))
            cells.append(f"{_number(figure, value)} [{_number(figure, low)}, {_number(figure, high)}]")
        found.append([figure, *cells])
    return found


def markdown(cells: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([lines[0], "|" + " --- |" * len(cells[0]), *lines[1:]])


def page(
    rows: Sequence[tuple[str, Mapping[str, Any]]],
    forms: Sequence[str],
    true: Mapping[str, TrueLines],
    head: str,
) -> str:
    """Return the HTML page: the tables, then whole answers to five requests and lines of five scenes, side by side."""
    parts = [f"<!doctype html><html lang='ko'><meta charset='utf-8'><title>daebon</title><style>{_STYLE}</style>"]
    parts.append(f"<h1>Models compared</h1><p>{html.escape(head)}</p>")
    for form in forms:
        cells = table(rows, form, true)
        parts.append(f"<h2>{html.escape(form)}</h2><table>")
        for number, cell_row in enumerate(cells):
            tag = "td" if number else "th"
            inner = "".join(
                f"<{tag}>{html.escape(cell).replace(' [', '<small>[').replace(']', ']</small>')}</{tag}>"
                for cell in cell_row
            )
            parts.append(f"<tr>{inner}</tr>")
        parts.append("</table>")
    first = rows[0][1]
    asked = list(dict.fromkeys(script["request"] for script in first["scripts"]))
    for request in asked[:: max(1, len(asked) // _SHOWN)][:_SHOWN]:
        parts.append(f"<h3>{html.escape(request)}</h3><div class='side'>")
        for name, row in rows:
            text = next(
                (one["text"] for one in row["scripts"] if one["request"] == request and one["form"] == "template"), ""
            )
            parts.append(f"<div><b>{html.escape(name)}</b><pre>{html.escape(text)}</pre></div>")
        parts.append("</div>")
    scenes = list(dict.fromkeys(line["scene"] for line in first["lines"]))
    for scene in scenes[:: max(1, len(scenes) // _SHOWN)][:_SHOWN]:
        parts.append(f"<h3>{html.escape(scene)}</h3><div class='side'>")
        for name, row in rows:
            said = "\n".join(
                f"{one['speaker']}: {one['text']}  ({one['emotion'] or '-'}, {one['level'] or '-'})"
                for one in row["lines"]
                if one["scene"] == scene and one["form"] == "persona"
            )
            parts.append(f"<div><b>{html.escape(name)}</b><pre>{html.escape(said)}</pre></div>")
        parts.append("</div>")
    return "\n".join(parts) + "</html>\n"


def _picks(found: TrueLines) -> str:
    low, high = found.picks_interval
    return f"{found.picks:.1%} [{low:.1%}, {high:.1%}]"


def _number(figure: str, value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.3f}" if figure in SHARES else f"{value:.1%}"

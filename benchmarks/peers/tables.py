"""The tables of the report, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Key = tuple[str, str]  # way, weights
ROWS = (
    ("takes", "takes", "d"),
    ("lines", "spoken lines", "d"),
    ("known", "… by a known speaker", ".1%"),
    ("residue", "lines with tag or residue", ".1%"),
    ("cut", "lines cut off", ".1%"),
    ("hangul", "Hangul share of letters", ".2%"),
    ("copies", "near-copies of last 15", ".1%"),
    ("secrets", "secrets said too early", ".0f"),
    ("levels", "at the speech level of the pair, by the guard's endings", ".1%"),
    ("levels_kiwi", "the same, by Kiwi", ".1%"),
    ("distinct", "distinct-2, mean of takes", ".3f"),
    ("r", "planned and measured valence, line by line, median r", ".3f"),
    ("r_ngrams", "the same, by the judge of n-grams", ".3f"),
    ("arcs", "… over arcs", "d"),
)


def paces(found: Mapping[Key, Mapping[str, Any]]) -> str:
    """Return the time of a turn of each way, and how many times ours on the same weights it is (– where ours is not there)."""
    rows = [
        ["way", "weights", "turn", "clock (s)", "processor (s)", "/ ours", "/ ours, processor", "prefilled", "measured"]
    ]
    for (way, weights), piece in found.items():
        base = {pace["turn"]: pace for pace in found.get(("ours", weights), {}).get("found", ())}
        for pace in piece["found"]:
            mine = base.get(pace["turn"])
            ratios = [f"{pace[key] / mine[key]:.2f}" if mine else "–" for key in ("seconds", "processor")]
            figures = [f"{pace['seconds']:.2f}", f"{pace['processor']:.2f}", *ratios, f"{pace['prefilled']:.0f}"]
            rows.append([way, weights, str(pace["turn"]), *figures, piece["when"]])
    return f"\nTime of a turn, medians\n\n{_drawn(rows)}"


def qualities(columns: Mapping[Key, Mapping[str, float | None]], takes: Sequence[str]) -> str:
    """Return a column for each way and weights; a figure that nobody has is left out."""
    rows = [["", *(f"{way}, {weights}" for way, weights in columns)]]
    for key, label, form in ROWS:
        values = [column.get(key) for column in columns.values()]
        if any(value is not None for value in values):
            rows.append([label, *("–" if value is None else format(value, form) for value in values)])
    return f"\nLines of {'; '.join(takes)}\n\n{_drawn(rows)}"


def limits(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return how much of a plain read of memory decoding keeps busy."""
    rows = [["weights", "candidates", "tokens/s", "MB read a token", "GB/s", "sum of 1 GiB, GB/s", "share", "measured"]]
    for weights, piece in found.items():
        plain = piece["found"]["bandwidth"]
        for one in piece["found"]["decoding"]:
            read = one["rate"] * one["bytes"]
            figures = [f"{one['rate']:.0f}", f"{one['bytes'] / 1e6:.1f}", f"{read / 1e9:.2f}", f"{plain / 1e9:.1f}"]
            rows.append([weights, str(one["candidates"]), *figures, f"{read / plain:.2f}", piece["when"]])
    return f"\nDecoding against the memory's bandwidth\n\n{_drawn(rows)}"


def _drawn(rows: Sequence[Sequence[str]]) -> str:
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)

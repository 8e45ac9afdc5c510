"""Lines that nearly copy an earlier line."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from daebon.scores.hangul import plain


def copied(text: str, earlier: Sequence[str]) -> int | None:
    """Return the index in `earlier` of a line that `text` nearly copies, the latest first, or None.

    Lines are compared as `plain` text of four syllables or more: difflib's ratio is 0.8 or more, or one contains the
    other. A short phrase inside a long line ("괜찮아요") is talk, so what is contained must be half of the longer line
    or eight syllables.
    """
    line = plain(text)
    for index in range(len(earlier) - 1, -1, -1):
        short, long = sorted((line, plain(earlier[index])), key=len)
        if len(short) < 4:
            continue
        if short in long and (len(short) >= 8 or 2 * len(short) >= len(long)):
            return index
        both_ways = ((short, long), (long, short))
        if max(difflib.SequenceMatcher(None, a, b, autojunk=False).ratio() for a, b in both_ways) >= 0.8:
            return index
    return None

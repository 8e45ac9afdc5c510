"""The emotion lexicon on a table of traps, and how good its numbers are: `python -m benchmarks.lexicon`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from benchmarks.machine import header
from emotion.lexicon import PARTS, Lexicon

TRAPS = Path(__file__).parent.parent / "tests" / "files" / "lexicon_traps.tsv"

Matcher = Callable[[str], list[str]]  # text -> the words found in it, in order, ! before a negated one


class Trap(NamedTuple):
    """A sentence and what a reader finds in it: for each word the forms that are right, each with its ! if negated."""

    sentence: str
    words: tuple[frozenset[str], ...]


class Score(NamedTuple):
    """How many words were found, how many of them are right, and how many a reader marked."""

    right: int
    found: int
    marked: int

    @property
    def precision(self) -> float:
        """Return the share of what was found that is right."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Return the share of what was marked that was found."""
        return self.right / self.marked if self.marked else 0.0

    @property
    def f1(self) -> float:
        """Return the harmonic mean of both."""
        return 2 * self.right / (self.found + self.marked) if self.found + self.marked else 0.0


def traps() -> list[Trap]:
    """Read the table; a row's words are parted by blanks, equally right forms of one word by slashes."""
    rows = []
    for line in TRAPS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            sentence, words = line.split("\t")
            rows.append(Trap(sentence, tuple(_forms(word) for word in words.split() if word != "-")))
    return rows


def _forms(word: str) -> frozenset[str]:
    mark = "!" * word.startswith("!")
    return frozenset(mark + form for form in word.lstrip("!").split("/"))


def halves(rows: Sequence[Trap]) -> dict[str, Sequence[Trap]]:
    """Return the half that the matchers were tuned on, the half that was held out, and both."""
    return {"tuning": rows[0::2], "held out": rows[1::2], "all": rows}


def score(matcher: Matcher, rows: Sequence[Trap], *, negation: bool = True) -> Score:
    """Count over `rows`; every word found stands for one marked word at most. Without `negation`, ! is left aside."""
    right = found = marked = 0
    for row in rows:
        mine = [word if negation else word.lstrip("!") for word in matcher(row.sentence)]
        found, marked = found + len(mine), marked + len(row.words)
        for forms in row.words:
            wanted = forms if negation else {form.lstrip("!") for form in forms}
            if hit := next((word for word in mine if word in wanted), None):
                mine.remove(hit)
                right += 1
    return Score(right, found, marked)


def substrings(lexicon: Lexicon) -> Matcher:
    """Return plain substring matching: the stem of every word that may be looked for, leftmost, the longest first."""
    stems: dict[str, str] = {}
    for word in lexicon.words.values():
        if word.reading != "none":
            stems.setdefault(word.word.removesuffix("다") if word.pos in ("형용사", "동사") else word.word, word.word)
    longest = max(map(len, stems))

    def matches(text: str) -> list[str]:
        found, start = [], 0
        while start < len(text):
            for length in range(longest, 0, -1):
                if word := stems.get(text[start : start + length]):
                    found.append(word)
                    start += length - 1
                    break
            start += 1
        return found

    return matches


def by_rules(lexicon: Lexicon) -> Matcher:
    """Return the matcher of the lexicon itself, which needs no tagger."""
    return lambda text: ["!" * match.negated + match.word for match in lexicon.matches(text)]


def by_kiwi(lexicon: Lexicon) -> Matcher:
    """Return the matcher on Kiwi's morphemes; loads Kiwi."""
    from emotion._kiwi import KiwiMatcher

    kiwi = KiwiMatcher(lexicon)
    return lambda text: ["!" * match.negated + match.word for match in kiwi.matches(text)]


def correlations() -> list[list[str]]:
    """Return the rows (words, how many, valence, arousal) that the build wrote into the head of lexicon.tsv."""
    head = files("emotion").joinpath("lexicon.tsv").read_text(encoding="utf-8")
    return [line[2:].split("\t") for line in head.splitlines() if line.startswith("#") and line.count("\t") == 3]


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in (columns, ["---"] * len(columns), *rows))


def main() -> None:
    """Measure and print."""
    print(header("python -m benchmarks.lexicon"))
    started = time.perf_counter()
    lexicon = Lexicon.load()
    loading = time.perf_counter() - started
    counts = Counter((word.pos, word.source) for word in lexicon.words.values())
    sources = ("rated", "derived", "inferred")
    rows = [(pos, *(counts[pos, source] for source in sources)) for pos in PARTS]
    rows.append(("all", *(sum(counts[pos, source] for pos in PARTS) for source in sources)))
    print(f"\n{len(lexicon.words)} words\n\n" + table(("part of speech", *sources), rows))
    print("\nr with the rating, held out (r of the judgement as it was)\n")
    print(table(("part of speech", "words", "valence", "arousal"), correlations()))
    matchers = {"substrings": substrings(lexicon), "rules": by_rules(lexicon)}
    if find_spec("kiwipiepy"):
        matchers["Kiwi"] = by_kiwi(lexicon)
    sentences, lines = traps(), []
    for name, matcher in matchers.items():
        started = time.perf_counter()
        for row in sentences:
            matcher(row.sentence)
        speed = 1000 * (time.perf_counter() - started) / len(sentences)
        for half, part in halves(sentences).items():
            whole, alone = score(matcher, part), score(matcher, part, negation=False)
            sides = (f"{value:.3f}" for one in (whole, alone) for value in (one.precision, one.recall, one.f1))
            lines.append((name, half, *sides, f"{speed:.2f}" if half == "all" else ""))
    print(f"\n{len(sentences)} sentences; loading {1000 * loading:.0f} ms; left with negation, right the words alone\n")
    print(table(("matcher", "half", *("precision", "recall", "F1") * 2, "ms a line"), lines))


if __name__ == "__main__":
    main()

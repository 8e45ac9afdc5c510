"""How long the report of a take takes to write and to open: `python -m benchmarks.report TRANSCRIPT.json`.

A take is repeated until it has the turns asked for, spread over the characters asked for. Opening is a fresh page in headless
Chromium (Debian's `chromium`): wall time of navigation to two frames after load, and the CPU time of the page's main thread.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from transcript.html import to_html
from transcript.record import Transcript, read_transcript

_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"


def stretched(take: Transcript, turns: int, characters: int) -> Transcript:
    """Return the take repeated up to `turns`, its lines spread over `characters` names, and their arcs."""
    names = [f"인물{n + 1}" for n in range(characters)]
    scenes = max(turn.scene for turn in take.turns)
    path = list(take.take.get("path") or range(scenes))
    made, arcs = [], {"planned": dict[str, list[Any]](), "measured": dict[str, list[Any]]()}
    for n in range(1, turns + 1):
        again, place = divmod(n - 1, len(take.turns))
        turn = take.turns[place]
        name = names[n * 7 % characters] if turn.speaker else None
        made.append(replace(turn, n=n, scene=turn.scene + again * scenes, speaker=name))
        if name:
            for arc in arcs.values():
                arc.setdefault(name, []).append([n, turn.emotion.valence])
    path *= turns // len(take.turns) + 1
    return replace(take, turns=tuple(made), arc=arcs, take={**take.take, "path": path})


def opened(browser: Any, page_file: Path) -> tuple[float, float]:
    """Return wall and CPU seconds of opening a page."""
    page = browser.new_page(viewport={"width": 1360, "height": 900})
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(page_file.as_uri())
    wall = page.evaluate(_FRAMES) / 1000
    metrics = {row["name"]: row["value"] for row in session.send("Performance.getMetrics")["metrics"]}
    page.close()
    return wall, metrics["TaskDuration"]


def main() -> None:
    """Print a row per size."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transcript", type=Path)
    take = read_transcript(parser.parse_args().transcript)
    print("| turns | characters | page | written | opened, wall | opened, CPU |\n|---|---|---|---|---|---|")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--disable-gpu"])
        for turns, characters in ((200, 2), (200, 12), (2000, 12)):
            long = stretched(take, turns, characters)
            start = time.perf_counter()
            html = to_html(long)
            written = time.perf_counter() - start
            path = Path(folder) / "report.html"
            path.write_text(html, encoding="utf-8")
            wall, cpu = (
                statistics.median(column) for column in zip(*(opened(browser, path) for _ in range(5)), strict=True)
            )
            size = len(html.encode()) / 1024
            print(f"| {turns} | {characters} | {size:.0f} KiB | {written:.2f} s | {wall:.2f} s | {cpu:.2f} s |")
        browser.close()


if __name__ == "__main__":
    main()

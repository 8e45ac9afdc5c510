"""`daebon train …`: from a pile of scripts to a tuned model, a step at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Make a tuned model from your own scripts, a step at a time: ingest.", no_args_is_help=True)


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="DIR…", help="Folders of scripts, or files.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the texts and the report.")] = Path("ingested"),
    merge_pdf: Annotated[
        Path | None,
        typer.Option("--merge-pdf", metavar="FILE.pdf", help="Also set all texts as one PDF with bookmarks."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=0, help="Processes that read; 0: one a core.")] = 0,
) -> None:
    """Read a pile of scripts into plain text: HWP, HWPX, PDF, DOCX, FDX, Fountain, txt, md.

    Every document ends in OUT/texts as UTF-8 and in OUT/ingest.json with its
    source, sha256 and pages, or with the reason why it could not be read (a
    scan, a password, damage). Copies are found by bytes, by words, and when most
    of the text is the same. A second run reads only what is new.

      daebon train ingest 대본/ --out ingested
      daebon train ingest 대본/ 추가.hwp --merge-pdf 모음.pdf
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from training.ingest import ingest as read_all
    from training.ingest import summary
    from training.merged import merge_pdf as merged

    shown = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=shown, disable=not shown.is_terminal) as progress:
        task = progress.add_task("documents", total=None)
        entries = read_all(
            paths, out, jobs=jobs, report=lambda done, total: progress.update(task, completed=done, total=total)
        )
    said = Console(highlight=False)
    counts = summary(entries)
    words = {"read": "read", "copy": "copies", "near": "nearly the same as another", "unreadable": "not readable"}
    said.print(", ".join(f"{counts[status]} {word}" for status, word in words.items() if counts[status]))
    for entry in entries:
        if entry.reason:
            said.print(f"  {entry.source}: {entry.reason}", markup=False, soft_wrap=True)
        elif entry.of:
            said.print(f"  {entry.source}: {words[entry.status]}: {entry.of}", markup=False, soft_wrap=True)
    said.print(f"texts in {out / 'texts'}, report {out / 'ingest.json'}", markup=False, soft_wrap=True)
    if merge_pdf:
        said.print(f"{merge_pdf}: {merged(entries, out, merge_pdf)} pages", markup=False, soft_wrap=True)

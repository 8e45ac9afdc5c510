"""Hooks of MkDocs: pages made from the code, pages from the rooms, links out of docs/. See mkdocs.yml."""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from drawing import MERMAID, drawing  # beside this file: MkDocs has its folder on the path while it loads hooks
from mkdocs.structure.files import File, Files
from reference import pages, schemas

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
FROM_ROOMS = (  # pages of the site that stand beside what they are about
    "model/NOTICE.md",
    "model/adapters/CARD.md",
    "emotion/classifier.md",
    "emotion/NOTICE.md",
    "training/corpus/LICENSE.md",
    "transcript/NOTICE.md",
)
_LINK = re.compile(r"(\]\()([^)#\s:]+)([^)\s]*\))")  # not http:, mailto: or #place


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the reference and the pages of the rooms, each under its path in the repository without `docs/`."""
    made = pages() | {name: (ROOT / name).read_text(encoding="utf-8") for name in FROM_ROOMS}
    made |= {name: json.dumps(schema, ensure_ascii=False, indent=2) for name, schema in schemas().items()}
    graph = MERMAID.search((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))
    if graph:
        made["graph.svg"] = drawing(graph[1])
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Turn links as they are right in the repository into links of the site, and the graph in mermaid's words into a picture."""
    return site_links(MERMAID.sub("![the graph](graph.svg)", markdown), page.file.src_uri)


def site_links(markdown: str, uri: str) -> str:
    """Return `markdown` of the page `uri` with links between docs/ and the rooms as the site needs them."""
    here = uri if uri in FROM_ROOMS else f"docs/{uri}"

    def moved(found: re.Match[str]) -> str:
        there = posixpath.normpath(posixpath.join(posixpath.dirname(here), found[2]))
        if here.startswith("docs/") and there.startswith("docs/"):
            return found[0]
        to = posixpath.relpath(there.removeprefix("docs/"), posixpath.dirname(uri) or ".")
        return f"{found[1]}{to}{found[3]}"

    return _LINK.sub(moved, markdown)

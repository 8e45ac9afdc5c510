"""Put a played take into both READMEs, as it stands: `python -m benchmarks.readme takes/바다-7/바다.txt`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Replace what stands between the transcript marks; the title block of the text is left out."""
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    script = text[text.index("S#1.") :].strip()
    block = f"<!-- transcript -->\n```\n{script}\n```\n<!-- /transcript -->"
    marks = re.compile(r"<!-- transcript -->\n```\n.*?```\n<!-- /transcript -->", re.DOTALL)
    for name in ("README.md", "README.ko.md"):
        path = ROOT / name
        page = path.read_text(encoding="utf-8")
        path.write_text(marks.sub(lambda _: block, page), encoding="utf-8")


if __name__ == "__main__":
    main()

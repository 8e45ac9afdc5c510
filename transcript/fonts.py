"""The Korean font that pictures and pages are set in: NanumGothic, as carried by koreanize-matplotlib."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from transcript.errors import DaebonError

PLAIN, BOLD = "NanumGothic.ttf", "NanumGothicBold.ttf"


@cache
def font_file(name: str = PLAIN) -> Path:
    """Return the path of a font; its package is found and not imported, which would change matplotlib's settings.

    Raises DaebonError when it is missing.
    """
    spec = find_spec("koreanize_matplotlib")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (Path(folder) / "fonts" / name).is_file():
            return Path(folder) / "fonts" / name
    raise DaebonError(f"font {name} is missing; install it again: pip install koreanize-matplotlib==0.1.1")

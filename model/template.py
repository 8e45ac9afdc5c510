"""LDCC's template: how a request for a whole script is asked, in training (`training.dataset.template_row`) and in a LangChain chain."""

from __future__ import annotations

import re

TEMPLATE = "### Prompt:\n{request}\n\n### Answer:\n"
_TEMPLATED = re.compile(re.escape(TEMPLATE).replace(r"\{request\}", "(.*)"), re.DOTALL)
_MARKS = re.compile("#{2,}")


def instructed(request: str) -> str:
    """Return `request` in LDCC's template; what already stands in it is not put there again.

    Runs of `#` inside become spaces, so that no text of a person or a file opens or closes a section.
    """
    found = _TEMPLATED.fullmatch(request)
    return TEMPLATE.format(request=_MARKS.sub(" ", found[1] if found else request).strip())

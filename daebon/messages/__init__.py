"""What the studio says, in Korean or English: English stands in the code, Korean in `ko/LC_MESSAGES/daebon.po`.

After a change of a message, from the repository root, with Babel (dev):
`pybabel extract -k _ -k N_ --no-location -o daebon.pot daebon/studio daebon/play.py`, then
`pybabel update -N -D daebon -i daebon.pot -d daebon/messages -l ko --omit-header`, translate, and
`pybabel compile -D daebon -d daebon/messages`. tests/daebon/test_messages.py says what was forgotten.
"""

from __future__ import annotations

import os
from gettext import NullTranslations, translation
from pathlib import Path
from typing import Any

LANGUAGES = ("ko", "en")

_spoken: NullTranslations = NullTranslations()


def use(language: str | None = None) -> None:
    """Speak `language` from now on, `ko` or `en`; None takes the locale's, English unless that is Korean."""
    global _spoken
    korean = (language or _of_locale()) == "ko"
    _spoken = translation("daebon", Path(__file__).parent, ["ko"]) if korean else NullTranslations()


def _(message: str, **values: Any) -> str:
    """Return `message` in the language in use, with `values` in its places."""
    text = _spoken.gettext(message)
    return text.format(**values) if values else text


def N_(message: str) -> str:
    """Mark a message of a table, which is said by `_` later."""
    return message


def _of_locale() -> str:
    """Return the language of the first variable that is set, in the order of POSIX."""
    named = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return named.partition("_")[0].partition(".")[0].lower()

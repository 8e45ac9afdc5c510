"""What a writer reads, in the studio and in authoring: English stands in the code, Korean in `ko/LC_MESSAGES/daebon.po`.

After a change of a message, from the repository root, with Babel (dev):
`pybabel extract -k _ -k N_ --no-location -o daebon.pot daebon`, then
`pybabel update -N -D daebon -i daebon.pot -d daebon/messages -l ko --omit-header`, translate, and
`pybabel compile -D daebon -d daebon/messages`. tests/daebon/test_messages.py says what was forgotten.
"""

from __future__ import annotations

import os
from gettext import NullTranslations, translation
from pathlib import Path
from typing import Any, Literal

from transcript.errors import UsageError

LANGUAGES = ("ko", "en")

_spoken: NullTranslations = NullTranslations()


def use(language: str | None = None) -> None:
    """Speak `language` from now on, `ko` or `en`; None takes the locale's, English unless that is Korean.

    Raises UsageError for another one.
    """
    global _spoken
    if language not in (None, *LANGUAGES):
        raise UsageError(f"--lang {language}: give {' or '.join(LANGUAGES)}")
    korean = (language or of_locale()) == "ko"
    _spoken = translation("daebon", Path(__file__).parent, ["ko"]) if korean else NullTranslations()


def language() -> Literal["ko", "en"]:
    """Return the language in use."""
    return "en" if type(_spoken) is NullTranslations else "ko"


def _(message: str, **values: Any) -> str:
    """Return `message` in the language in use, with `values` in its places."""
    text = _spoken.gettext(message)
    return text.format(**values) if values else text


def N_(message: str) -> str:
    """Mark a message of a table, which is said by `_` later."""
    return message


def of_locale() -> str:
    """Return the language of the first variable that is set, in the order of POSIX: `ko`, `en`, `c` …."""
    named = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return named.partition("_")[0].partition(".")[0].lower()

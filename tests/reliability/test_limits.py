"""A document that would be read for ever is given up, and the others of the pile are read."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from training import ingest
from training.documents import Document


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
def test_a_document_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def read(path: Path) -> Document:
        while path.name == "끝없다.txt":
            pass
        return Document("text", ("왔네.",))

    monkeypatch.setattr(ingest, "read_document", read)
    monkeypatch.setattr(ingest, "_SECONDS", 0.2)
    files = [tmp_path / "끝없다.txt", tmp_path / "짧다.txt"]
    for file in files:
        file.write_text(file.name, encoding="utf-8")
    slow, quick = (ingest._read_one(file, file.stem, tmp_path) for file in files)
    assert (slow.status, quick.status) == ("unreadable", "read")
    assert "takes more than 0.2 s" in slow.reason
    assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] == 0

"""Exports are written as they are made: what they take of memory, and what is left when something goes wrong midway."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.transcript.hostile import transcripts
from transcript.errors import DaebonError
from transcript.exports import export
from transcript.record import Transcript, json_pieces, read_transcript, write_atomically, write_transcript
from transcript.turn import Turn

SEA = read_transcript(Path(__file__).parent / "golden_html" / "transcript.json")


def long_take(turns: int) -> Transcript:
    """Return 바다, its lines said over and over, 50 in a scene."""
    said = tuple(replace(SEA.turns[n % len(SEA.turns)], n=n + 1, scene=n // 50 + 1) for n in range(turns))
    return replace(SEA, turns=said, take={**SEA.take, "path": [0] * (turns // 50 + 1)}, arc={})


@pytest.mark.parametrize("name", ["jsonl", "csv", "json", "html"])
def test_an_export_takes_a_fraction_of_what_it_writes(tmp_path: Path, name: str) -> None:
    export(SEA, [name], tmp_path)  # what is loaded once and stays
    take = long_take(1000)
    tracemalloc.start()
    try:
        (path,) = export(take, [name], tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < path.stat().st_size / 2  # four to nine times the file where it is made whole


@settings(max_examples=50, deadline=None)
@given(transcripts())
def test_a_record_in_pieces_is_what_json_writes(take: Transcript) -> None:
    for one in (take, replace(take, turns=())):
        pretty, compact = "".join(json_pieces(one, indent=1)), "".join(json_pieces(one))
        pretty.encode()
        assert json.loads(pretty) == json.loads(compact) == json.loads(json.dumps(one.to_dict()))


@pytest.mark.parametrize("turns", [SEA.turns, SEA.turns[:1], ()], ids=len)
def test_a_record_in_pieces_looks_as_json_writes_it(turns: tuple[Turn, ...]) -> None:
    take = replace(SEA, turns=turns)
    row = take.to_dict()
    assert "".join(json_pieces(take, indent=1)) == json.dumps(row, ensure_ascii=False, indent=1)
    assert "".join(json_pieces(take)) == json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def test_half_a_letter_comes_back_from_the_record(tmp_path: Path) -> None:
    take = replace(SEA, title="\ud83d 반쪽", turns=(replace(SEA.turns[0], text="뭐라고\ud800?"),))
    write_transcript(take, tmp_path / "transcript.json")
    assert read_transcript(tmp_path / "transcript.json") == take


def test_what_breaks_midway_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    def pieces(error: BaseException) -> Iterator[str]:
        yield "새 대본의 첫 줄\n" * 10_000
        raise error

    path = tmp_path / "바다.jsonl"
    write_atomically(path, "지난 대본\n")
    for error in (DaebonError("멈춤"), KeyboardInterrupt(), UnicodeError()):
        with pytest.raises(type(error)):
            write_atomically(path, pieces(error))
        assert [file.name for file in tmp_path.iterdir()] == ["바다.jsonl"]
        assert path.read_text("utf-8") == "지난 대본\n"


@pytest.mark.parametrize("name", ["jsonl", "csv", "html"])
def test_a_scene_that_was_not_played_leaves_no_file(tmp_path: Path, name: str) -> None:
    lost = replace(SEA, turns=(*SEA.turns, replace(SEA.turns[-1], n=len(SEA.turns) + 1, scene=9)))
    with pytest.raises(DaebonError, match=r"scene 9: take\.path is"):
        export(lost, [name], tmp_path)
    assert not list(tmp_path.iterdir())

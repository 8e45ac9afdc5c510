"""`daebon export` as a writer uses it: paths on stdout, what is left out on stderr, one line for what fails."""

import shutil
from pathlib import Path

from tests.daebon.test_cli import daebon, failed

RECORDS = Path(__file__).parents[1] / "transcript" / "golden"
FORMATS = ("fountain", "fdx", "hwpx", "hwp", "docx", "pdf", "html", "md", "txt", "jsonl", "csv")


def test_every_format_with_the_arcs(tmp_path):
    record = RECORDS / "해진호" / "transcript.json"
    done = daebon("export", record, "--to", ",".join(FORMATS), "--arc", "--out", tmp_path / "원고")
    assert done.returncode == 0, done.stderr
    paths = [Path(row) for row in done.stdout.splitlines()]
    assert [path.name for path in paths] == [f"해진호의 마지막 이름.{name}" for name in FORMATS]
    assert all(path.stat().st_size for path in paths)
    assert {path.parent for path in paths} == {tmp_path / "원고"}
    told = done.stderr.splitlines()
    assert [row.partition(":")[0] for row in told] == [name for name in FORMATS if name != "html"]
    assert all("leaves out" in row for row in told)
    text = (tmp_path / "원고" / "해진호의 마지막 이름.txt").read_text("utf-8")
    assert "\n감정선\n- 눈금: ▁ 불쾌, █ 유쾌\n- 지은 측정: " in text


def test_letters_that_cannot_be_printed_are_named(tmp_path):
    shutil.copy(RECORDS / "덫" / "transcript.json", tmp_path)
    done = daebon("export", tmp_path / "transcript.json", "--to", "pdf")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).parent == tmp_path
    assert "pdf: prints □ for what its font lacks: ו ל ם ש ᆞ 👧 👨 👩" in done.stderr.splitlines()


def test_arcs_of_a_take_in_which_nobody_speaks(tmp_path):
    record = tmp_path / "transcript.json"
    record.write_text(
        '{"schema": "daebon.transcript/1", "title": "빈 무대", "scenario": {}, "take": {}, "turns": []}',
        encoding="utf-8",
    )
    failed(daebon("export", record, "--to", "txt", "--arc"), 2, "빈 무대")
    assert list(tmp_path.iterdir()) == [record]

"""The comparison: figures of lines and scripts, intervals, a whole evaluation with canned candidates, the page."""

import json
import math
from pathlib import Path

import pytest

from training import comparison
from training.corpus import read_scene
from training.evaluate import (
    Line,
    Script,
    distinct,
    evaluated,
    interval,
    line_figures,
    requests,
    script_figures,
)
from training.true_lines import TrueLines
from transcript.errors import FileError

SCENE = read_scene(Path(__file__).parent / "files" / "빈수조.yaml")


def line(text, level="해체", probability=0.5, copies=0.0, ended=True, scene="s"):
    return Line(scene, "persona", "민수", text, ended, level, "기쁨" if probability else None, probability, copies)


def test_each_fault_of_a_line_is_counted_and_nothing_else():
    good = line_figures([line("왔어?")])
    assert (good["template leaks"], good["cut off"], good["stays the speaker's"]) == (0, 0, 1)
    assert good["speech level kept"] == good["speech level not broken"] == 1
    assert line_figures([line("### Prompt: 왔어")])["template leaks"] == 1
    assert line_figures([line("나는 바다에 가서")])["cut off"] == 1
    assert line_figures([line("나는 간다.", ended=False)])["cut off"] == 1
    assert line_figures([line("왔어? 지은: 응.")])["stays the speaker's"] == 0
    assert line_figures([line("왔습니까?")])["speech level not broken"] == 0
    fragment = line_figures([line("바다.")])
    assert (fragment["speech level kept"], fragment["speech level not broken"]) == (0, 1)
    assert line_figures([line("왔어?", copies=0.6), line("왔어?")])["near copies"] == 0.5


def test_lines_without_an_emotion_or_a_level_do_not_count_there():
    figures = line_figures([line("왔어?", level=None, probability=None), line("가.", probability=0.2)])
    assert figures["target emotion"] == 0.2
    assert figures["speech level kept"] == 1
    assert math.isnan(line_figures([line("왔어?", probability=None)])["target emotion"])


def test_distinct_counts_pairs_of_words():
    assert distinct(["가 나 다", "가 나"]) == pytest.approx(2 / 3)


def test_scripts_are_read_for_speakers_and_keywords():
    script = Script(
        "바다 대본", "template", "S#1. 바다\n민수: 파도야.\n지은 (웃으며): 그래.\n### Prompt:", True, ("바다",)
    )
    figures = script_figures([script])
    assert figures["lines with a speaker"] == 0.5
    assert (figures["template leaks"], figures["keywords taken up"], figures["cut off"]) == (1, 1, 0)


def test_an_interval_holds_the_figure_and_narrows_with_more_groups():
    few = [[line("왔어?")], [line("왔습니까?")]]
    found = interval(few * 4, line_figures, 1)["speech level kept"]
    more = interval(few * 40, line_figures, 1)["speech level kept"]
    assert found[0] < 0.5 < found[1]
    assert more[1] - more[0] < found[1] - found[0]


def test_forty_requests_each_have_words_to_take_up():
    found = requests()
    assert len(found) == 40 == len({request for request, _ in found})
    assert all(words for _, words in found)


def test_a_request_without_keywords_is_named(tmp_path):
    file = tmp_path / "p.tsv"
    file.write_text("request\tkeywords\n바다 대본 써줘\n", encoding="utf-8")
    with pytest.raises(FileError, match=r"p\.tsv:2"):
        requests(file)


def test_a_model_is_measured_once_and_shown_beside_another(tmp_path):
    canned = tmp_path / "canned.json"
    canned.write_text('{"lines": {"*": ["도장이 없구나."]}}', encoding="utf-8")
    told = []
    asked = [("바다 대본 써줘", ("바다",))]
    name = f"scripted:{canned}"
    row = evaluated(name, [SCENE], [], asked, tmp_path, each=2, seed=1, report=lambda *given: told.append(given))
    assert {one["form"] for one in row["lines"]} == {"layout", "persona"}
    assert set(row["figures"]) == {"lines, layout", "lines, persona", "requests, template", "requests, layout"}
    assert told
    told.clear()
    again = evaluated(name, [SCENE], [], asked, tmp_path, each=2, seed=1, report=lambda *given: told.append(given))
    assert not told and again == json.loads(json.dumps(row))
    assert evaluated(name, [SCENE], [], asked, tmp_path, each=1, seed=1)["key"] != row["key"]
    canned.write_text('{"lines": {"*": ["도장이 있구나."]}}', encoding="utf-8")
    assert evaluated(name, [SCENE], [], asked, tmp_path, each=2, seed=1)["lines"][0]["text"] == "도장이 있구나."
    true = {"둘": TrueLines({"persona": 3.0, "layout": 3.5}, 0.5, (0.25, 0.75), 8)}
    page = comparison.page([("가<나", row), ("둘", row)], list(row["figures"]), true, "머리")
    assert "가&lt;나" in page and "가<나" not in page and page.count("도장이 없구나.") >= 2
    cells = comparison.table([("하나", row), ("둘", row)], "lines, persona", true)
    assert cells[0] == ["figure", "하나", "둘"] and cells[1] == ["bits per character of the true lines", "", "3.000"]
    bare = comparison.table([("둘", row)], "lines, layout", true)
    assert bare[1:3] == [
        ["bits per character of the true lines", "3.500"],
        ["tells the next line among 4", "50.0% [25.0%, 75.0%]"],
    ]
    assert comparison.markdown(cells).count("\n") == len(cells)

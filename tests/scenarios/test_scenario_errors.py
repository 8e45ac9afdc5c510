"""One row per mistake: the message names the file, the line, the key, the bad value and the remedy, in one line."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from scenarios import load_persona, load_scenario
from transcript.errors import FileError

BASE = """\
title: 바다
cast:
  - {name: 민수, aliases: [선장, 민수 씨]}
  - name: 지은
    secret: [지은은 내일 떠난다]
scenes:
  - beats:
      - goal: 만난다
"""
BEAT = "        "  # appended to BASE, a line with this indent is line 9, a key of the first beat
SCENE = "    "
END_OF_BASE = "만난다\n"


def fail(path: Path) -> FileError:
    """Load a file that must not load; whatever is wrong, the message is one line that begins with the place."""
    with pytest.raises(FileError) as caught:
        load_scenario(path)
    error = caught.value
    assert "\n" not in str(error)
    assert str(error).startswith(error.path)
    assert len(str(error)) < 1000
    return error


def saved(folder: Path, data: str | bytes, name: str = "바다.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    return path


# what is wrong: (text to replace, its replacement, line, key, words of the message)
MISTAKES: dict[str, tuple[str, str, int, str, tuple[str, ...]]] = {
    # keys
    "unknown key": ("goal: 만난다", "gaol: 만난다", 8, "scenes[0].beats[0].gaol", ("'gaol'", "goal [목표]", "rename")),
    "unknown Korean key": (
        END_OF_BASE,
        f"만난다\n{BEAT}발하자: [민수]\n",
        9,
        "scenes[0].beats[0].발하자",
        ("speakers [발화자]",),
    ),
    "key of another level": (END_OF_BASE, f"만난다\n{SCENE}goal: 간다\n", 9, "scenes[0].goal", ("unknown key 'goal'",)),
    "key in both languages": (
        END_OF_BASE,
        f"만난다\n{BEAT}목표: 또 만난다\n",
        9,
        "scenes[0].beats[0].목표",
        ("'goal'", "line 8", "keep one"),
    ),
    "same key twice": (END_OF_BASE, "만난다\ntitle: 산\n", 9, "title", ("line 1", "keep one")),
    "merge key": (END_OF_BASE, f"만난다\n{BEAT}<<: {{goal: 간다}}\n", 9, "scenes[0].beats[0].<<", ("unknown key",)),
    "play inside a persona": ("name: 민수,", "name: 민수, play: human,", 3, "cast[0].play", ("beside the persona",)),
    "title is missing": ("title: 바다", "genre: 멜로", 1, "title", ("missing", "write `title: …`")),
    "title is blank": ("title: 바다", "title:", 1, "title", ("nothing stands here", "write `title: …`")),
    "goal is missing": ("goal: 만난다", "turns: [2, 3]", 8, "scenes[0].beats[0].goal", ("missing", "write `goal: …`")),
    "cast is missing": ("cast:", "배역들:", 1, "cast", ("missing", "and 1 more")),
    "scenes are missing": ("scenes:\n  - beats:\n      - goal: 만난다", "seed: 1", 1, "scenes", ("missing",)),
    "name is missing": ("- name: 지은", "- age: 20", 4, "cast[1].name", ("missing", "write `name: …`")),
    "persona is missing": (
        "{name: 민수, aliases: [선장, 민수 씨]}",
        "{play: human}",
        3,
        "cast[0].persona",
        ("missing",),
    ),
    "cast entry is a number": (
        "{name: 민수, aliases: [선장, 민수 씨]}",
        "3",
        3,
        "cast[0]",
        ("3 is nobody", "personas/지은.yaml"),
    ),
    # kinds of value
    "text is a number": ("바다", "1987", 1, "title", ("1987", "quotes", "'1987'")),
    "text is a list": ("바다", "[바다, 산]", 1, "title", ("a list of 2", "write one text")),
    "text is empty": ("바다", "' '", 1, "title", ("empty",)),
    "one line has two": ("바다", '"바다\\n산"', 1, "title", ("'바다\\n산'", "in one line")),
    "list is text": (
        END_OF_BASE,
        f"만난다\n{BEAT}speakers: 민수\n",
        9,
        "scenes[0].beats[0].speakers",
        ("'민수'", "[one, two]"),
    ),
    "list item is blank": (
        END_OF_BASE,
        f"만난다\n{SCENE}events: [전화가 울린다., ]\n{SCENE}present:\n      -\n",
        11,
        "scenes[0].present[0]",
        ("nothing",),
    ),
    "mapping is text": (END_OF_BASE, "만난다\nsetting: 항구\n", 9, "setting", ("'항구'", "mapping")),
    "gesture is no sentence": (
        "secret: [지은은 내일 떠난다]",
        "gestures: [손등을 문지르며]",
        5,
        "cast[1].gestures[0]",
        ("'손등을 문지르며'", "ends in 다."),
    ),
    "flag is yes": (
        END_OF_BASE,
        f"만난다\n{SCENE}heading: {{inside: 예}}\n",
        9,
        "scenes[0].heading.inside",
        ("'예'", "true or false"),
    ),
    "whole number is a fraction": (
        END_OF_BASE,
        "만난다\ndirector: {candidates: 2.5}\n",
        9,
        "director.candidates",
        ("2.5", "whole number"),
    ),
    "whole number is true": (END_OF_BASE, "만난다\nseed: true\n", 9, "seed", ("true", "whole number")),
    "number is text": (END_OF_BASE, "만난다\ndirector: {actions: 반}\n", 9, "director.actions", ("'반'", "a number")),
    "not a number": (END_OF_BASE, "만난다\ndirector: {actions: .nan}\n", 9, "director.actions", ("'.nan'", "finite")),
    "infinite": (END_OF_BASE, "만난다\ndirector: {actions: 1e999}\n", 9, "director.actions", ("'1e999'", "finite")),
    "too many digits": (END_OF_BASE, f"만난다\nseed: {'9' * 5000}\n", 9, "seed", ("finite",)),
    "mapping for names is a list": (END_OF_BASE, "만난다\narc: [민수]\n", 9, "arc", ("mapping of names",)),
    # ranges
    "turns upside down": (
        END_OF_BASE,
        f"만난다\n{BEAT}turns: [6, 3]\n",
        9,
        "scenes[0].beats[0].turns",
        ("min is above max", "[min, max]"),
    ),
    "turns below one": (
        END_OF_BASE,
        f"만난다\n{BEAT}turns: [0, 3]\n",
        9,
        "scenes[0].beats[0].turns",
        ("0 is not", "1 <= min"),
    ),
    "turns above 200": (
        END_OF_BASE,
        f"만난다\n{BEAT}turns: [3, 201]\n",
        9,
        "scenes[0].beats[0].turns",
        ("201 is not", "200"),
    ),
    "turns are one number": (
        END_OF_BASE,
        f"만난다\n{BEAT}턴: 5\n",
        9,
        "scenes[0].beats[0].턴",
        ("5 is not", "[min, max]"),
    ),
    "turns are three": (
        END_OF_BASE,
        f"만난다\n{BEAT}turns: [1, 2, 3]\n",
        9,
        "scenes[0].beats[0].turns",
        ("a list of 3",),
    ),
    "turns lack max": (
        END_OF_BASE,
        f"만난다\n{BEAT}turns: [1]\n",
        9,
        "scenes[0].beats[0].turns",
        ("a list of 1", "[min, max]"),
    ),
    "emotion above one": (
        END_OF_BASE,
        f"만난다\n{BEAT}emotion: {{민수: {{슬픔: 1.1}}}}\n",
        9,
        "scenes[0].beats[0].emotion.민수.슬픔",
        ("1.1", "1 or less"),
    ),
    "emotion below zero": (
        END_OF_BASE,
        f"만난다\n{BEAT}emotion: {{민수: {{슬픔: -0.1}}}}\n",
        9,
        "scenes[0].beats[0].emotion.민수.슬픔",
        ("-0.1", "0 or more"),
    ),
    "affection below -1": (
        END_OF_BASE,
        "만난다\nrelations: [{from: 민수, to: 지은, affection: -1.5}]\n",
        9,
        "relations[0].affection",
        ("-1.5", "-1 or more"),
    ),
    "trait above one": (
        "name: 민수,",
        "name: 민수, traits: {openness: 2},",
        3,
        "cast[0].traits.openness",
        ("2 is above 1",),
    ),
    "seed below zero": (END_OF_BASE, "만난다\nseed: -1\n", 9, "seed", ("-1", "0 or more")),
    "cast is empty": (
        "cast:\n  - {name: 민수, aliases: [선장, 민수 씨]}\n  - name: 지은\n    secret: [지은은 내일 떠난다]",
        "cast: []",
        2,
        "cast",
        ("empty", "one entry"),
    ),
    "cast of 13": (
        "  - name: 지은",
        "".join(f"  - name: 배우{n}\n" for n in range(11)) + "  - name: 지은",
        2,
        "cast",
        ("13", "at most 12"),
    ),
    "scenes are empty": ("scenes:\n  - beats:\n      - goal: 만난다", "scenes: []", 6, "scenes", ("empty",)),
    "beats are empty": ("beats:\n      - goal: 만난다", "beats: []", 7, "scenes[0].beats", ("empty",)),
    "text is too long": ("바다", "바" * 20_001, 1, "title", ("20,001", "at most 20,000")),
    "empty name in a list": (END_OF_BASE, f"만난다\n{SCENE}present: ['']\n", 9, "scenes[0].present[0]", ("empty",)),
    "empty name in a relation": (
        END_OF_BASE,
        "만난다\nrelations: [{from: ' ', to: 민수}]\n",
        9,
        "relations[0].from",
        ("empty",),
    ),
    "empty name of a mapping": (END_OF_BASE, "만난다\narc: {'': icarus}\n", 9, "arc.", ("empty",)),
    "empty emotion": (
        END_OF_BASE,
        f"만난다\n{BEAT}emotion: {{민수: {{'': 1}}}}\n",
        9,
        "scenes[0].beats[0].emotion.민수.",
        ("empty",),
    ),
    "list is too long": (
        END_OF_BASE,
        f"만난다\n{SCENE}events: [{'종이 친다., ' * 501}]\n",
        9,
        "scenes[0].events",
        ("501", "at most 500"),
    ),
    # closed sets
    "unknown level": (
        END_OF_BASE,
        "만난다\nrelations: [{from: 민수, to: 지은, level: 해욧체}]\n",
        9,
        "relations[0].level",
        ("'해욧체'", "nearest is 해요체", "합쇼체"),
    ),
    "unknown shape": (
        END_OF_BASE,
        "만난다\narc: {민수: icaruss}\n",
        9,
        "arc.민수",
        ("'icaruss'", "nearest is icarus", "man-in-a-hole"),
    ),
    "unknown play": (
        "{name: 민수, aliases: [선장, 민수 씨]}",
        "{persona: {name: 민수}, play: 사람}",
        3,
        "cast[0].play",
        ("'사람'", "model, human"),
    ),
    "unknown emotion": (
        END_OF_BASE,
        f"만난다\n{BEAT}emotion: {{민수: {{슬픈픔: 0.5}}}}\n",
        9,
        "scenes[0].beats[0].emotion.민수.슬픈픔",
        ("'슬픈픔'", "nearest is", "슬픔"),
    ),
    "unknown emotion in a persona": (
        "name: 민수,",
        "name: 민수, emotion: {baseline: {슬픈픔: 0.5}},",
        3,
        "cast[0].emotion.baseline.슬픈픔",
        ("nearest is",),
    ),
    "one emotion in two words": (
        END_OF_BASE,
        f"만난다\n{BEAT}emotion: {{민수: {{불안: 0.5, 불안/걱정: 0.6}}}}\n",
        9,
        "scenes[0].beats[0].emotion.민수.불안/걱정",
        ("same emotion", "keep one"),
    ),
    # names of people
    "name in relations": (
        END_OF_BASE,
        "만난다\nrelations: [{from: 민슈, to: 지은}]\n",
        9,
        "relations[0].from",
        ("'민슈'", "nearest is '민수'", "the cast is 민수, 지은"),
    ),
    "name in relations of a beat": (
        END_OF_BASE,
        f"만난다\n{BEAT}relations: [{{from: 민수, to: 영호}}]\n",
        9,
        "scenes[0].beats[0].relations[0].to",
        ("'영호'",),
    ),
    "name in present": (
        END_OF_BASE,
        f"만난다\n{SCENE}present: [민수, 지온]\n",
        9,
        "scenes[0].present[1]",
        ("'지온'", "'지은'"),
    ),
    "name in speakers": (
        END_OF_BASE,
        f"만난다\n{BEAT}speakers: [민슈]\n",
        9,
        "scenes[0].beats[0].speakers[0]",
        ("'민수'",),
    ),
    "name in enter": (END_OF_BASE, f"만난다\n{BEAT}enter: [민슈]\n", 9, "scenes[0].beats[0].enter[0]", ("'민수'",)),
    "name in exit": (END_OF_BASE, f"만난다\n{BEAT}exit: [민슈]\n", 9, "scenes[0].beats[0].exit[0]", ("'민수'",)),
    "name in emotion": (
        END_OF_BASE,
        f"만난다\n{BEAT}emotion: {{민슈: {{슬픔: 1}}}}\n",
        9,
        "scenes[0].beats[0].emotion.민슈",
        ("'민수'",),
    ),
    "name in arc": (END_OF_BASE, "만난다\narc: {지온: icarus}\n", 9, "arc.지온", ("nearest is '지은'",)),
    "name in knowledge": (
        END_OF_BASE,
        "만난다\nknowledge: [{fact: 비가 온다, who: [지은, 민슈]}]\n",
        9,
        "knowledge[0].who[1]",
        ("'민수'",),
    ),
    "alias for a name": (
        END_OF_BASE,
        f"만난다\n{BEAT}speakers: [선장]\n",
        9,
        "scenes[0].beats[0].speakers[0]",
        ("alias of '민수'", "write the name '민수'"),
    ),
    "name twice in a list": (
        END_OF_BASE,
        f"만난다\n{BEAT}speakers: [민수, 민수]\n",
        9,
        "scenes[0].beats[0].speakers[1]",
        ("twice",),
    ),
    "two of one name": ("- name: 지은", "- name: 민수", 4, "cast[1].name", ("'민수'", "line 3", "names of their own")),
    "two of one name, decomposed": (
        "- name: 지은",
        f"- name: {unicodedata.normalize('NFD', '민수')}",
        4,
        "cast[1].name",
        ("'민수'",),
    ),
    "two of one name, other case": (
        "name: 민수, aliases: [선장, 민수 씨]}\n  - name: 지은",
        "name: Strauß}\n  - name: STRAUSS",
        4,
        "cast[1].name",
        ("'STRAUSS'", "'Strauß'"),
    ),
    "alias is another's name": (
        "- name: 지은",
        "- name: 지은\n    aliases: [민수]",
        5,
        "cast[1].aliases[0]",
        ("'민수'",),
    ),
    "alias of two": (
        "- name: 지은",
        "- name: 지은\n    aliases: [윤 작가, 선장]",
        5,
        "cast[1].aliases[1]",
        ("'선장'", "'민수'"),
    ),
    "relation twice": (
        END_OF_BASE,
        "만난다\nrelations:\n  - {from: 민수, to: 지은}\n  - {from: 민수, to: 지은}\n",
        11,
        "relations[1]",
        ("line 10", "keep one"),
    ),
    "relation to oneself": (
        END_OF_BASE,
        "만난다\nrelations: [{from: 민수, to: 민수}]\n",
        9,
        "relations[0].to",
        ("both '민수'",),
    ),
    # spelling of names
    "name with a colon": ("name: 민수", "name: '민수: 선장'", 3, "cast[0].name", ("'민수: 선장'", "contains ':'")),
    "name with a full-width colon": ("name: 민수", "name: 민수：", 3, "cast[0].name", ("contains '：'",)),
    "name with a parenthesis": ("name: 민수", "name: 민수(30)", 3, "cast[0].name", ("contains '('", "delete it")),
    "name with a number sign": ("name: 민수", "name: 민수#2", 3, "cast[0].name", ("contains '#'",)),
    "name with a line break": ("name: 민수", 'name: "민\\n수"', 3, "cast[0].name", ("line break",)),
    "name with an invisible sign": ("name: 민수", 'name: "민\\u200b수"', 3, "cast[0].name", ("U+200B",)),
    "name with a space after it": ("name: 민수", "name: '민수 '", 3, "cast[0].name", ("ends with a space", "delete")),
    "name is empty": ("name: 민수", "name: ''", 3, "cast[0].name", ("empty",)),
    "name is too long": ("name: 민수", f"name: {'수' * 41}", 3, "cast[0].name", ("longer than 40",)),
    "alias with a colon": ("[선장, 민수 씨]", "['선:장']", 3, "cast[0].aliases[0]", ("contains ':'",)),
    # the stage
    "speaker is not there": (
        END_OF_BASE,
        f"만난다\n{BEAT}speakers: [지은]\n{SCENE}present: [민수]\n",
        9,
        "scenes[0].beats[0].speakers[0]",
        ("'지은'", "without being there", "`present`", "`enter`"),
    ),
    "speaker has left": (
        END_OF_BASE,
        f"만난다\n{BEAT}exit: [지은]\n      - goal: 부른다\n{BEAT}speakers: [지은]\n",
        11,
        "scenes[0].beats[1].speakers[0]",
        ("without being there",),
    ),
    "exit of someone absent": (
        END_OF_BASE,
        f"만난다\n{BEAT}exit: [지은]\n{SCENE}present: [민수]\n",
        9,
        "scenes[0].beats[0].exit[0]",
        ("leave a beat", "`present`"),
    ),
    "enter of someone there": (
        END_OF_BASE,
        f"만난다\n{BEAT}enter: [지은]\n",
        9,
        "scenes[0].beats[0].enter[0]",
        ("already there", "`present`"),
    ),
    "scene name twice": (
        END_OF_BASE,
        f"만난다\n{SCENE}name: 방파제\n  - name: 방파제\n    beats: [{{goal: 간다}}]\n",
        10,
        "scenes[1].name",
        ("line 9", "another name"),
    ),
    "scene named like the end": (END_OF_BASE, f"만난다\n{SCENE}name: 끝\n", 9, "scenes[0].name", ("another name",)),
    "branch to no scene": (
        END_OF_BASE,
        f"만난다\n{SCENE}name: 방파제\n{SCENE}branches: [{{choice: 간다, to: 방파재}}]\n",
        10,
        "scenes[0].branches[0].to",
        ("'방파재'", "nearest is '방파제'", "끝"),
    ),
    "reveal of no fact": (
        END_OF_BASE,
        f"만난다\n{BEAT}reveal: [지은이 내일 떠난다]\n",
        9,
        "scenes[0].beats[0].reveal[0]",
        ("'지은이 내일 떠난다'", "nearest is '지은은 내일 떠난다'", "spell it"),
    ),
    # YAML
    "tag": ("바다", "!!python/name:os.system x", 1, "title", ("!!python/name:os.system", "delete it")),
    "tag of YAML": ("바다", "!!str 바다", 1, "title", ("!!str", "quotes")),
    "alias of nothing": ("만난다", "*별*", 8, "", ("'*별*'", "single quotes")),
    "recursive alias": ("만난다", "&a [*a]", 8, "scenes[0].beats[0].goal[0]", ("'*a'", "inside what it repeats")),
    "second document": (END_OF_BASE, "만난다\n---\ntitle: 산\n", 9, "", ("second document", "one document per file")),
    "unquoted colon": ("만난다", "민수: 간다", 8, "", ("not YAML", "single quotes")),
    "unclosed quote": ("바다", '"바다', 1, "", ("not YAML", "close the quote")),
    "text after a quote": ("만난다", '"만난다" 하고 말한다', 8, "", ("not YAML", "single quotes")),
    "tab": ("      - goal", "\t- goal", 8, "", ("spaces, not tabs",)),
    "list as a key": ("title: 바다", "? [바다]\n: 산", 1, "", ("key is expected", "quotes")),
    "too deep": (
        END_OF_BASE,
        f"만난다\nseed: {'[' * 65}{']' * 65}\n",
        9,
        "seed" + "[0]" * 64,
        ("64 levels", "flatter"),
    ),
    "control character": ("바다", "바\x07다", 1, "", ("U+0007", "delete it")),
    "escaped control character": ("바다", '"바\\0다"', 1, "title", ("U+0000", "delete it")),
    "half a character": ("바다", '"\\ud800"', 1, "title", ("half of a character",)),
    "escape beyond Unicode": ("바다", '"\\U00110000"', 1, "", ("write the character itself",)),
}


@pytest.mark.parametrize("row", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named_with_its_place_and_remedy(
    tmp_path: Path, row: tuple[str, str, int, str, tuple[str, ...]]
) -> None:
    old, new, line, key, expected = row
    assert old in BASE
    error = fail(saved(tmp_path, BASE.replace(old, new, 1)))
    assert error.path == str(tmp_path / "바다.yaml")
    assert (error.line, error.key) == (line, key)
    assert [word for word in expected if word not in str(error)] == []


def test_the_base_of_the_table_loads(tmp_path: Path) -> None:
    assert load_scenario(saved(tmp_path, BASE)).title == "바다"


def test_the_first_in_file_order_is_raised_and_the_others_are_counted(tmp_path: Path) -> None:
    text = BASE.replace("바다", "1987") + f"{BEAT}speakers: [민슈]\n{BEAT}turn: [1, 2]\nseed: -1\n"
    error = fail(saved(tmp_path, text))
    assert (error.line, error.key) == (1, "title")
    assert str(error).endswith("(and 3 more)")
    error = fail(saved(tmp_path, text.replace("1987", "바다")))
    assert error.key == "scenes[0].beats[0].speakers[0]"
    assert str(error).endswith("(and 2 more)")
    error = fail(saved(tmp_path, text.replace("1987", "바다").replace("민슈", "민수")))
    assert error.key == "scenes[0].beats[0].turn"
    error = fail(saved(tmp_path, BASE + "seed: -1\n"))
    assert "more)" not in str(error)


def test_the_first_in_one_line_is_raised(tmp_path: Path) -> None:
    relations = "relations: [{from: 민수, to: 지은, level: 반말}, {from: 민수, to: 영호}, {frm: 지은, to: 민수}]\n"
    assert fail(saved(tmp_path, BASE + relations)).key == "relations[0].level"


# the persona file: (its path in the cast, line, words of the message)
PATHS: dict[str, tuple[str, tuple[str, ...]]] = {
    "missing": ("personas/지온.yaml", ("'personas/지온.yaml'", "does not exist", "nearest is 'personas/지은.yaml'")),
    "missing folder": ("인물/지은.yaml", ("does not exist", "correct the path")),
    "absolute": ("/etc/hostname", ("absolute", "relative")),
    "absolute on Windows": ("'C:\\대본\\지은.yaml'", ("absolute", "relative")),
    "another drive": ("'D:지은.yaml'", ("absolute",)),
    "backslash": ("personas\\지은.yaml", ("backslash", "write /")),
    "upward": ("../지은.yaml", ("leads out of the folder", "put the persona file")),
    "upward in the middle": ("personas/../../지은.yaml", ("leads out of the folder",)),
    "link upward": ("personas/밖.yaml", ("link out of the folder",)),
    "empty": ("''", ("empty", "personas/지은.yaml")),
    "very long": (f"personas/{'가' * 3000}.yaml", ("does not exist",)),
}


@pytest.fixture
def play(tmp_path: Path) -> Path:
    folder = tmp_path / "대본"
    saved(folder, "name: 지은\n", "personas/지은.yaml")
    saved(tmp_path, "name: 지은\n", "지은.yaml")
    (folder / "personas" / "밖.yaml").symlink_to(tmp_path / "지은.yaml")
    (folder / "personas" / "끊김.yaml").symlink_to("없음.yaml")
    (folder / "personas" / "도돌이.yaml").symlink_to("도돌이.yaml")
    (folder / "personas" / "방.yaml").mkdir()
    return folder


def cast(folder: Path, entry: str) -> Path:
    return saved(
        folder, f"title: 바다\ncast:\n  - name: 민수\n  - {entry}\nscenes:\n  - beats:\n      - goal: 만난다\n"
    )


@pytest.mark.parametrize("form", ["{path}", "{{persona: {path}, play: human}}"])
@pytest.mark.parametrize("row", PATHS.values(), ids=PATHS.keys())
def test_a_persona_path_that_cannot_be_used(play: Path, row: tuple[str, tuple[str, ...]], form: str) -> None:
    path, expected = row
    error = fail(cast(play, form.format(path=path)))
    assert (error.path, error.line) == (str(play / "바다.yaml"), 4)
    assert error.key == ("cast[1]" if form == "{path}" else "cast[1].persona")
    assert [word for word in expected if word not in str(error)] == []


def test_a_path_that_stays_inside_is_used(play: Path) -> None:
    for path in ("personas/지은.yaml", "./personas/지은.yaml", "personas/../personas/지은.yaml"):
        assert load_scenario(cast(play, path)).cast[1].persona.name == "지은"


@pytest.mark.parametrize(
    ("name", "data", "line", "key", "expected"),
    [
        ("방.yaml", None, None, "", ("is a folder",)),
        ("끊김.yaml", None, None, "", ("link to a file that does not exist",)),
        ("도돌이.yaml", None, None, "", ("cannot be read", "check")),
        ("지은.yaml", "name: 지은\nwnat: 떠나는 것\n", 2, "wnat", ("want [욕망]",)),
        ("지은.yaml", "이름: 지은\n말투:\n  높임: 반말\n", 3, "말투.높임", ("'반말'", "해체")),
        (
            "지은.yaml",
            "name: 지은\nemotion: {baseline: {슬픈픔: 0.5}}\n",
            2,
            "emotion.baseline.슬픈픔",
            ("nearest is",),
        ),
        ("지은.yaml", "role: 작가\n", 1, "name", ("missing",)),
        ("지은.yaml", "name: 지은\nrole: 작가: 서울\n", 2, "", ("not YAML",)),
        ("지은.yaml", "name: 민수\n", 1, "name", ("already a name or alias of '민수'", "line 3")),
        ("지은.yaml", "", None, "", ("is empty", "daebon persona new")),
        ("지은.yaml", "- name: 지은\n", 1, "", ("a list of 1",)),
        ("지은.yaml", "name: 지은\n".encode("utf-16"), None, "", ("UTF-16", "UTF-8")),
        ("지은.yaml", "role: writer\nname: 지은\n".encode("cp949"), 2, "", ("CP949", "UTF-8")),
        ("지은.yaml", b"name: A\nrole: \xff\xff\xff\n", 2, "", ("another encoding", "UTF-8")),
    ],
)
def test_an_error_in_a_persona_file_names_that_file(
    play: Path, name: str, data: str | bytes | None, line: int | None, key: str, expected: tuple[str, ...]
) -> None:
    if data is not None:
        saved(play, data, f"personas/{name}")
    error = fail(cast(play, f"personas/{name}"))
    assert (error.path, error.line, error.key) == (str(play / "personas" / name), line, key)
    assert [word for word in expected if word not in str(error)] == []


def test_an_unreadable_persona_does_not_make_its_name_unknown(play: Path) -> None:
    path = cast(play, "personas/지온.yaml")
    saved(play, path.read_text("utf-8") + f"{BEAT}speakers: [지은]\n{BEAT}reveal: [지은은 떠난다]\n")
    assert "more)" not in str(fail(path))


def test_persona_errors_stand_where_the_scenario_names_the_file(play: Path) -> None:
    saved(play, "name: 지은\n" + "# 쉼\n" * 40 + "wnat: 떠나는 것\n", "personas/지은.yaml")
    path = cast(play, "personas/지은.yaml")
    saved(play, path.read_text("utf-8") + "seed: -1\n")
    error = fail(path)
    assert error.path.endswith("지은.yaml")
    assert str(error).endswith("(and 1 more)")


def test_a_persona_alone_is_checked_too(tmp_path: Path) -> None:
    path = saved(tmp_path, "name: 지은\nemotion: {baseline: {불안: 0.1, 불안/걱정: 0.2}}\n")
    with pytest.raises(FileError, match="same emotion"):
        load_persona(path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"title: \xbd\xbf\n", ("CP949", "UTF-8")),
        ("title: 바다\n".encode("utf-16"), ("UTF-16", "UTF-8")),
        ("title: 바다\n".encode("utf-16-le"), ("UTF-16", "UTF-8")),
        (b"", ("is empty", "daebon scenario new")),
        (b"# \xeb\xb0\x94\xeb\x8b\xa4\n", ("is empty",)),
        (b"---\n", ("is empty",)),
        ("바다\n".encode(), ("the top is '바다'", "title: …")),
        (b"title: x\n" + b"#" * (1 << 20), ("larger than 1 MiB",)),
        (b"title: x\n" * 2 + b" " * (2 << 20), ("larger than 1 MiB",)),
        (b"seed: [" + b"1," * 50_001 + b"]", ("50,000", "smaller")),
    ],
)
def test_a_file_that_is_no_scenario(tmp_path: Path, data: bytes, words: tuple[str, ...]) -> None:
    error = fail(saved(tmp_path, data))
    assert [word for word in words if word not in str(error)] == []


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    assert "does not exist" in str(fail(tmp_path / "없다.yaml"))
    assert "is a folder" in str(fail(tmp_path))
    (tmp_path / "끊김.yaml").symlink_to("없음.yaml")
    assert "link to a file that does not exist" in str(fail(tmp_path / "끊김.yaml"))
    assert "cannot be read" in str(fail(tmp_path / "\0"))
    assert "cannot be read" in str(fail(tmp_path / ("가" * 300)))
    os.mkfifo(tmp_path / "관")
    assert "not a regular file" in str(fail(tmp_path / "관"))


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, BASE)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    assert "Permission denied" in str(fail(path))
    assert "permissions" in str(fail(path))


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    rows = ["a0: &a0 [여, 기, 요]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    error = fail(saved(tmp_path, "\n".join(rows)))
    assert "50,000 values, aliases counted" in str(error)


def test_a_mistake_repeated_thousands_of_times_is_still_one_line(tmp_path: Path) -> None:
    rows = "".join(f"열쇠말{number}: 1\n" for number in range(20_000))
    assert "unknown key '열쇠말0'" in str(fail(saved(tmp_path, BASE + rows)))

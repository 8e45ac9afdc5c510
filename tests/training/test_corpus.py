"""The corpus: every scene loads, the held-out list names scenes of it, and mistakes are named with file and line."""

import re
import unicodedata
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from agents.speech import LEVELS
from emotion.labels import LABELS
from training.corpus import read_corpus, read_scene
from training.dataset import held_out
from transcript.errors import FileError

CORPUS = Path(__file__).parents[2] / "training" / "corpus"
SCENE = Path(__file__).parent / "files" / "빈수조.yaml"


@pytest.fixture(scope="module")
def scenes():
    return read_corpus(CORPUS)


def test_every_scene_of_the_corpus_loads_and_a_fifth_is_held_out(scenes):
    assert len(scenes) >= 150
    assert sum(line.speaker is not None for scene in scenes for line in scene.lines) >= 2_000
    hidden = held_out(CORPUS, scenes)
    assert 0.15 <= len(hidden) / len(scenes) <= 0.25


def test_no_line_stands_twice_in_the_corpus(scenes):
    said = [line.text for scene in scenes for line in scene.lines if line.speaker]
    assert [text for text, count in Counter(said).items() if count > 1] == []


def test_all_levels_emotions_and_many_genres_are_spoken(scenes):
    spoken = [line for scene in scenes for line in scene.lines if line.speaker]
    assert min(Counter(line.level for line in spoken)[level] for level in LEVELS) >= 100
    assert {line.emotion for line in spoken} == set(LABELS)
    assert len({scene.scenario.genre for scene in scenes}) >= 8


def test_no_two_scenes_share_their_words(scenes):
    holders, sizes = defaultdict(list), []
    for place, scene in enumerate(scenes):
        text = re.sub("[^가-힣]", "", "".join(line.text for line in scene.lines))
        pieces = {text[i : i + 8] for i in range(len(text) - 7)}
        sizes.append(len(pieces))
        for piece in pieces:
            holders[piece].append(place)
    shared = Counter(pair for places in holders.values() for pair in combinations(places, 2))
    shares = [count / min(sizes[a], sizes[b]) for (a, b), count in shared.items()]
    assert 0 < max(shares) < 0.03


def test_a_scene_becomes_turns_with_its_opening_action_first():
    turns = read_scene(SCENE).turns()
    assert [turn.kind for turn in turns] == ["action", "dialogue", "dialogue", "action", "dialogue"]
    assert (turns[2].speaker, turns[2].to, turns[2].parenthetical) == ("경호", ("미란",), "수조를 닦으며")


def test_text_written_decomposed_is_read_composed(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(unicodedata.normalize("NFD", SCENE.read_text(encoding="utf-8")), encoding="utf-8")
    assert read_scene(file).lines == read_scene(SCENE).lines


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("speaker: 미란, to: 경호, text: 도장", "speaker: 미랑, to: 경호, text: 도장", 26, "'미랑' is not one of"),
        ("emotion: 의심/불신", "emotion: 의심", 26, "'의심' is not one of"),
        ("level: 해체}\n  - {text", "level: 반말}\n  - {text", 27, "'반말' is not one of"),
        ("to: 미란, parenthetical", "to: 경호, parenthetical", 27, "speaks to themselves"),
        ("{text: 산소기가", "{to: 미란, text: 산소기가", 28, "an action line has text only"),
        ("text: 전기도 끊겼구나., ", "", 29, "the key text is missing"),
        ("text: 전기도 끊겼구나.", "txt: 전기도 끊겼구나.", 29, "use the keys"),
        ("level: 해체, address: 누나", "level: 존대, address: 누나", 18, "합쇼체"),
        ("{from: 경호, to: 미란", "{from: 경호, to: 미라", 18, "'미라' is not in the cast"),
        ("tone: 마른", "ton: 마른", 5, "ton"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, old, new, line, problem):
    file = tmp_path / "a.yaml"
    text = SCENE.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(FileError) as caught:
        read_scene(file)
    assert caught.value.line == line
    assert problem in str(caught.value)


def test_an_unknown_held_out_scene_is_named(tmp_path):
    (tmp_path / "held_out.txt").write_text("# 주석\n빈수조\n빈수족\n", encoding="utf-8")
    with pytest.raises(FileError, match=r"held_out.txt:3: '빈수족'"):
        held_out(tmp_path, [read_scene(SCENE)])
    assert held_out(tmp_path / "none", [read_scene(SCENE)]) == frozenset()

"""`daebon emotion` as a writer and as a program use it, on a tiny model; the last tests read with the real weights."""

import csv
import io
import json
import os
import subprocess
import sys
import unicodedata
from importlib.resources import files
from pathlib import Path

import pexpect
import pytest
from rich.cells import cell_len

from daebon import cli
from daebon.emotion_tables import table
from emotion.labels import BASIC_EMOTIONS, LABELS, families
from emotion.measure import Reading
from transcript.reading import STDIN, ScriptLine, read_script

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "files" / "읽기"
TAKE = ROOT / "tests" / "transcript" / "golden" / "해진호" / "transcript.json"
FELT = {"슬픔": ("슬픔", -0.6), "울": ("서러움", -0.4), "기뻐": ("기쁨", 0.7), "행복": ("행복", 0.8)}
KEYS = ["line", "text", "probabilities", "basic", "valence", "arousal"]


class Tiny:
    """Knows four syllables of feeling; counts how often it was asked."""

    calls = 0

    def __init__(self, classifier=None):
        pass

    def readings(self, texts, report=None):
        Tiny.calls += 1
        if report:
            report(len(texts))
        return [self._reading(text) for text in texts]

    def _reading(self, text):
        found = [pair for part, pair in FELT.items() if part in text]
        labels = {label: 0.9 - n / 10 for n, (label, _) in enumerate(found)}
        probabilities = tuple(labels.get(label, 0.01) for label in LABELS)
        basic = families(dict(zip(LABELS, probabilities, strict=True)))
        return Reading(probabilities, labels, basic, sum(v for _, v in found), 0.1, 0.9 if found else 0.0)


@pytest.fixture
def daebon(monkeypatch, capsys):
    """Return a function that runs the command line on the tiny model; gives exit code, stdout and stderr."""
    monkeypatch.setattr("emotion.measure.ClassifierEmotion", Tiny)
    monkeypatch.setattr(Tiny, "calls", 0)

    def run(*args, stdin=b""):
        monkeypatch.setattr(sys, "argv", ["daebon", "emotion", *map(str, args)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run


def assert_refused(done, *words):
    code, out, err = done
    assert (code, out) == (2, "")
    assert err.startswith("daebon: ")
    assert err.count("\n") == 1
    for word in words:
        assert word in err


# --- read


def test_json_has_an_object_for_every_line_of_stdin_in_order(daebon):
    rows = ["아, 기뻐.", "", "ㅠ", "😭", "so sad", "널\0널", "울" * 100_000, "\u2028", "끝: 슬픔"]
    code, out, err = daebon("read", "-", "--json", stdin="\n".join(rows).encode())
    assert (code, err) == (0, "")
    found = [json.loads(row) for row in out.removesuffix("\n").split("\n")]
    assert [(row["line"], row["text"]) for row in found] == list(enumerate(rows, 1))
    assert all(list(row) == KEYS for row in found)
    assert all(len(row["probabilities"]) == 44 and list(row["basic"]) == list(BASIC_EMOTIONS) for row in found)
    assert found[0]["probabilities"][LABELS.index("기쁨")] == 0.9
    assert (found[0]["valence"], found[0]["arousal"]) == (0.7, 0.1)


def test_json_names_speaker_kind_and_file_only_where_there_are_some(daebon):
    _, out, _ = daebon("read", SAMPLES / "콜론.txt", SAMPLES / "소설.txt", "--json")
    found = [json.loads(row) for row in out.splitlines()]
    spoken = next(row for row in found if row["text"] == "아버지 돌아가셨대.")
    assert list(spoken) == [*KEYS, "speaker", "kind", "file"]
    assert (spoken["line"], spoken["speaker"], spoken["kind"]) == (7, "경민", "dialogue")
    assert list(found[-1]) == [*KEYS, "file"]
    assert [row["line"] for row in found] == [*range(1, 18), *range(1, 5)]


def test_all_files_are_measured_in_one_call(daebon):
    assert daebon("read", *sorted(SAMPLES.iterdir()), TAKE)[0] == 0
    assert Tiny.calls == 1


def test_csv_is_read_back(daebon):
    text = "민수: “기뻐”, 라고\n지은: 울었어.\n\n민수: =1+1\n"
    _, out, _ = daebon("read", "-", "--csv", stdin=text.encode())
    found = list(csv.DictReader(io.StringIO(out)))
    assert [(row["line"], row["speaker"], row["text"]) for row in found] == [
        ("1", "민수", "“기뻐”, 라고"),
        ("2", "지은", "울었어."),
        ("4", "민수", "=1+1"),
    ]
    assert found[1]["labels"] == "서러움 0.90"
    assert found[1]["emotion"] == "슬픔"
    assert found[2]["emotion"] == ""
    assert [float(row["valence"]) for row in found] == [0.7, -0.4, 0]
    assert all(float(row[emotion]) <= 1 for row in found for emotion in BASIC_EMOTIONS)


def test_the_table_shows_what_is_said_with_labels_and_leaves_out_the_rest(daebon):
    code, out, _ = daebon("read", SAMPLES / "콜론.txt")
    assert code == 0
    rows = out.splitlines()
    assert len(rows) == 1 + 9
    assert "\x1b" not in out
    shown = next(row for row in rows if "끝내 울지" in row)
    assert shown.split() == ["10", "경민", "나는", "끝내", "울지", "않았다.", "서러움", "90%", "██│", "-0.40", "슬픔"]
    assert "제목" not in out
    assert "씬1" not in out


def test_several_files_have_their_names_above(daebon):
    _, out, _ = daebon("read", SAMPLES / "콜론.txt", SAMPLES / "소설.md")
    rows = out.splitlines()
    assert rows[0] == str(SAMPLES / "콜론.txt")
    assert str(SAMPLES / "소설.md") in rows


@pytest.mark.parametrize("width", [40, 71, 72, 100, 240])
def test_no_row_is_wider_than_the_terminal_and_columns_stand_under_each_other(width):
    texts = [
        "기뻐! 행복해! 그런데 왜 슬픔이… 울었다.",
        "a" * 300,
        "👨‍👩‍👧 가족 ㅠㅠ",
        "탭\t널\0 ESC\x1b[31m",
        "ᄒᆞᆫ글 שלום",
        "울" * 90,
    ]
    speakers = ["민수", None, "아주아주 긴 이름의 배역", "Captain Han", "서기", None]
    lines = [
        ScriptLine(n, "dialogue", text, name) for n, (text, name) in enumerate(zip(texts, speakers, strict=True), 1)
    ]
    rows = [row.plain for row in table(list(zip(lines, Tiny().readings(texts), strict=True)), width)]
    assert len(rows) == 7
    assert all(cell_len(row) <= width for row in rows)
    assert len({cell_len(row[: row.rindex("  ")]) for row in rows}) == 1
    assert ("서러움 80%" in rows[1]) == (width >= 100)
    assert ("슬픔 90%   " in rows[1]) == (width == 72)
    assert not any(sign in "".join(rows) for sign in "\t\0\x1b")
    assert rows[6].count("…") == 1


def test_an_empty_file_is_an_empty_answer(daebon, tmp_path):
    (tmp_path / "빈.txt").write_text("", encoding="utf-8")
    assert daebon("read", tmp_path / "빈.txt", "--json") == (0, "", "")
    assert len(daebon("read", tmp_path / "빈.txt")[1].splitlines()) == 1


def test_bad_files_and_options_are_one_line_and_nothing_is_printed_before(daebon, tmp_path):
    (tmp_path / "표.txt").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe\0\1")
    assert_refused(daebon("read", SAMPLES / "콜론.txt", tmp_path / "표.txt"), "표.txt", "UTF-8")
    assert_refused(daebon("read", "없다.txt"), "없다.txt", "cannot be read")
    assert_refused(daebon("read", "원고.hwp"), "원고.hwp", ".fountain")
    assert_refused(daebon("read", tmp_path), "cannot be read")
    assert_refused(daebon("read", "-", "--csv", "--json"), "choose one")
    assert_refused(daebon("read", "-", stdin=b"\xff\xfe\x00"), "stdin", "UTF-8")
    assert Tiny.calls == 0


def start(*args):
    code = (
        "import emotion.measure, tests.daebon.test_emotion_cli as tests\n"
        "emotion.measure.ClassifierEmotion = tests.Tiny\n"
        "from daebon.cli import main\nmain()"
    )
    return [sys.executable, "-c", code, "emotion", *map(str, args)], {**os.environ, "PYTHONPATH": str(ROOT)}


def test_a_closed_pipe_is_silent(tmp_path):
    path = tmp_path / "긴.txt"
    path.write_text("울었다.\n" * 5_000, encoding="utf-8")
    for option in ((), ("--json",), ("--csv",)):
        command, environment = start("read", path, *option)
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == b""


def test_a_terminal_has_colours_its_own_width_and_a_bar_that_goes(tmp_path):
    path = tmp_path / "긴.txt"
    path.write_text("끝내 울었다. 그리고 아무도 그 이야기를 다시 꺼내지 않았다.\n" * 3, encoding="utf-8")
    command, environment = start("read", path)
    environment |= {"TERM": "xterm-256color", "NO_COLOR": ""}
    environment.pop("COLUMNS", None)
    child = pexpect.spawn(command[0], command[1:], env=environment, encoding="utf-8", dimensions=(20, 50), timeout=60)
    shown = child.read()
    assert "reading" in shown
    assert "…" in shown
    assert "서러움" not in shown
    command, environment = start("read", path, "--json")
    done = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=60)
    assert done.stderr == b""


# --- arc


def test_an_arc_per_speaker_and_one_together(daebon, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = daebon("arc", SAMPLES / "콜론.txt")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "콜론.arc.svg"
    assert (tmp_path / "콜론.arc.svg").read_bytes().startswith(b"<?xml")
    names = [row.split()[0] for row in out.splitlines() if " mean " in row]
    assert names == ["전체", "경민", "수아", "노감독/수아", "경비"]
    together = out.splitlines()[0].split()
    assert together[1:5] == ["8", "lines", "mean", "-0.10"]
    assert "lowest   -0.30  line 10  나는 끝내 울지 않았다." in out
    assert "No clear shape. 3 lines are too few" in out


def test_an_arc_of_prose_counts_sentences(daebon, tmp_path):
    text = "처음엔 기뻐했다. 그러나 울었다! 또 울었다.\n" * 10
    (tmp_path / "소설.txt").write_text(text, encoding="utf-8")
    code, out, _ = daebon("arc", tmp_path / "소설.txt", "--out", tmp_path / "호.PNG")
    assert code == 0
    assert (tmp_path / "호.PNG").read_bytes().startswith(b"\x89PNG")
    assert out.split()[:3] == ["전체", "30", "sentences"]
    assert "sentence 1  처음엔 기뻐했다." in out


def test_a_take_has_its_planned_arc_beside_the_measured_one(daebon, tmp_path):
    row = json.loads(TAKE.read_text(encoding="utf-8"))
    targets = iter(["기쁨", "슬픔", "기쁨", "슬픔"] * 9)
    for turn in row["turns"]:
        if turn["kind"] == "dialogue":
            label = next(targets)
            turn["text"] = {"기쁨": "기뻐.", "슬픔": "슬픔."}[label]
            turn["cue"] = {"speaker": turn["speaker"], "emotion": {label: 1.0}}
    path = tmp_path / "transcript.json"
    path.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    code, out, _ = daebon("arc", path, "--out", tmp_path / "호.svg")
    assert code == 0
    assert "plan     r = " in out
    assert "turn 2" in out


def test_a_large_cast_is_in_the_table_and_its_leads_in_the_picture(daebon, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr("emotion.drawing.draw", lambda _, arcs, **__: drawn.extend(arc.name for arc in arcs))
    rows = [f"조연{n}: 왔다.\n조연{n}: 간다." for n in range(10)] + ["주연: 울었다."] * 9
    code, out, err = daebon("arc", "-", "--out", tmp_path / "호.svg", stdin="\n".join(rows).encode())
    assert code == 0
    assert out.count(" mean ") == 12
    assert drawn == ["전체", *(f"조연{n}" for n in range(6)), "주연"]
    assert "4 speakers" in err


def test_scenes_are_bands_of_the_picture(daebon, monkeypatch):
    drawn = {}
    monkeypatch.setattr("emotion.drawing.draw", lambda *_, **rest: drawn.update(rest))
    daebon("arc", SAMPLES / "콜론.txt", "--out", "호.svg")
    assert [(span.first, span.last, span.goal) for span in drawn["beats"]] == [
        (3, 12, "병원 옥상 / 밤"),
        (13, 17, "장례식장 복도 / 낮"),
    ]
    assert (drawn["title"], drawn["unit"]) == ("콜론", "줄")
    daebon("arc", TAKE.with_name("script.md"), "--out", "호.svg")
    assert [span.goal for span in drawn["beats"]] == ["방파제 / 해 질 녘", "해진호 갑판 / 밤"]


def test_what_cannot_be_drawn_is_refused(daebon, tmp_path):
    assert_refused(daebon("arc", SAMPLES / "콜론.txt", "--out", "호.pdf"), "호.pdf", ".svg or .png")
    assert_refused(daebon("arc", "-", stdin=b"\n \n"), "stdin", "no line to measure")
    assert_refused(daebon("arc", tmp_path / "없다.fountain"), "cannot be read")


# --- word


def test_a_word_with_its_numbers_source_and_nearest_words(daebon):
    code, out, err = daebon("word", "서글프다")
    assert (code, err) == (0, "")
    for part in ("형용사", "valence  -0.", "슬픔, label 슬픔", "rated: people rated", "nearest  "):
        assert part in out


@pytest.mark.parametrize(
    ("asked", "known", "negated"),
    [
        ("서글퍼서", "서글프다", False),
        ("서글프네요", "서글프다", False),
        ("재미없네요", "재미있다", True),
        ("슬프지 않다", "슬프다", True),
        (unicodedata.normalize("NFD", "서글펐다"), "서글프다", False),
    ],
)
def test_inflected_words_are_found(daebon, asked, known, negated):
    code, out, _ = daebon("word", asked, "--json")
    found = json.loads(out)
    assert (code, found["word"], found["negated"]) == (0, known, negated)
    assert found["asked"] == unicodedata.normalize("NFC", asked)
    assert -1 <= found["valence"] <= 1


def test_nearest_are_of_the_same_emotion_and_in_order_of_distance(daebon):
    from emotion.lexicon import Lexicon

    words = Lexicon.load().words
    found = json.loads(daebon("word", "슬프다", "--json")[1])
    near = [words[row["word"]] for row in found["nearest"]]
    away = [(w.valence - found["valence"]) ** 2 + (w.arousal - found["arousal"]) ** 2 for w in near]
    assert away == sorted(away)
    assert {w.emotion for w in near} == {found["emotion"]} == {"슬픔"}
    assert "슬프다" not in {w.word for w in near}


def test_every_source_in_the_lexicon_is_explained():
    from daebon.emotion_tables import SOURCES
    from emotion.lexicon import Lexicon

    assert {word.source for word in Lexicon.load().words.values()} <= set(SOURCES)


def test_an_unknown_word_names_the_nearest_spellings_after_the_known_ones(daebon):
    code, out, err = daebon("word", "슬프다", "서글푸다", "쀍쀍쀍")
    assert code == 2
    assert out.startswith("슬프다")
    assert "'서글푸다' is not in the lexicon; did you mean 서글프다" in err
    assert "쀍쀍쀍" in err
    assert err.count("\n") == 1
    assert_refused(daebon("word", "가" * 100_000), "…", "not in the lexicon")
    assert_refused(daebon("word", ""), "not in the lexicon")


# --- all together


@pytest.mark.parametrize("command", ["read", "arc", "word"])
def test_help_teaches_by_example_and_loads_nothing_heavy(command):
    code = (
        f"import sys; sys.argv = ['daebon', 'emotion', '{command}', '--help']\n"
        "from daebon.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'matplotlib', 'emotion.lexicon', 'transcript.reading', 'langgraph'}\n"
        "print('heavy:', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "heavy: []" in done.stdout
    assert f"daebon emotion {command} " in done.stdout


WEIGHTS = files("emotion").joinpath("classifier.npz")


@pytest.mark.skipif(not WEIGHTS.is_file(), reason="emotion/classifier.npz is not there yet")
class TestRealWeights:
    def run(self, *args, stdin=""):
        command = [sys.executable, "-m", "daebon", "emotion", *map(str, args)]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, cwd=ROOT, timeout=300)

    def test_any_line_gets_an_answer(self):
        rows = [
            "",
            "ㅠ",
            "😭😭",
            "I am so sad.",
            "널\0널",
            "서럽다 " * 25_000,
            "정말 고마워. 덕분에 행복해!",
            "꺼져! 꼴도 보기 싫어!",
        ]
        done = self.run("read", "-", "--json", stdin="\n".join(rows))
        assert (done.returncode, done.stderr) == (0, "")
        found = [json.loads(row) for row in done.stdout.removesuffix("\n").split("\n")]
        assert [row["text"] for row in found] == rows
        assert all(0 <= p <= 1 for row in found for p in row["probabilities"])
        assert all(-1 <= row["valence"] <= 1 for row in found)
        assert found[0]["valence"] == 0
        assert found[6]["valence"] > 0 > found[7]["valence"]

    def test_a_line_has_the_same_answer_alone_and_among_others(self):
        rows = [line.text for line in read_script(STDIN, (SAMPLES / "콜론.txt").read_bytes()) if line.text]
        together = self.run("read", "-", "--json", stdin="\n".join(rows)).stdout.split("\n")
        alone = self.run("read", "-", "--json", stdin=rows[3]).stdout
        assert json.loads(alone)["probabilities"] == pytest.approx(json.loads(together[3])["probabilities"], abs=1e-4)

    def test_a_take_is_drawn(self, tmp_path):
        done = self.run("arc", TAKE, "--out", tmp_path / "호.svg")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "호.svg").stat().st_size > 10_000

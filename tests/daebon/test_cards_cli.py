"""`daebon persona import` and `export` as a writer uses them: paths on stdout, the rest on stderr, one line for what fails."""

import subprocess
import sys
from pathlib import Path

import pytest

from scenarios import load_persona
from tests.daebon.test_cli import daebon, failed
from tests.scenarios import made_cards as made

ROOT = Path(__file__).parents[2]


def test_a_card_comes_in_and_goes_out(tmp_path):
    card = made.written(tmp_path, "만물상.png", made.png(made.text_chunk("chara", made.MERCHANT)))
    done = daebon("persona", "import", card, "--out", tmp_path / "인물", "--user", "지훈")
    assert done.returncode == 0, done.stderr
    file = Path(done.stdout.strip())
    assert file == tmp_path / "인물" / "구룡포 만물상.yaml"
    assert all(line.startswith("daebon: ") for line in done.stderr.splitlines())
    for told in ("@@position", "regular expressions", "{{getvar::gold}}", "1 files of the card"):
        assert told in done.stderr
    persona = load_persona(file)
    assert persona.persona == "상황: 모험가 지훈과 흥정한다."

    done = daebon("persona", "check", file)
    assert done.returncode == 0, done.stdout + done.stderr

    done = daebon("persona", "export", file, "--to", "v2.png, v3.json,charx", "--out", tmp_path / "카드")
    assert done.returncode == 0, done.stderr
    paths = [Path(line) for line in done.stdout.splitlines()]
    assert [path.name for path in paths] == [f"구룡포 만물상.{to}" for to in ("v2.png", "v3.json", "charx")]
    assert all(path.is_file() for path in paths)


def test_the_speech_level_comes_from_the_lines_of_a_card(tmp_path):
    card = made.written(tmp_path, "조종사.json", made.as_json(made.PILOT))
    done = daebon("persona", "import", card, "--out", tmp_path)
    assert load_persona(done.stdout.strip()).voice.level == "해체"


def test_an_untouched_persona_gives_its_card_back(tmp_path):
    from scenarios.cards import read_card

    card = made.written(tmp_path, "조종사.json", made.as_json(made.PILOT))
    file = daebon("persona", "import", card, "--out", tmp_path).stdout.strip()
    done = daebon("persona", "export", file, "--to", "v1.json", "--out", tmp_path)
    assert read_card(Path(done.stdout.strip())).value == made.PILOT


@pytest.mark.parametrize("command", ["import", "export"])
def test_help_is_there(command):
    done = daebon("persona", command, "--help")
    assert done.returncode == 0
    assert "--out" in done.stdout


def test_what_cannot_be_done_is_one_line(tmp_path):
    failed(daebon("persona", "import", tmp_path / "없다.png"), 2, "없다.png", "cannot be read")
    failed(daebon("persona", "import", made.written(tmp_path, "a.png", made.png())), 2, "without a character card")
    persona = ROOT / "scenarios/shipped/personas/지은.yaml"
    failed(daebon("persona", "export", persona, "--to", "v9.png", "--out", tmp_path), 2, "v9.png", "v2.png")
    blocked = made.written(tmp_path, "file", b"")
    failed(daebon("persona", "export", persona, "--out", blocked), 1, "choose another --out folder")


def test_reading_cards_needs_no_pillow():
    code = "import sys, scenarios.cards, daebon.card_commands; print({'PIL', 'numpy', 'training'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "set()\n", done.stderr

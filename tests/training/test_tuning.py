"""A tiny Llama is tuned end to end: documents, dataset, QLoRA in four bits with NEFTune, a kill, DPO, evaluation, a scene."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daebon.train_commands import app
from model.weights import ADAPTER_SHA256
from tests.tiny import tiny_llama
from training.recipe import SHIPPED, DpoRecipe, SftRecipe, load_recipe
from training.runs import newest_checkpoint
from transcript.errors import ModelError

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

SCRIPT = """S#1. 부두 / 밤

그물이 젖어 있다.
민수\t배는 안 들어와요.
지은\t거짓말이지? 아침에 봤어.
민수\t그건 다른 배예요.
지은\t그럼 저 불빛은 뭐야?
민수\t등대잖아요. 몰라서 물어요?
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_llama(tmp_path_factory.mktemp("tiny-llama"), SCRIPT)


@pytest.fixture(scope="module")
def work(tmp_path_factory, tiny):
    """Make a folder with a script, and the recipes of the tiny model."""
    folder = tmp_path_factory.mktemp("studio")
    (folder / "대본").mkdir()
    (folder / "대본" / "부두.txt").write_bytes(SCRIPT.encode("cp949"))
    for kind in ("sft", "dpo"):
        text = (SHIPPED / f"tiny-{kind}.yaml").read_text(encoding="utf-8")
        (folder / f"{kind}.yaml").write_text(text.replace("base: tiny-llama", f"base: {tiny}"), encoding="utf-8")
    return folder


def daebon(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output + str(result.exception)
    return result.stdout


@pytest.fixture(scope="module")
def dataset(work):
    daebon("ingest", work / "대본", "--out", work / "ingested", "--jobs", 1)
    daebon("dataset", "--scripts", work / "ingested" / "texts", "--draws", 1, "--out", work / "whole")
    rows = (work / "whole" / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    mine = [row for row in rows if json.loads(row)["source"].startswith("script/")]
    held = [row for row in rows if json.loads(row)["split"] == "test"][:3]
    small = work / "dataset"
    small.mkdir()
    (small / "rows.jsonl").write_text("\n".join([*mine * 40, *held]) + "\n", encoding="utf-8")
    pairs = (work / "whole" / "pairs.jsonl").read_text(encoding="utf-8").splitlines()
    (small / "pairs.jsonl").write_text("\n".join(pairs) + "\n", encoding="utf-8")
    assert mine
    return small


@pytest.fixture(scope="module")
def run(work, dataset):
    daebon("sft", "--recipe", work / "sft.yaml", "--data", dataset, "--out", work / "run")
    return work / "run"


def test_four_bits_with_neftune_learn_the_script(run):
    report = json.loads((run / "report.json").read_text())
    losses = [json.loads(line)["loss"] for line in (run / "steps.jsonl").read_text().splitlines()]
    assert report["recipe"]["precision"] == "nf4" and report["steps"] == len(losses) == 20
    assert float(losses[-1]) < float(losses[0]) - 0.3
    assert report["neftune_noise"] > 0
    assert (run / "loss.png").read_bytes()[:4] == b"\x89PNG"
    assert json.loads((run / "adapter" / "adapter_config.json").read_text())["r"] == 4


def test_the_frozen_weights_are_stored_in_four_bits(work):
    from training.runs import frozen_base

    recipe = load_recipe(work / "sft.yaml", SftRecipe)
    model = frozen_base(recipe, recipe.base)
    weight = model.model.layers[0].self_attn.q_proj.weight
    assert weight.dtype == torch.uint8 and weight.quant_state.quant_type == "nf4" and weight.quant_state.nested


def test_without_neftune_the_embeddings_stand_still(work, dataset, tmp_path):
    from training.sft import train

    recipe = replace(load_recipe(work / "sft.yaml", SftRecipe), neftune=0.0, epochs=0.2)
    assert train(recipe, dataset, tmp_path / "run", tmp_path / "base")["neftune_noise"] == 0.0


def test_sft_goes_on_from_an_adapter_where_it_stood(work, dataset, run, tmp_path):
    from training.sft import train

    recipe = replace(load_recipe(work / "sft.yaml", SftRecipe), learning_rate=1e-9, epochs=0.2)
    first = json.loads((run / "report.json").read_text())
    report = train(recipe, dataset, tmp_path / "on", tmp_path / "base", adapter=run)
    assert report["went_on_from"] == first["adapter_sha256"]
    assert report["held_out_bits_per_character"]["before"] == first["held_out_bits_per_character"]["after"]
    assert report["resumed_at"] == 0 and report["steps"] == 4


def test_an_adapter_of_another_rank_is_told_from_the_recipe(work, dataset, run, tmp_path):
    other = tmp_path / "sft.yaml"
    other.write_text((work / "sft.yaml").read_text(encoding="utf-8").replace("rank: 4", "rank: 2"), encoding="utf-8")
    words = ("sft", "--adapter", run, "--recipe", other, "--data", dataset, "--out", tmp_path / "on")
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code and "rank 4 and alpha 8, the recipe asks for 2 and 8" in str(result.exception)


def test_the_shipped_adapter_can_be_gone_on_from_and_a_text_cannot(tmp_path):
    from training.adapter import write_adapter
    from training.runs import adapter_to_go_on_from

    start = adapter_to_go_on_from(Path("embedded"), "base", tmp_path / "run")
    assert json.loads((start / "adapter_config.json").read_text())["r"] == 16
    assert write_adapter(start, tmp_path / "again.gguf") == ADAPTER_SHA256
    with pytest.raises(ModelError, match="is no adapter; give a run"):
        adapter_to_go_on_from(tmp_path / "nothing", "base", tmp_path / "run")


def test_dpo_goes_on_from_the_adapter_and_tells_margins(work, dataset, run):
    recipe = replace(load_recipe(work / "dpo.yaml", DpoRecipe), max_length=2048)
    from training.dpo import train

    pairs = sorted((dataset / "pairs.jsonl").read_text(encoding="utf-8").splitlines(), key=len)
    few = work / "few"
    few.mkdir()
    chosen = [row for row in pairs if json.loads(row)["split"] == "train"][:16]
    chosen += [row for row in pairs if json.loads(row)["split"] == "test"][:4]
    (few / "pairs.jsonl").write_text("\n".join(chosen) + "\n", encoding="utf-8")
    report = train(recipe, few, run, work / "run-dpo", work / "base")
    assert report["pairs"] == {"train": 16, "test": 4} and report["steps"] == 8
    assert 0 <= report["held_out"]["accuracies"] <= 1
    assert report["trained"]["margins"] != 0
    before = json.loads((run / "report.json").read_text())["adapter_sha256"]
    assert report["adapter_sha256"] != before


def test_a_run_that_was_killed_goes_on_and_ends_as_if_it_had_not_been(work, dataset, run):
    out = work / "killed"
    command = [sys.executable, "-m", "daebon", "train", "sft", "--recipe", work / "sft.yaml"]
    command = [*map(str, command), "--data", str(dataset), "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 240
    while newest_checkpoint(out) is None and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert newest_checkpoint(out) is not None
    shell = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=shell)
    whole, again = (json.loads((folder / "report.json").read_text()) for folder in (run, out))
    assert again["steps"] == whole["steps"]
    assert again["held_out_nats_per_token"] == pytest.approx(whole["held_out_nats_per_token"], abs=2e-3)


def test_two_processes_of_one_row_each_learn_what_one_learns_from_two(work, dataset, tmp_path):
    from training.sft import train

    text = (work / "sft.yaml").read_text(encoding="utf-8").replace("neftune: 5.0", "neftune: 0.0")
    text = text.replace("precision: nf4", "precision: fp32").replace("epochs: 1", "epochs: 0.5")
    (tmp_path / "two.yaml").write_text(text.replace("accumulation: 2", "accumulation: 1"), encoding="utf-8")
    (tmp_path / "one.yaml").write_text(text, encoding="utf-8")
    one = train(load_recipe(tmp_path / "one.yaml", SftRecipe), dataset, tmp_path / "one", tmp_path / "base")
    root = Path(__file__).parents[2]
    command = [
        "torch.distributed.run",
        "--nproc_per_node",
        2,
        "-m",
        "daebon",
    ]  # what accelerate launches on one machine
    words = ["train", "sft", "--recipe", tmp_path / "two.yaml", "--data", dataset, "--out", tmp_path / "two"]
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command), *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    two = json.loads((tmp_path / "two" / "report.json").read_text())
    assert (one["processes"], two["processes"]) == (1, 2)
    assert (two["steps"], two["tokens"]) == (one["steps"], one["tokens"])
    assert two["held_out_nats_per_token"] == pytest.approx(one["held_out_nats_per_token"], abs=2e-3)


def test_the_tuned_model_is_evaluated_and_plays(run, tmp_path):
    scenes = tmp_path / "scenes"
    scenes.mkdir()
    shutil.copy(Path(__file__).parent / "files" / "빈수조.yaml", scenes)
    (tmp_path / "asked.tsv").write_text("부두에서 다투는 대본 써줘\t배|부두\n", encoding="utf-8")
    told = daebon(
        *("evaluate", "--models", f"hf:{run}", "--scenes", scenes, "--prompts", tmp_path / "asked.tsv", "--json"),
        *("--lines", 1, "--true", 0, "--out", tmp_path / "evaluated"),
    )
    figures = json.loads(told)["models"][f"hf:{run}"]["figures"]
    assert 0 <= figures["lines, persona"]["cut off"] <= 1 and "requests, template" in figures
    assert "빈수조" in (tmp_path / "evaluated" / "index.html").read_text(encoding="utf-8")
    command = [sys.executable, "-m", "daebon", "play", "바다", "--auto", "--model", f"hf:{run}", "--turns", "3"]
    subprocess.run([*command, "--out", str(tmp_path / "takes")], check=True, stdout=subprocess.DEVNULL)
    (file,) = (tmp_path / "takes").rglob("transcript.json")
    take = json.loads(file.read_text(encoding="utf-8"))
    asked = [turn for turn in take["turns"] if turn["candidates"]]  # noise: the guards let nothing of it stand
    assert take["take"]["adapter"] == json.loads((run / "report.json").read_text())["adapter_sha256"]
    assert len(take["turns"]) == 3 and asked


def test_a_merged_model_says_what_base_and_adapter_say(run, tmp_path):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    daebon("adapter", run, "--merge", tmp_path / "whole")
    config = json.loads((run / "adapter" / "adapter_config.json").read_text())
    base = AutoModelForCausalLM.from_pretrained(config["base_model_name_or_path"], dtype=torch.float32)
    apart, whole = (
        PeftModel.from_pretrained(base, run / "adapter"),
        AutoModelForCausalLM.from_pretrained(tmp_path / "whole"),
    )
    ids = torch.arange(20)[None]
    with torch.no_grad():
        assert torch.allclose(apart(ids).logits, whole.float()(ids).logits, atol=1e-4)


def test_an_adapter_of_another_model_is_refused_by_name(run, tmp_path):
    result = CliRunner().invoke(app, ["adapter", str(run), "--out", str(tmp_path / "x.gguf")])
    assert result.exit_code != 0
    result = CliRunner().invoke(app, ["adapter", str(tmp_path), "--out", str(tmp_path / "x.gguf")])
    assert result.exit_code != 0 and "is no PEFT adapter" in str(result.exception)

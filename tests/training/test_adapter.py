"""The shipped adapter as a folder of PEFT and back: the same tensors, the same sums on the weights, and a clear refusal."""

import json

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")
pytest.importorskip("peft")

from model.weights import drama_adapter  # noqa: E402
from training.adapter import _parts, write_adapter, write_peft  # noqa: E402
from transcript.errors import ModelError  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_peft(drama_adapter(), tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("peft"))


def test_there_and_back_the_tensors_are_the_same(folder, tmp_path):
    write_adapter(folder, tmp_path / "back.gguf")
    (alpha, before), (again, after) = _parts(drama_adapter()), _parts(tmp_path / "back.gguf")
    assert again == alpha and after.keys() == before.keys() and len(before) == 18 * 7
    for name, pair in before.items():
        for one, other in zip(pair, after[name], strict=True):
            assert torch.equal(one, other), name


def test_the_folder_is_one_that_hf_takes_with_its_base(folder):
    from model.repository import adapter_config, adapter_folder

    assert adapter_folder(folder) == folder
    config = adapter_config(folder)
    assert (config["r"], config["peft_type"]) == (16, "LORA") and config["base_model_name_or_path"]
    targets = ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]
    assert sorted(json.loads((folder / "adapter_config.json").read_text())["target_modules"]) == targets


def test_peft_adds_what_llama_cpp_adds(folder):
    from safetensors.torch import load_file

    state = load_file(folder / "adapter_model.safetensors")
    alpha, parts = _parts(drama_adapter())
    down, up = parts["blk.3.ffn_up.weight"]
    at = "base_model.model.model.layers.3.mlp.up_proj.lora_"
    config = json.loads((folder / "adapter_config.json").read_text())
    mine = config["lora_alpha"] / config["r"] * (state[f"{at}B.weight"] @ state[f"{at}A.weight"])
    assert torch.equal(mine, alpha / down.shape[0] * (up @ down))


def test_a_file_that_is_no_adapter_is_named(tmp_path):
    file = tmp_path / "x.gguf"
    file.write_bytes(b"GGUF" + bytes(20))
    with pytest.raises(ModelError, match=r"x\.gguf: is no LoRA adapter in GGUF"):
        write_peft(file, tmp_path, tmp_path / "out")

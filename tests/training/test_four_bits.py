"""What four bits take and further ranks of an adapter give back, on a tiny Llama in four bits."""

import json

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("bitsandbytes")

from model import ModelConfig  # noqa: E402
from model.huggingface import HuggingFaceModel  # noqa: E402
from model.shape import shape_of  # noqa: E402
from tests.tiny import taught, tiny_adapter, tiny_llama  # noqa: E402
from training import four_bits  # noqa: E402
from training.four_bits import correction, inputs, rounded, write_corrected  # noqa: E402
from transcript.errors import ModelError  # noqa: E402

TEXT = "민수: 배는 안 들어와요.\n지은: 거짓말이지? 아침에 봤어.\n"
IDS = [[0, *range(20, 60)]]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return taught(tiny_llama(tmp_path_factory.mktemp("base"), TEXT), TEXT)


@pytest.fixture(scope="module")
def trained(base, tmp_path_factory):
    return tiny_adapter(base, tmp_path_factory.mktemp("trained"), 0)


def logits(name):
    with HuggingFaceModel.load(str(name)).active() as shared:
        return shared.model(torch.tensor(IDS)).logits


def whole(base, adapter=None):
    from peft import PeftModel
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(base, dtype=torch.float32)
    with torch.no_grad():
        return (PeftModel.from_pretrained(model, adapter) if adapter else model)(torch.tensor(IDS)).logits


@pytest.mark.parametrize("with_adapter", [True, False])
def test_the_further_ranks_bring_four_bits_nearer_to_the_whole_weights(base, trained, tmp_path, with_adapter):
    name = trained if with_adapter else base
    rank = write_corrected(str(name), tmp_path, rank=24, lines=2)
    assert rank == 24 + 4 * with_adapter == json.loads((tmp_path / "adapter_config.json").read_text())["r"]
    wanted = whole(base, trained if with_adapter else None)
    before, after = ((logits(one) - wanted).norm() for one in (name, tmp_path))
    assert after < before / 1.5


def test_the_plan_counts_them(trained, tmp_path):
    write_corrected(str(trained), tmp_path, rank=8, lines=1)
    assert shape_of(ModelConfig.parse(f"hf:{tmp_path}"))[1] == 12


def test_all_ranks_are_all_that_was_lost():
    weight = torch.randn(64, 128)
    down, up = correction(weight, torch.rand(128), 64)
    assert torch.allclose(up @ down, weight - rounded(weight), atol=1e-5)
    assert (weight - rounded(weight)).norm() > 0.05 * weight.norm()


def test_what_is_heard_loudly_is_given_back_first():
    weight = torch.randn(64, 128)
    heard = torch.ones(128)
    heard[:8] = 1e4
    down, up = correction(weight, heard, 8)
    left = (weight - rounded(weight) - up @ down)[:, :8].norm()
    assert left < 0.1 * (weight - rounded(weight))[:, :8].norm()


def test_inputs_are_those_of_the_layers_in_four_bits(base):
    found = inputs(HuggingFaceModel.load(str(base)), 1, seed=3)
    assert len(found) == 2 * 7
    assert found["model.layers.1.mlp.down_proj"].shape == (128,)
    assert all((values >= 0).all() and values.sum() > 0 for values in found.values())


@pytest.mark.parametrize(("key", "value"), [("use_dora", True), ("rank_pattern", {"q_proj": 2})])
def test_an_adapter_whose_ranks_cannot_be_added_to_is_named(trained, tmp_path, key, value):
    for file in trained.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((trained / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps({**config, key: value}))
    with pytest.raises(ModelError, match="train one of a single rank"):
        write_corrected(str(tmp_path), tmp_path / "out")


def test_an_adapter_of_a_layer_outside_four_bits_is_refused_before_anything_is_computed(base, tmp_path, monkeypatch):
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaForCausalLM

    config = LoraConfig(r=4, target_modules=["q_proj", "lm_head"], task_type="CAUSAL_LM")
    get_peft_model(LlamaForCausalLM.from_pretrained(base), config).save_pretrained(
        tmp_path / "head", save_embedding_layers=False
    )
    monkeypatch.setattr(four_bits, "correction", lambda *_: pytest.fail("computed"))
    with pytest.raises(ModelError, match="adapts lm_head, which is not in four bits"):
        write_corrected(str(tmp_path / "head"), tmp_path / "out", lines=1)
    assert not (tmp_path / "out").exists()


def test_the_model_is_closed_where_measuring_fails(base, tmp_path, monkeypatch):
    closed = []
    monkeypatch.setattr(HuggingFaceModel, "close", lambda self: closed.append(self))

    def broken(*_):
        raise ModelError("no memory")

    monkeypatch.setattr(four_bits, "inputs", broken)
    with pytest.raises(ModelError, match="no memory"):
        write_corrected(str(base), tmp_path)
    assert len(closed) == 1

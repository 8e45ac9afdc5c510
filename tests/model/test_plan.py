"""The memory plan: LDCC's known figures, and the bytes that transformers, bitsandbytes and PEFT really hold."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from model.config import ModelConfig
from model.plan import GIB, Load, Room, cheaper, on_gpu, plan, plan_file, this_machine
from model.shape import _NORMS, Shape, shape_of
from model.weights import drama_adapter, embedded_weights
from tests.tiny import letters_gemma, letters_llama, tiny_adapter, tiny_llama
from transcript.errors import ModelError, UsageError

ROOT = Path(__file__).parents[2]
LDCC = Load(context=2048, candidates=4)


def ldcc():
    return shape_of(ModelConfig.parse("ldcc"))[0]


def part(found, name):
    return next(one.bytes for one in found.parts if one.name == name)


def of(config):
    return Shape.of_config(config.to_dict())


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_llama(tmp_path_factory.mktemp("tiny"), "민수: 왔네. 오래 기다렸지?\n지은: 아니, 방금 왔어.\n" * 8)


def test_the_known_figures_of_ldcc():
    """Computed by hand from the shape, before this code was written (facts of the project)."""
    shape = ldcc()
    double, single = (plan(shape, replace(LDCC, quantisation=kind)) for kind in ("nf4", "nf4-single"))
    assert shape.parameters == 13_162_664_960
    assert f"{double.weights / GIB:.2f}" == "6.98"
    assert f"{single.weights / GIB:.2f}" == "7.53"
    assert double.kv_per_token == 819_200
    assert part(double, "keys and values, prompt") == 2048 * 819_200 == 1.5625 * GIB


def test_a_name_with_a_commit_has_the_same_shape_and_needs_neither_torch_nor_a_network():
    code = (
        "import sys; from model import ModelConfig; from model.plan import Load, plan; from model.shape import shape_of\n"
        "found = plan(shape_of(ModelConfig.parse('ldcc@1234abcd'))[0], Load())\n"
        "print(found.parameters, sorted({'torch', 'transformers', 'huggingface_hub'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "13162664960 []"


@pytest.mark.parametrize("kind", _NORMS)
def test_each_known_architecture_has_as_many_weights_as_transformers_makes(kind, tmp_path):
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    config = CONFIG_MAPPING[kind](
        vocab_size=99, hidden_size=48, intermediate_size=80, num_hidden_layers=4, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, pad_token_id=0, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    config.save_pretrained(tmp_path)
    with torch.device("meta"):
        made = AutoModelForCausalLM.from_config(config)
    shape, _ = shape_of(ModelConfig.parse(f"hf:{tmp_path}"))
    assert shape.parameters == sum(one.numel() for one in made.parameters())
    linear = [one for name, one in made.named_modules() if isinstance(one, torch.nn.Linear) and "layers.0." in name]
    assert sorted(shape.matrices) == sorted((one.in_features, one.out_features) for one in linear)


def test_biases_are_counted():
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=99, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        attention_bias=True, mlp_bias=True, tie_word_embeddings=True,
    )  # fmt: skip
    with torch.device("meta"):
        made = LlamaForCausalLM(config)
    assert of(config).parameters == sum(one.numel() for one in made.parameters())


def held(model):
    """Return the bytes of all tensors of a model, those of bitsandbytes too, each counted once."""
    found = {}
    for value in model.parameters():
        state = getattr(value, "quant_state", None)
        nested = getattr(state, "state2", None)
        beside = (state.absmax, state.code, state.offset) if state else ()
        for one in (value, *beside, *((nested.absmax,) if nested else ())):
            if hasattr(one, "data_ptr"):
                found[one.data_ptr()] = one.numel() * one.element_size()
    return sum(found.values())


def test_the_weights_of_a_tiny_llama_in_32_bits(tiny):
    from transformers import LlamaForCausalLM

    shape, rank = shape_of(ModelConfig.parse(f"hf:{tiny}"))
    made = LlamaForCausalLM.from_pretrained(tiny)
    assert rank == 0
    assert plan(shape, Load(quantisation="fp32")).weights == held(made)


@pytest.mark.parametrize(("kind", "double"), [("nf4", True), ("nf4-single", False)])
def test_the_weights_of_a_tiny_llama_in_four_bits(tiny, kind, double):
    import torch
    from transformers import BitsAndBytesConfig, LlamaForCausalLM

    four = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=double,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    made = LlamaForCausalLM.from_pretrained(tiny, quantization_config=four, dtype=torch.bfloat16)
    planned = plan(shape_of(ModelConfig.parse(f"hf:{tiny}"))[0], Load(quantisation=kind)).weights
    assert planned == pytest.approx(held(made), rel=0.03)


def test_what_the_real_loader_holds_with_an_adapter(tiny, tmp_path):
    from model.huggingface import HuggingFaceModel

    adapter = tiny_adapter(tiny, tmp_path / "adapter", 1)
    shape, rank = shape_of(ModelConfig.parse(f"hf:{adapter}"))
    made = HuggingFaceModel.load(str(adapter))
    planned = plan(shape, Load(context=300, adapter_rank=rank, gpu=False))
    with made.active() as shared:
        lora = [value for name, value in shared.model.named_parameters() if "lora_" in name]
        ours = sum(value.numel() * value.element_size() for value in lora)
        assert (rank, part(planned, "adapters")) == (4, ours)
        assert planned.weights == pytest.approx(held(shared.model) - ours, rel=0.03)
        shared.prefixes.read(list(range(2, 100)) * 3, "default")
        assert shared.prefixes.bytes() == 293 * planned.kv_per_token


def test_eight_bits_are_as_bitsandbytes_packs_them():
    """LLM.int8 keeps a byte a weight and a float a row (arXiv:2208.07339)."""
    shape = of(letters_llama().config)
    whole, eight = (plan(shape, Load(quantisation=kind)).weights for kind in ("bf16", "8bit"))
    count = shape.layers * sum(i * o for i, o in shape.matrices)
    rows = shape.layers * sum(o for _, o in shape.matrices)
    assert whole - eight == count - 4 * rows


@pytest.mark.parametrize("make", [letters_llama, lambda: letters_gemma(window=20)])
def test_keys_and_values_are_those_of_a_real_cache(make):
    import torch
    from transformers import DynamicCache

    made = make()
    shape = of(made.config)
    for tokens in (12, 70):
        for cache, bounded in ((DynamicCache(), False), (DynamicCache(config=made.config), True)):
            with torch.no_grad():
                made(input_ids=torch.ones((1, tokens), dtype=torch.long), past_key_values=cache, use_cache=True)
            kept = sum(one.numel() * one.element_size() for row in cache.layers for one in (row.keys, row.values))
            assert shape.kv_bytes(tokens, 4, bounded=bounded) == kept


def test_reading_and_saying_take_what_torch_counts():
    """MemTracker counts every tensor: the peak of a prompt that is read, then of four candidates that say three tokens."""
    import torch
    from torch.distributed._tools.mem_tracker import MemTracker
    from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

    from model.generation import fanned

    config = LlamaConfig(
        vocab_size=99, hidden_size=128, intermediate_size=384, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, dtype="float32",
    )  # fmt: skip
    made, tracker, tokens = LlamaForCausalLM(config).eval(), MemTracker(), 400
    tracker.track_external(made)

    def total(kind):
        return sum(
            value
            for found in tracker.get_tracker_snapshot(kind).values()
            for key, value in found.items()
            if key == "Total"
        )

    planned = plan(of(config), Load(context=tokens, quantisation="fp32"))
    with torch.no_grad(), tracker:
        cache = DynamicCache()
        made(
            input_ids=torch.ones((1, tokens), dtype=torch.long), past_key_values=cache, use_cache=True, logits_to_keep=1
        )
        peak, before = total("peak"), total("current")
        matrix = 4 * 128 * 384  # unpacked from four bits, which this model is not in
        reading = part(planned, "activations") - matrix + part(planned, "keys and values, prompt") + planned.weights
        assert peak == pytest.approx(reading, rel=0.03)
        tracker._peak_mem = dict.fromkeys(tracker._peak_mem, 0)
        four = fanned(cache)
        for said in range(3):
            tracker.reset_mod_stats()
            mask = torch.ones((4, tokens + said + 1), dtype=torch.long)
            made(
                input_ids=torch.ones((4, 1), dtype=torch.long),
                attention_mask=mask,
                past_key_values=four,
                use_cache=True,
            )
        joined = 4 * part(planned, "keys and values, prompt") // 3
        assert total("peak") - before == pytest.approx(joined, rel=0.1)
        own = 48 * 4 * planned.kv_per_token
        assert part(planned, "keys and values, candidates") == joined + own


def test_agents_who_heard_the_same_share_one_prefix_and_others_are_kept_within_the_budget():
    shape = ldcc()
    trunk = 2048 * 819_200
    kept = [
        part(plan(shape, replace(LDCC, agents=n, budget=3 * trunk)), "keys and values, other agents")
        for n in (1, 2, 4, 9)
    ]
    assert kept == [0, trunk, 3 * trunk, 3 * trunk]
    assert part(plan(shape, replace(LDCC, agents=4, budget=0)), "keys and values, other agents") == trunk
    roomy = on_gpu(shape, replace(LDCC, agents=9), 24 * GIB)
    assert 8 * GIB < roomy.budget < 9 * GIB


def test_a_model_of_32_bits_stays_wide_on_a_cpu_only():
    shape = of(letters_llama().config)
    assert not shape.half
    assert [plan(shape, Load(gpu=gpu)).kv_per_token for gpu in (True, False)] == [256, 512]
    assert [plan(replace(shape, half=True), Load(gpu=gpu)).kv_per_token for gpu in (True, False)] == [256, 256]


def test_what_does_not_fit_is_told_how_it_would():
    shape, card = ldcc(), Room("card", 10 * GIB, gpu=True)
    wished = on_gpu(shape, Load(context=4096, agents=3, quantisation="bf16"), card.free)
    assert plan(shape, wished).total > 3 * card.free
    load, found = cheaper(shape, wished, card)
    assert (load.quantisation, load.agents, load.context, load.candidates) == ("nf4", 1, 1024, 4)
    assert found.total <= card.free
    assert cheaper(shape, wished, Room("card", 6 * GIB, gpu=True)) is None


def test_the_embedded_model_is_planned_from_its_header():
    shape, adapter = shape_of(ModelConfig.parse("embedded"))
    assert (shape.layers, shape.hidden, shape.kv_heads, shape.head, shape.vocabulary) == (18, 640, 1, 256, 17_410)
    assert embedded_weights().stat().st_size - 2_000_000 < shape.stored < embedded_weights().stat().st_size
    assert adapter == drama_adapter().stat().st_size
    assert shape_of(ModelConfig.parse("embedded:base"))[1] == 0
    assert part(plan_file(shape, 8192, adapter), "keys and values") == 8192 * 18 * 2 * 256 * 2


def test_free_memory_is_what_the_kernel_says():
    free = int(
        next(r for r in Path("/proc/meminfo").read_text().splitlines() if r.startswith("MemAvailable")).split()[1]
    )
    room = this_machine(gpu=False)
    assert room.name == "RAM"
    assert room.free == pytest.approx(free * 1024, rel=0.2)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"model_type": "mixtral"}, ("mixtral", "llama")),
        ({"model_type": "gemma3", "text_config": {}}, ("gemma3", "cannot be planned")),
        ({"model_type": "llama", "num_hidden_layers": 2}, ("hidden_size", "config.json")),
        ({"model_type": "llama", "num_hidden_layers": "둘"}, ("둘", "config.json")),
        (["llama"], ("config.json", "folder")),
        ({}, ("None", "cannot be planned")),
    ],
)
def test_a_configuration_that_cannot_be_planned_is_named(tmp_path, config, words):
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelError) as found:
        shape_of(ModelConfig.parse(f"hf:{tmp_path}"))
    for word in (*words, str(tmp_path)):
        assert word in str(found.value)
    assert len(str(found.value).splitlines()) == 1


@pytest.mark.parametrize("text", ["", "대본", "GGUF", "GGUF\3\0\0\0" + "\0" * 16])
def test_a_file_that_is_no_gguf_is_named(tmp_path, text):
    path = tmp_path / "모델.gguf"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"모델\.gguf: not a GGUF file"):
        Shape.of_gguf(path)


def test_a_context_beyond_the_model_is_refused():
    with pytest.raises(UsageError, match="4096 tokens at most"):
        plan(ldcc(), replace(LDCC, context=4097))
    with pytest.raises(UsageError, match="32768 tokens at most"):
        plan_file(shape_of(ModelConfig.parse("embedded"))[0], 40_000, 0)

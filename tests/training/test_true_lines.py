"""Which line comes next: the choices are of one speaker and scene, and the likeliest is the one that a model alone finds so."""

import pytest

from tests.tiny import tiny_llama
from training.corpus import read_scene
from training.gather import CORPUS
from training.pairs import APART
from training.true_lines import OPTIONS, Choice, choices, picks

torch = pytest.importorskip("torch")
SCENES = [read_scene(sorted(CORPUS.glob("*.yaml"))[at]) for at in (0, 40, 300)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    text = "\n".join(line.text for scene in SCENES for line in scene.lines)
    folder = tiny_llama(tmp_path_factory.mktemp("tiny"), text)
    return AutoModelForCausalLM.from_pretrained(folder).float().eval(), AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_the_wrong_lines_are_later_ones_of_the_same_speaker(scene):
    found = choices(scene, 100)
    assert found and found == choices(scene, 100)
    assert set(choices(scene, 2)) <= set(found) and len(choices(scene, 2)) == min(2, len(found))
    places = {f" {line.text}\n": at for at, line in enumerate(scene.lines) if line.speaker}
    for choice in found:
        true, *others = (places[option] for option in choice.options)
        assert len({true, *others}) == OPTIONS and min(others) > true + APART
        assert len({scene.lines[at].speaker for at in (true, *others)}) == 1
        assert choice.prompt.endswith(f"{scene.lines[true].speaker}:")
        before = [line.text for line in scene.lines[:true] if line.speaker]
        assert all(text in choice.prompt for text in before)


def test_what_is_picked_is_what_each_line_alone_would_have_won(tiny):
    from model.huggingface import pieces_ids

    model, tokenizer = tiny
    judged = []
    for choice in [one for scene in SCENES for one in choices(scene, 6)]:
        worth = []
        for option in choice.options:
            ids = [tokenizer.bos_token_id, *tokenizer.encode(choice.prompt, add_special_tokens=False)]
            added = pieces_ids(tokenizer, option)
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                logits = model(input_ids=torch.tensor([[*ids, *added]])).logits[0, len(ids) - 1 : -1].float()
            nats = torch.nn.functional.cross_entropy(logits, torch.tensor(added), reduction="sum")
            worth.append(float(nats) / len(added) ** 0.5)
        first, second = sorted(worth)[:2]
        if second - first > 0.05 * abs(first) / 10:  # nearer than rounding says nothing
            judged.append(picks(model, tokenizer, choice) == (worth[0] == first))
    assert len(judged) >= 8 and all(judged)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_of_four_lines_one_is_picked_wherever_it_stands(tiny, scene):
    model, tokenizer = tiny
    for found in choices(scene, 2):
        turned = [found.options[at:] + found.options[:at] for at in range(OPTIONS)]
        assert sum(picks(model, tokenizer, Choice(found.prompt, options)) for options in turned) == 1

"""A role with an adapter of its own: loaded by the model's name, spoken through in play, named in the take, refused with the remedy."""

import json

import pytest

from daebon.runner import Order, on_stage, settled
from emotion.measure import LexiconEmotion
from model import ModelConfig, Sampling, load_chat_model
from model.load import digest
from model.scripted import ScriptedModel
from scenarios import load_scenario
from tests.conftest import FILES
from tests.model.test_server import good, serving
from tests.tiny import taught, tiny_adapter, tiny_llama
from transcript.errors import ModelError, UsageError
from transcript.store import RunStore

TEXT = "소라: 상자는 저쪽에 둬.\n태오: 이 전등은 떼도 돼요?\n"
COLD = Sampling(temperature=0, max_tokens=12)


def said(model, prompt="S#1. 빈 거실 / 오후\n\n태오:"):
    return model.propose(prompt, 1, seed=0, sampling=COLD).completions[0].text


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return a tiny base and two adapters of it."""
    pytest.importorskip("bitsandbytes")
    base = taught(tiny_llama(tmp_path_factory.mktemp("base"), TEXT), TEXT)
    return base, *(tiny_adapter(base, tmp_path_factory.mktemp(f"adapter{seed}"), seed) for seed in (0, 1))


def test_each_role_speaks_through_its_own_adapter_and_the_rest_through_the_model_s(folders):
    base, first, second = folders
    name = f"hf:{base},태오={first},닥터.김={second},소라={first}"
    model = load_chat_model(ModelConfig.parse(name))
    alone = {adapter: said(load_chat_model(ModelConfig.parse(f"hf:{adapter}"))) for adapter in (first, second)}
    assert len(model.adapters) == 2  # the one that two roles have is loaded once
    for role, adapter in (("태오", first), ("닥터.김", second), ("소라", first), ("태오", first)):
        assert said(model.voice(role)) == alone[adapter], role
    assert said(model.voice("민수")) == said(model) not in alone.values()
    assert model.voice("태오").adapter_sha256 == model.voice("소라").adapter_sha256 != model.adapter_sha256 == ""


def test_a_model_that_is_an_adapter_itself_keeps_it_for_the_other_roles(folders):
    _, first, second = folders
    model = load_chat_model(ModelConfig.parse(f"hf:{first},default={second}"))
    alone = [said(load_chat_model(ModelConfig.parse(f"hf:{adapter}"))) for adapter in (first, second)]
    assert [said(model.voice("소라")), said(model.voice("default"))] == alone


def test_an_adapter_that_is_not_there_or_of_another_base_is_named_with_the_role(folders, tmp_path):
    base, first, _ = folders
    with pytest.raises(ModelError, match=r"adapter 'of 태오' \(/없음\): is no PEFT adapter; give the folder"):
        load_chat_model(ModelConfig.parse(f"hf:{base},태오=/없음"))
    other = taught(tiny_llama(tmp_path / "other", TEXT), TEXT, steps=1)
    stranger = tiny_adapter(other, tmp_path / "stranger", 3)
    with pytest.raises(
        ModelError, match=r"adapter 'of 태오' .*: was trained on another base .*; load it with its base"
    ):
        load_chat_model(ModelConfig.parse(f"hf:{base},태오={stranger}"))
    assert load_chat_model(ModelConfig.parse(f"hf:{base},태오={first}")).adapters


def test_what_tells_the_weights_from_others_counts_the_adapters_of_roles(folders):
    base, first, second = folders
    names = [f"hf:{base}", f"hf:{base},태오={first}", f"hf:{base},태오={second}", f"hf:{base},태오=/없음"]
    digests = [digest(ModelConfig.parse(name)) for name in names]
    assert len(set(digests)) == 4 and digests[-1] == ""


def test_a_server_is_asked_by_the_name_of_the_role_s_adapter():
    with serving(good) as server:
        model = load_chat_model(ModelConfig.parse(f"server:{server.path},태오=taeo"))
        for role in ("소라", "태오"):
            said(model.voice(role))
        asked = [body["model"] for _, body in server.asked if body.get("max_tokens") == COLD.max_tokens]
        model.close()
    assert asked == ["m", "taeo"]


class Troupe(ScriptedModel):
    """Lines of its own for 태오, in place of an adapter."""

    def voice(self, role):
        if role != "태오":
            return self
        found = ScriptedModel(lines={"*": ["소라 누나, 열쇠 못 봤어요?", "누나, 그 상자는 뭐예요?"]})
        found.adapter_sha256 = "a" * 64
        return found


def test_a_take_is_played_through_the_voices_and_names_them(tmp_path):
    scenario = load_scenario(FILES / "둘.yaml")
    take = settled(Order("둘", tmp_path, "hf:base,태오=taeo", seed=3), scenario)
    store = RunStore(tmp_path / "daebon.sqlite")
    store.create("take", scenario.title, tmp_path / "take", scenario.to_dict(), take)
    with on_stage(
        store,
        store.run("take"),
        6,
        Troupe(lines={"*": ["상자는 저쪽에 둬.", "커튼은 두고 갈 거야."]}),
        LexiconEmotion(),
    ) as played:
        played.start(3, [], person=False)
        for _ in played.play():
            pass
        turns = played.transcript().turns
    said = {(turn.speaker, one.text) for turn in turns for one in turn.candidates}
    assert {name for name, text in said if "열쇠 못" in text or "뭐예요" in text} == {"태오"}
    assert {name for name, text in said if "커튼" in text or "저쪽" in text} == {"소라"}
    assert store.run("take").take["adapters"] == {"태오": "a" * 64}
    with (
        pytest.raises(ModelError, match="other weights"),
        on_stage(store, store.run("take"), 6, ScriptedModel(lines={"*": ["그래."]}), LexiconEmotion()),
    ):
        pass
    store.close()


def test_a_role_that_is_not_in_the_cast_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"민수=run: no such role; the cast is 소라, 태오"):
        settled(Order("둘", tmp_path, "hf:base,민수=run"), load_scenario(FILES / "둘.yaml"))


def test_the_model_of_a_scenario_may_name_them_too(tmp_path):
    file = tmp_path / "빈집.yaml"
    file.write_text((FILES / "둘.yaml").read_text("utf-8") + "model: 'ldcc,태오=run-taeo'\n", encoding="utf-8")
    scenario = load_scenario(file)
    assert json.loads(json.dumps(settled(Order("빈집", tmp_path), scenario)))["model"].endswith(",태오=run-taeo")

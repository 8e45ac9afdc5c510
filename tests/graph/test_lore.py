"""Lore goes through the whole graph: into the prompt of the role that has it, while its key is among the lines they heard."""

from pathlib import Path

from model.scripted import ScriptedModel
from tests.conftest import FILES
from tests.graph.test_take import LINES, turns

LORE = "    로어북: [{열쇠말: [커튼], 내용: 커튼 뒤에 열쇠 자국이 있다., 범위: 2}]\n"
SAID = "아는 것 커튼 뒤에 열쇠 자국이 있다"


class Heard(ScriptedModel):
    """A scripted model that keeps its prompts."""

    prompts: list[str] = []  # noqa: RUF012  (a pydantic field)

    def propose(self, prompt, n, **given):
        self.prompts.append(prompt)
        return super().propose(prompt, n, **given)


def test_lore_comes_up_for_its_role_only_and_goes_again(staged, tmp_path: Path):
    scenario = tmp_path / "둘.yaml"
    role = "    role: 짐을 나르는 사람\n"
    text = (FILES / "둘.yaml").read_text(encoding="utf-8")
    scenario.write_text(text.replace(role, role + LORE), encoding="utf-8")
    model = Heard(lines=LINES)
    take = staged(model, scenario)
    take.start(7, [], person=False)
    played = [turn for turn in turns(take) if turn.kind == "dialogue"]
    assert any("커튼" in turn.text for turn in played)
    asked = [prompt for prompt in model.prompts if SAID in prompt]
    assert asked
    for prompt in asked:
        tail = prompt.rpartition("[")[2]
        assert SAID in tail
        assert tail.startswith("태오. ")
        history = prompt.rpartition("[")[0].strip().splitlines()
        assert any("커튼" in line for line in history[-2:])
    mine = [prompt for prompt in model.prompts if prompt.rpartition("[")[2].startswith("태오. ")]
    assert len(mine) > len(asked)

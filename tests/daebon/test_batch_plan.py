"""A batch as a file and as a command: its combinations, its excludes, its keys in both languages, and what is refused."""

import jsonschema
import pytest
from ruamel.yaml import YAML

from daebon.batch.plan import Batch, Exclude, Matrix, batch_schema, jobs_of, read_batch
from tests.conftest import FILES
from transcript.errors import FileError, UsageError

HOUSE = str(FILES / "둘.yaml")


def variants(batch):
    return [(job.variant, job.take["seed"]) for job in jobs_of(batch)]


def test_scenarios_takes_models_and_settings_are_multiplied_and_excludes_taken_out(tmp_path):
    one, two = (f"scripted:{tmp_path / name}" for name in ("하나.json", "둘.json"))
    matrix = Matrix(model=(one, two), candidates=(1, 4), steer=(True, False))
    batch = Batch(scenarios=(HOUSE,), takes=3, seed=10, matrix=matrix)
    assert len(variants(batch)) == 3 * 2 * 2 * 2
    rules = (Exclude(model=two, candidates=4), Exclude(steer=False, candidates=1))
    left = variants(Batch(scenarios=(HOUSE,), takes=3, seed=10, matrix=matrix, exclude=rules))
    assert left == [
        (f"{model} {words}", seed)
        for model, words in [(one, "candidates=1"), (one, "candidates=4"), (one, "candidates=4 no steer"), (two, "candidates=1")]
        for seed in (10, 11, 12)
    ]  # fmt: skip


def test_a_take_is_recognised_by_what_makes_it_and_by_nothing_else(tmp_path):
    script = tmp_path / "대사.json"
    script.write_text('{"lines": {"*": ["그래."]}}', encoding="utf-8")
    house = (FILES / "둘.yaml").read_text(encoding="utf-8")
    scenario = tmp_path / "빈집.yaml"

    def key(text=house, **settings):
        scenario.write_text(text, encoding="utf-8")
        matrix = Matrix(model=(f"scripted:{script}",), **settings)
        return jobs_of(Batch(scenarios=(str(scenario),), seed=3, matrix=matrix))[0].key

    same = key()
    assert key(house + "\n# 주석은 대본을 바꾸지 않는다\n") == same
    assert key(house.replace("상자 하나만 남은 거실.", "상자 둘만 남은 거실.")) != same
    assert key(candidates=(1,)) != same
    assert key(steer=(False,)) != same
    assert key(turns=(5,)) != same
    script.write_text('{"lines": {"*": ["아니."]}}', encoding="utf-8")
    assert key() != same


def test_the_same_take_asked_for_twice_is_one(tmp_path):
    script = f"scripted:{tmp_path / '대사.json'}"
    batch = Batch(scenarios=(HOUSE, HOUSE), takes=2, seed=1, matrix=Matrix(model=(script, script)))
    assert len(jobs_of(batch)) == 2


KOREAN = """시나리오: [이야기.yaml, 바다]
테이크: 2
시드: 5
조합:
  모델: [embedded, embedded:base]
  후보: [1, 4]
제외:
  - {시나리오: 바다, 모델: embedded:base}
상위: 1
"""
ENGLISH = """scenarios: [이야기.yaml, 바다]
takes: 2
seed: 5
matrix: {model: [embedded, embedded:base], candidates: [1, 4]}
exclude: [{scenario: 바다, model: embedded:base}]
keep_best: 1
"""


def test_a_batch_file_is_read_in_both_languages_and_its_paths_from_its_folder(tmp_path, monkeypatch):
    (tmp_path / "이야기.yaml").write_text((FILES / "둘.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    found = []
    for text in (KOREAN, ENGLISH):
        (tmp_path / "묶음.yaml").write_text(text, encoding="utf-8")
        found.append(read_batch(tmp_path / "묶음.yaml"))
        jsonschema.validate(YAML(typ="safe", pure=True).load(text), batch_schema())
    assert found[0] == found[1]
    monkeypatch.chdir(tmp_path.parent)
    jobs = jobs_of(found[0])
    assert len(jobs) == (4 + 2) * 2
    assert {job.scenario.title for job in jobs if job.take["model"] == "embedded:base"} == {"빈집"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("scenarios: [바다]\ntake: 3\n", 2, "takes"),
        ("scenarios: [바다]\n조합: {후보: [9]}\n", 2, "8 or less"),
        ("scenarios: []\n", 1, "one entry or more"),
        ("takes: 2\n", 1, "scenarios"),
        ("scenarios: [바다]\nmatrix:\n  steer: [예]\n", 3, "true or false"),
        ("scenarios: [바다]\n시나리오: [세초]\n", 2, "keep one of the two"),
    ],
)
def test_a_fault_in_a_batch_file_is_named_with_its_place(tmp_path, text, line, words):
    path = tmp_path / "묶음.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match=words) as caught:
        read_batch(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert "\n" not in str(caught.value)


def test_a_role_of_a_person_an_exclude_without_effect_and_an_empty_batch_are_refused(tmp_path):
    person = tmp_path / "사람.yaml"
    person.write_text(
        "title: 면접\ncast: [{persona: {name: 태오}, play: human}, {name: 소라}]\nscenes: [{beats: [{goal: 묻는다}]}]\n",
        encoding="utf-8",
    )
    with pytest.raises(UsageError, match="태오 is played by a person"):
        jobs_of(Batch(scenarios=(str(person),)))
    with pytest.raises(UsageError, match=r"exclude\[0\] fits no combination"):
        jobs_of(Batch(scenarios=(HOUSE,), exclude=(Exclude(candidates=7),)))
    with pytest.raises(UsageError, match="every combination is excluded"):
        jobs_of(Batch(scenarios=(HOUSE,), exclude=(Exclude(steer=True),)))
    with pytest.raises(UsageError, match="unknown model"):
        jobs_of(Batch(scenarios=(HOUSE,), matrix=Matrix(model=("gpt",))))

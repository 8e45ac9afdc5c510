"""`daebon persona` and `daebon scenario new | check` as a writer uses them: findings, cards, talks, drafts, extraction."""

import json
import os
import subprocess
import sys
import time
from itertools import pairwise

import pytest
from typer.testing import CliRunner

from benchmarks.extract.marked import MARKED, read_marked
from benchmarks.extract.printers import PRINTERS
from daebon import messages
from daebon.cli import app
from model.scripted import ScriptedModel
from scenarios import load_persona, load_scenario
from scenarios.library import find
from tests.daebon.test_cli import ROOT
from transcript.errors import DaebonError, FileError, Interrupted, UsageError
from transcript.turn import Turn

BROKEN = """\
이름: 지은
별칭: [지은, 윤 작가]
나이: 29
역할: 내일 첫차로 떠나는 작가
비밀: [지은은 내일 첫차로 떠난다]
말투:
  높임: 해요체
  예문:
    - 밥은 먹었냐?
"""
JIEUN = find("바다").parent / "personas" / "지은.yaml"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that runs a command in a folder of its own, with lines typed into a pipe."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")

    def go(*args, typed="", fails=None):
        done = CliRunner().invoke(app, list(map(str, args)), input=typed)
        if fails is None:
            if done.exception and not isinstance(done.exception, SystemExit):
                raise done.exception
        else:
            assert isinstance(done.exception, fails), done.exception or done.output
        return done

    yield go
    messages.use("en")


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.json"
    lines = {
        "지은": ["등대가 참 느리게 도네요.", "그냥요, 오늘은 걷고 싶었어요.", "바다는 여전히 말이 없어요."],
        "*": ["…"],
    }
    path.write_text(json.dumps({"lines": lines}, ensure_ascii=False), encoding="utf-8")
    return f"scripted:{path}"


def played(staged, model, scenario):
    """Play three turns of a scenario."""
    take = staged(model, scenario, limit=3)
    take.start(7, [], person=False)
    return [step for step in take.play() if isinstance(step, Turn)]


def test_check_finds_everything_with_file_line_and_key(run, tmp_path):
    (tmp_path / "지은.yaml").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "하린.yaml").write_text("name: 하린\naliases: [윤 작가]\n", encoding="utf-8")
    done = run("persona", "check", tmp_path / "지은.yaml")
    assert done.exit_code == 1
    rows = done.stdout.splitlines()
    file = tmp_path / "지은.yaml"
    for head in (
        f"error: {file}:4: 역할: everybody reads this",
        f"error: {file}:9: 말투.예문[0]: “밥은 먹었냐?” is 해라체",
        f"error: {file}:2: 별칭[1]: 윤 작가 is also a name or alias of 하린",
        f"warning: {file}:2: 별칭[0]: the alias 지은 is the name itself",
        f"warning: {file}:8: 말투.예문: 1 example lines",
    ):
        assert any(row.startswith(head) for row in rows), (head, done.stdout)


def test_check_tells_every_fault_of_the_schema(run, tmp_path):
    file = tmp_path / "나쁨.yaml"
    file.write_text("name: 지은\ntalkativeness: 3\nvoice: {level: 반말}\nhobby: 등산\n", encoding="utf-8")
    done = run("persona", "check", file)
    assert done.exit_code == 1
    assert [row.split(":")[2].strip() for row in done.stdout.splitlines()] == ["2", "3", "4"]
    assert "the nearest is" in done.stdout


def test_check_of_a_shipped_persona_has_no_error_and_says_what_traits_do(run):
    done = run("persona", "check", JIEUN)
    assert done.exit_code == 0
    assert "error" not in done.stdout
    assert "쉽게 흔들린다" in done.stdout


def test_scenario_check_names_the_persona_file_of_a_contradiction(run, tmp_path):
    (tmp_path / "지은.yaml").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "극.yaml").write_text(
        "title: 극\ncast: [지은.yaml, {name: 민수}]\nscenes: [{beats: [{goal: 지은이 민수를 만난다}]}]\n",
        encoding="utf-8",
    )
    done = run("scenario", "check", tmp_path / "극.yaml")
    assert done.exit_code == 1
    assert f"error: {tmp_path / '지은.yaml'}:9: 말투.예문[0]" in done.stdout
    assert run("scenario", "check", "바다").exit_code == 0


def test_show_draws_a_card_and_prints_the_prompt_of_the_agent(run):
    card = run("persona", "show", JIEUN).stdout
    assert "서울에서 내려온 시나리오 작가" in card
    assert "████████░░" in card
    prompt = run("persona", "show", JIEUN, "--prompt", "--scenario", "바다").stdout
    assert prompt.startswith("제목: 바다")
    assert "[지은. 민수에게 해요체, 호칭 오빠." in prompt
    assert prompt.rstrip().endswith("지은:")
    assert "민수는 어제 해진호를 팔았다" not in prompt


def test_the_prompt_shown_is_the_one_the_play_sends(run, staged, scripted, monkeypatch):
    sent, propose = [], ScriptedModel.propose

    def heard(self, prompt, n, **options):
        sent.append(prompt)
        return propose(self, prompt, n, **options)

    monkeypatch.setattr(ScriptedModel, "propose", heard)
    played(staged, scripted({"*": ["그래, 왔네."]}, invent=True), find("바다"))
    first = next(prompt for prompt in sent if "[민수. " in prompt)
    shown = run("persona", "show", JIEUN.parent / "민수.yaml", "--prompt", "--scenario", "바다").stdout.rstrip("\n")
    assert first.split("[민수. ")[0] == shown.split("[민수. ")[0]
    assert first.endswith("\n민수:") or "\n민수: (" in first
    tail = first.split("[민수. ")[1]
    for part in shown.split("[민수. ")[1].split(" 말투 ")[0].rstrip(".").split(". "):
        assert part.rstrip(".") in tail


def test_talk_answers_and_remembers(run, script):
    done = run("persona", "talk", JIEUN, "--model", script, typed="왜 왔어요?\n\n  \n?!\n오늘은요?\n/끝\n셋째는 없다\n")
    rows = done.stdout.splitlines()
    assert [row for row in rows if row.startswith("지은: ")] == [
        "지은: 등대가 참 느리게 도네요.",
        "지은: 그냥요, 오늘은 걷고 싶었어요.",
    ]
    assert "ask something in words" in done.stderr


def test_talk_prefixes_only_grow():
    from agents.interview import prompt, world_of

    persona = load_persona(JIEUN)
    talk = [(f"{n}번째 질문이에요?", f"{n}번째 대답이에요.") for n in range(12)]
    asked = [prompt(persona, world_of(persona), talk[:n], "다음은요?", seed=1) for n in range(12)]
    for before, after in pairwise(asked):
        head = before.split("작가: 다음은요?")[0]
        assert after.startswith(head)


ANSWERS = [
    "지은",
    "29",
    "시나리오 작가",
    "윤 작가",
    "",
    "떠났다.",
    "용서",
    "붙잡힘",
    "내일 떠난다",
    "",
    "해요체",
    "짧다.",
    "",
]


def test_new_asks_field_by_field_and_writes_what_was_typed(run, tmp_path):
    typed = [
        *ANSWERS,
        "등대가 느려요.",
        "밥은 먹었냐?",
        "그냥 걸었어요.",
        "",
        "웃는다",
        "창밖을 본다.",
        "",
        "0.8",
        "둘",
        "",
        "",
        "",
        "",
        "0.3",
    ]
    done = run("persona", "new", typed="\n".join(typed) + "\n")
    persona = load_persona(tmp_path / "지은.yaml")
    assert (persona.name, persona.age, persona.aliases, persona.secret) == (
        "지은",
        "29",
        ("윤 작가",),
        ("내일 떠난다",),
    )
    assert persona.voice.examples == ("등대가 느려요.", "그냥 걸었어요.")
    assert persona.gestures == ("창밖을 본다.",)
    assert (persona.traits.openness, persona.talkativeness) == (0.8, 0.3)
    assert "해라체입니다" in done.stderr
    assert "ends in 다." in done.stderr
    assert "0에서 1 사이" in done.stderr
    assert done.stdout.strip() == "지은.yaml"
    assert not (tmp_path / "persona.draft.json").exists()


def test_the_questions_are_put_in_either_language(run, script):
    korean = run("persona", "new", "--from", "서른둘의 여자 등대지기", "--model", script, typed="\n" * 30)
    english = run(
        "persona", "new", "--from", "서른둘의 여자 등대지기", "--model", script, "--out", "other.yaml", "--lang", "en",
        typed="\n" * 30,
    )  # fmt: skip
    assert "다른 인물도 아는 한 줄" in korean.stderr and "the others know" not in korean.stderr
    assert "the others know" in english.stderr and "다른 인물도" not in english.stderr
    for how in ("from “서른둘의”", "guessed from the age", "chosen by the model among 14", "a text of the list"):
        assert how in english.stderr
    logline = "등대지기의 딸이 등대를 팔려는 동생을 말린다"
    asked = run(
        "scenario", "new", "--from", logline, "--model", script, "--lang", "en", typed="\n" * 60
    ).stderr  # fmt: skip
    assert "Arc of" in asked and "Structure, with the number of its beats: 기승전결 4" in asked
    assert sum(row.endswith("내렸다 오름") for row in asked.splitlines() if "cinderella" in row) >= 2  # both arcs
    labels = [row for row in asked.splitlines() if row.startswith(("Title", "Genre", "Person", "S#"))]
    assert len(labels) > 6
    run("persona", "new", "--lang", "fr", fails=UsageError)


def test_the_card_and_the_check_are_in_either_language(run):
    korean = run("persona", "show", JIEUN).stdout + run("persona", "check", JIEUN).stdout
    english = (
        run("persona", "show", JIEUN, "--lang", "en").stdout + run("persona", "check", JIEUN, "--lang", "en").stdout
    )
    for here, there in (("외향성", "Extraversion"), ("입버릇", "sayings"), ("예문 8줄", "example lines 8")):
        assert here in korean and there in english, (here, there)
        assert there not in korean


def test_a_draft_keeps_everything_and_goes_on(run, tmp_path):
    done = run("persona", "new", typed="지은\n29\n시나리오 작가\n윤 작가\n윤 기자\n", fails=Interrupted)
    assert "persona.draft.json" in done.stderr
    draft = json.loads((tmp_path / "persona.draft.json").read_text(encoding="utf-8"))
    assert draft["answers"] == {"name": "지은", "age": "29", "role": "시나리오 작가"}
    assert draft["typing"] == "윤 작가\n윤 기자\n"
    run("persona", "new", typed="\n" * 16)
    persona = load_persona(tmp_path / "지은.yaml")
    assert persona.aliases == ("윤 작가", "윤 기자")


def test_back_asks_again_and_offers_what_was_said(run, tmp_path):
    run("persona", "new", typed="지은\n서른\n/back\n\n" + "\n" * 20)
    assert load_persona(tmp_path / "지은.yaml").age == "서른"
    run("persona", "new", typed="하린\n서른\n/back\n스물\n" + "\n" * 20)
    assert load_persona(tmp_path / "하린.yaml").age == "스물"


def test_commands_are_korean_too_and_no_unknown_one_becomes_an_answer(run, tmp_path):
    done = run("persona", "new", "--lang", "en", typed="하린\n서른\n/뒤로\n/그만\n스물\n/건너뛰기\n" + "\n" * 20)
    assert "no command /그만 here; known are /retry /skip /back /quit" in " ".join(done.output.split())
    made = load_persona(tmp_path / "하린.yaml")
    assert (made.age, made.role) == ("스물", "")
    done = run("persona", "new", typed="지은\n/그만\n/끝\n", fails=Interrupted)
    assert "/다시 /건너뛰기 /뒤로 /끝" in " ".join(done.output.split())


def test_a_draft_survives_a_kill(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "LC_ALL": "ko_KR.UTF-8"}
    with subprocess.Popen(
        [sys.executable, "-m", "daebon", "persona", "new"],
        cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        process.stdin.write("지은\n스물아홉\n작가\n윤 작가\n")
        process.stdin.flush()
        assert any("별칭" in row for row in iter(process.stderr.readline, ""))
        draft, end = tmp_path / "persona.draft.json", time.monotonic() + 60
        while not draft.exists() or "윤 작가" not in draft.read_text(encoding="utf-8"):
            assert time.monotonic() < end, "the draft never held what was typed"
            time.sleep(0.02)
        process.kill()
    row = json.loads((tmp_path / "persona.draft.json").read_text(encoding="utf-8"))
    assert list(row["answers"].values()) == ["지은", "스물아홉", "작가"]
    assert row["typing"] == "윤 작가\n"


def test_nothing_is_written_over(run, tmp_path):
    (tmp_path / "지은.yaml").write_text("name: 지은\n", encoding="utf-8")
    run("persona", "new", "--out", "지은.yaml", fails=UsageError)
    done = run("persona", "new", typed="지은\n" + "\n" * 20, fails=UsageError)
    assert "draft stays" in str(done.exception)
    assert (tmp_path / "지은.yaml").read_text(encoding="utf-8") == "name: 지은\n"
    assert (tmp_path / "persona.draft.json").exists()
    (tmp_path / "persona.draft.json").write_text("[]", encoding="utf-8")
    run("persona", "new", fails=FileError)


def test_with_an_idea_enter_accepts_every_proposal(run, tmp_path, script):
    done = run("persona", "new", "--from", "서른둘의 여자 등대지기", "--model", script, typed="\n" * 30)
    persona = load_persona(tmp_path / done.stdout.strip())
    assert (persona.age, persona.role, persona.voice.level) == ("32", "서른둘의 여자 등대지기", "해요체")
    assert persona.want == "육지에서 하룻밤을 푹 자는 것"
    assert persona.name in persona.secret[0]
    assert len(persona.gestures) == 3
    for how in ("이름 목록에서", "“서른둘의”에서", "목록의 글", "나이에서 어림", "모델이 14가지에서 고름"):
        assert how in done.stderr
    other = run(
        "persona",
        "new",
        "--from",
        "서른둘의 여자 등대지기",
        "--model",
        script,
        "--out",
        "둘.yaml",
        typed="/retry\n/skip\n하린\n" + "\n" * 30,
    )
    assert load_persona(tmp_path / "둘.yaml").name == "하린", other.stderr


def test_a_new_scenario_checks_and_plays(run, tmp_path, script, staged, scripted):
    logline = "등대지기의 딸이 등대를 팔려는 동생을 말린다"
    (tmp_path / "하린.yaml").write_text(JIEUN.read_text(encoding="utf-8").replace("지은", "하린"), encoding="utf-8")
    typed = ["", "", "", "동해 등대", "", "", "", "혜원", "", "", "하린.yaml", "", "", "언니", "해체", "하린아", "2"]
    done = run("scenario", "new", "--from", logline, "--model", script, typed="\n".join(typed) + "\n" * 40)
    path = tmp_path / done.stdout.strip()
    scenario = load_scenario(path)
    assert (scenario.title, scenario.genre) == ("등대지기의 딸", "가족 드라마")
    assert [persona.name for persona in scenario.personas] == ["혜원", "하린"]
    assert len(scenario.scenes) in (2, 3)
    assert all("혜원" in beat.goal or "하린" in beat.goal for scene in scenario.scenes for beat in scene.beats)
    assert run("scenario", "check", path).exit_code == 0
    assert len(played(staged, scripted({"*": ["그래, 왔네."]}, invent=True), path)) == 3


def test_extract_writes_people_and_a_scenario_that_plays(run, tmp_path, staged, scripted):
    source = next(p for p in PRINTERS if p.__name__ == "word_table")(read_marked(MARKED / "01.txt"), tmp_path / "간판")
    done = run("persona", "extract", source, "--out", tmp_path / "나옴")
    paths = [tmp_path / row for row in done.stdout.splitlines() if row.endswith(".yaml")]
    assert [path.name for path in paths] == ["복순.yaml", "태경.yaml", "은재.yaml", "마지막 간판.yaml"]
    for words in ("해라체", "태경아", "은재 씨", "할머니"):
        assert words in done.stdout
    assert run("scenario", "check", paths[-1]).exit_code == 0
    assert all(run("persona", "check", path).exit_code == 0 for path in paths[:-1])
    assert len(played(staged, scripted({"*": ["그래, 왔네."]}, invent=True), paths[-1])) == 3
    run("persona", "extract", source, "--out", tmp_path / "나옴", fails=UsageError)
    only = run("persona", "extract", source, "--who", "은재", "--out", tmp_path / "하나")
    assert [row for row in only.stdout.splitlines() if row.endswith(".yaml")] == [
        str(tmp_path / "하나/personas/은재.yaml")
    ]
    wrong = run("persona", "extract", source, "--who", "은제", fails=DaebonError)
    assert "은재" in str(wrong.exception)


def test_ctrl_c_keeps_the_half_typed_answer_and_it_stands_there_again(tmp_path):
    pexpect = pytest.importorskip("pexpect")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
    environment |= {"PYTHONUTF8": "1", "LC_ALL": "ko_KR.UTF-8"}

    def begin():
        return pexpect.spawn(
            sys.executable, ["-m", "daebon", "persona", "new"],
            cwd=str(tmp_path), env=environment, encoding="utf-8", timeout=180, dimensions=(40, 100),
        )  # fmt: skip

    first = begin()
    first.expect("이름")
    first.expect("25h")
    first.send("지은\r")
    first.expect("나이")
    first.expect("25h")
    first.send("스물아")
    first.expect("스물아")
    first.sendintr()
    first.expect("초안을 두었습니다")
    first.expect(pexpect.EOF)
    first.close()
    assert first.exitstatus == 130
    row = json.loads((tmp_path / "persona.draft.json").read_text(encoding="utf-8"))
    assert (row["answers"], row["typing"]) == ({"name": "지은"}, "스물아")
    again = begin()
    again.expect("스물아")
    again.expect("25h")
    again.send("홉\r")
    again.expect("역할")
    again.expect("25h")  # the prompt stands; before, the terminal itself would swallow Ctrl-D
    again.sendeof()
    again.expect(pexpect.EOF)
    row = json.loads((tmp_path / "persona.draft.json").read_text(encoding="utf-8"))
    assert row["answers"]["age"] == "스물아홉"

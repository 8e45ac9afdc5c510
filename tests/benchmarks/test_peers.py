"""The peers of `benchmarks.peers`: what each is sent, how its text becomes lines, and that planted faults are counted."""

import json
from itertools import count

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from pydantic import Field

from agents.character import SAMPLING
from benchmarks.peers import limit, quality, speed
from benchmarks.peers.__main__ import main
from benchmarks.peers.prompts import Written, line, request, script, system, task
from benchmarks.peers.tables import limits, paces
from benchmarks.peers.voices import Said, through_langchain, through_pipeline, timed
from benchmarks.peers.ways import Frame, Row, acted, plain, robin, written
from model.base import Completion, Proposal, StageModel
from scenarios import find, load_scenario
from tests.tiny import tiny_llama
from transcript.record import read_transcript

SEA = load_scenario(find("바다"))
PLACES = ((1, 1), (1, 1), (1, 2), (2, 1), (2, 3))


@pytest.fixture
def frame():
    return Frame(SEA, 3, (0, 1), PLACES, 60)


@pytest.fixture
def few_lines(monkeypatch):
    """Have the history filled with a few lines: the corpus takes seconds to read."""
    lines = ("배가 안 떠.", "밥은 먹고 다녀요?", "저 내일 서울에 없어요.")
    monkeypatch.setattr(speed, "corpus_lines", lambda: lines)
    return lines


class Ear:
    """A voice that says the next of its lines and keeps what it was asked."""

    def __init__(self, *lines):
        self.lines, self.heard = lines, []

    def __call__(self, messages, seed, most, stop=()):
        self.heard.append((list(messages), seed, most, tuple(stop)))
        return Said(self.lines[(len(self.heard) - 1) % len(self.lines)], 40, 7, 0.5, 0.4)


# --- prompts ----------------------------------------------------------------------------------------------------------


def test_an_agent_reads_its_own_secret_and_level_and_nobody_elses():
    minsu, jieun = (system(persona, SEA.relations) for persona in SEA.personas)
    assert minsu.startswith("당신은 민수입니다.") and "지은에게 해체로 말합니다, 부를 때는 지은아." in minsu
    assert "민수에게 해요체로 말합니다" in jieun and "해요체" not in minsu
    for persona, own, other in zip(SEA.personas, (minsu, jieun), (jieun, minsu), strict=True):
        assert persona.secret and all(secret in own and secret not in other for secret in persona.secret)
        assert all(example.rstrip(".") in own for example in persona.voice.examples)


def test_every_peer_is_told_the_plot():
    goals = [beat.goal for scene in SEA.scenes for beat in scene.beats]
    assert all(goal in task(SEA) and goal in request(SEA) for goal in goals)


def test_the_request_asks_in_the_template_and_begins_the_script():
    asked = request(SEA)
    assert asked.startswith("### Prompt:\n바다: ")
    assert "대본 작성해줘\n\n### Answer:\nS#1. 방파제 / 해 질 녘\n노을 진 방파제를" in asked
    assert asked.endswith("밧줄 앞에서 멈춘다.\n민수:")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (" 왔네.", Written("왔네.", "민수")),
        (" (고개를 돌리며) 왔네.\n지은: 네.", Written("왔네.", "민수", "고개를 돌리며")),
        ("(고개를 돌리며)", Written("(고개를 돌리며)", "민수")),  # no line behind it: what is left is residue
        ("", Written("", "민수")),
    ],
)
def test_a_line_is_the_first_row(text, found):
    assert line(text, "민수") == found


def test_a_script_falls_into_lines():
    text = "\n".join(
        [
            "민수: (밧줄을 감으며) 왔네.",
            "지은(웃으며)： 네, 왔어요.",
            "선장: 소주 한 병 받아라.",
            "",
            "S#2. 갑판 / 밤",
            "지은이 밧줄을 놓는다.",
            "그게 다야?",
            "### Prompt:",
            "민수: 밥은 먹고 다",
        ]
    )
    lines = [
        Written("왔네.", "민수", "밧줄을 감으며"),
        Written("네, 왔어요.", "지은", "웃으며"),
        Written("소주 한 병 받아라.", "선장"),
        Written("지은이 밧줄을 놓는다.", None),
        Written("그게 다야?", ""),
        Written("### Prompt:", ""),
    ]
    assert script(text, ended=False) == lines
    assert script(text, ended=True) == [*lines, Written("밥은 먹고 다", "민수")]
    assert script("민수: 왔", ended=False) == [Written("왔", "민수")]


# --- ways -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [plain, robin])
def test_agents_speak_in_turn_and_are_sent_the_whole_chat(way, frame):
    lines = ["거기 밧줄 밟지 마.", "네, 왔어요.", "오래 걸렸네."]
    ear = Ear(*(f" {text}\n" for text in lines))
    rows = acted(frame, way(SEA, ear, 3))
    said = [row.line for row in rows if row.by == "model"]
    assert said == [
        Written(text, name)
        for text, name in zip([*lines, *lines[:2]], ["민수", "지은", "민수", "민수", "지은"], strict=True)
    ]
    assert [str(row) for row in rows if str(row).startswith("S#")] == [
        "S#1. 방파제 / 해 질 녘",
        "S#2. 해진호 갑판 / 밤",
    ]
    for at, (messages, _, most, stop) in zip([n for n, row in enumerate(rows) if row.said], ear.heard, strict=True):
        name = rows[at].line.speaker
        persona = next(persona for persona in SEA.personas if persona.name == name)
        assert messages == [system(persona, SEA.relations), task(SEA), *map(str, rows[:at]), f"{name}:"]
        assert (most, stop) == (SAMPLING.max_tokens, ("\n",))
    assert len({seed for _, seed, _, _ in ear.heard}) == len(PLACES)


def test_a_script_is_one_call_with_the_tokens_of_our_take(frame):
    ear = Ear(" 거기 밧줄 밟지 마.\n지은: 네, 왔어요.\n민수: 오래")
    rows = written(frame, ear)
    assert ear.heard == [([request(SEA)], 3, 60, ())]
    assert [row.line for row in rows if row.by == "model"] == [
        Written("거기 밧줄 밟지 마.", "민수"), Written("네, 왔어요.", "지은"), Written("오래", "민수"),
    ]  # 7 of 60 tokens: it ended by itself  # fmt: skip
    assert sum(row.said is not None for row in rows) == 1


# --- voices -----------------------------------------------------------------------------------------------------------


class Canned(StageModel):
    """A model that keeps how it was asked."""

    asked: list = Field(default_factory=list)

    @property
    def _llm_type(self):
        return "canned"

    def propose(self, prompt, n, *, seed, sampling, stop=(), on_token=None):
        self.asked.append((prompt, n, seed, sampling, tuple(stop)))
        return Proposal((Completion(" 왔네."),), 31, 4, 0.1)

    def score(self, prompt, options):
        raise NotImplementedError


def test_our_runtime_is_asked_through_langchain_and_tells_its_cost():
    model = Canned()
    said = through_langchain(model)(["당신은 민수입니다.", "S#1. 방파제", "민수:"], 5, 9, ("\n",))
    assert (said.text, said.prefilled, said.decoded) == (" 왔네.", 31, 4) and said.seconds > 0
    ((prompt, n, seed, sampling, stop),) = model.asked
    assert (prompt, n, seed, stop) == ("당신은 민수입니다.\nS#1. 방파제\n민수:", 1, 5, ("\n",))
    assert (sampling.temperature, sampling.max_tokens) == (SAMPLING.temperature, 9)
    assert (sampling.top_p, sampling.min_p, sampling.dry) == (SAMPLING.top_p, SAMPLING.min_p, SAMPLING.dry)


def test_a_model_that_tells_no_cost_is_no_runtime_of_ours():
    with pytest.raises(KeyError):
        through_langchain(FakeListChatModel(responses=["왔네."]))(["당신은 민수입니다.", "민수:"], 1, 9)


def test_the_pipeline_ends_at_a_stop_and_reads_all_of_its_prompt(tmp_path):
    pytest.importorskip("langchain_huggingface")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = tiny_llama(tmp_path, "민수: 왔네.\n지은: 네, 왔어요.\n")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    voice = through_pipeline(AutoModelForCausalLM.from_pretrained(folder).eval(), tokenizer)
    prompt = ["민수: 왔네.", "지은:"]
    whole = voice(prompt, 1, 30)
    assert whole.decoded == 30 and not whole.text.startswith("민수")
    assert whole.prefilled == len(tokenizer.encode("\n".join(prompt)))
    letter = next(letter for letter in whole.text if letter.isascii() and letter.isprintable())
    stopped = voice(prompt, 1, 30, (letter,))
    assert stopped.text == whole.text.partition(letter)[0] and stopped.decoded < 30
    assert voice(prompt, 2, 30).text != whole.text == voice(prompt, 1, 30).text


# --- quality ----------------------------------------------------------------------------------------------------------


def kept(frame, tmp_path, *lines):
    path = tmp_path / "바다-3" / "transcript.json"
    rows = [Row(Written("노을 진 방파제를 파도가 때린다.", None), by="scenario"), *(Row(one) for one in lines)]
    quality.keep(frame, rows, "plain, base", path)
    return path


def test_our_take_is_the_frame_of_its_peers(tmp_path):
    rows = [
        Row(Written("S#1. 방파제 / 해 질 녘", None), by="scenario"),
        Row(Written("왔네.", "민수")),
        Row(Written("네, 왔어요.", "지은")),
    ]
    path = tmp_path / "transcript.json"
    quality.keep(Frame(SEA, 9, (0, 1), ((1, 1), (2, 2)), 0), rows, "embedded", path)
    found = quality.frame(path, len)
    assert found == Frame(SEA, 9, (0, 1), ((1, 1), (2, 2)), len("민수: 왔네.\n지은: 네, 왔어요.\n"))
    assert [turn.kind for turn in read_transcript(path).turns] == ["transition", "dialogue", "dialogue"]


def test_planted_faults_are_counted(frame, tmp_path):
    path = kept(
        frame,
        tmp_path,
        Written("거기 밧줄 밟지 마.", "민수"),
        Written("민수: 저 내일 첫차로 떠나요.", "지은"),  # a tag, and her secret in the first beat
        Written("거기 밧줄을 밟지 마.", "민수"),  # a near-copy
        Written("등대가 저렇게 천천히", "선장"),  # cut off, by nobody of the cast
        Written("뭐라고요?", ""),
    )
    found = quality.figures([path], {"r": lambda texts: [0.0] * len(texts)}, {"levels": quality.guarded})
    assert (found["lines"], found["known"], found["secrets"]) == (5, pytest.approx(3 / 5), 1)
    assert (found["residue"], found["cut"], found["copies"]) == tuple(pytest.approx(n / 5) for n in (1, 1, 1))
    assert found["hangul"] == 1.0 and 0 < found["distinct"] <= 1


def test_a_level_is_the_one_wanted_in_that_beat(tmp_path):
    wanted = quality.levels_at(SEA, (0, 1))
    assert [wanted[place]["민수", "지은"] for place in ((1, 1), (2, 2), (2, 3), (2, 4))] == [
        "해체",
        "해체",
        "해요체",
        "해체",
    ]
    frame = Frame(SEA, 3, (0, 1), ((1, 1), (1, 1), (1, 1), (2, 3), (2, 3)), 0)
    path = kept(
        frame,
        tmp_path,
        Written("거기 밧줄 밟지 마.", "민수"),
        Written("네, 왔어요.", "지은"),
        Written("오늘은 배가 늦어요.", "민수"),  # 해체 is wanted here
        Written("이제 그만 내리세요.", "민수"),  # and 해요체 here
        Written("첫차.", "지은"),  # a fragment carries no ending
    )
    assert quality.levels([read_transcript(path)], quality.guarded) == [1.0, 1.0, 0.0, 1.0]


def test_the_plan_is_the_beats_own(tmp_path):
    places = tuple((1, beat) for beat in (1, 2, 3) for _ in range(4))
    names = ["민수", "지은"] * 6
    path = kept(
        Frame(SEA, 3, (0, 1), places, 0), tmp_path, *(Written(f"{n}번 배가 와.", name) for n, name in enumerate(names))
    )
    lines = list(quality.planned(read_transcript(path), "take"))
    assert len(lines) == 12 and len({line.planned for line in lines if line.speaker == "민수"}) == 3
    follows = {line.text: 0.5 * line.planned for line in lines}
    for judge, r in ((follows.__getitem__, 1.0), (lambda text: -follows[text], -1.0)):
        found = quality.figures([path], {"r": lambda texts, judge=judge: [judge(text) for text in texts]}, {})
        assert (found["r"], found["arcs"]) == (pytest.approx(r), 2)


# --- speed ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("few_lines")
@pytest.mark.parametrize("way", ["plain", "robin"])
def test_the_last_turns_before_a_mark_are_timed(way):
    seconds = count(1)
    prompts = []

    def voice(messages, _seed, most, _stop=()):
        prompts.append(len(messages))
        return Said("왔네.", 100 * len(messages), most, float(next(seconds)), 1.0)

    found = speed.talking(way, voice, [10, 60])
    assert [pace.turn for pace in found] == [10, 60]
    assert prompts == [5 + n for n in range(4, 10)] + [
        5 + n for n in range(54, 60)
    ]  # system, task, heading, action, name
    assert [pace.seconds for pace in found] == [4.5, 10.5]  # of calls 3 to 6, and 9 to 12: the first two are not timed
    assert found[1].prefilled == 100 * (5 + 57.5)


def test_a_chat_is_filled_with_lines_in_turn(few_lines):
    scenario = speed.long_scenario(10)
    rows = [str(row) for row in speed.filled(scenario, 4)]
    assert rows[0] == "S#1. 대합실 / 밤" and rows[2:] == [
        f"{name}: {text}" for name, text in zip(["경섭", "하윤"] * 2, [*few_lines, few_lines[0]], strict=True)
    ]


@pytest.mark.usefixtures("few_lines")
def test_a_line_of_a_script_costs_its_tokens_and_its_part_of_the_request():
    def voice(messages, _seed, most, _stop=()):
        read = messages[0].count("\n")
        return Said("", read, most, read + 2.0 * (most - 1), 1.0)

    (pace,) = speed.writing(voice, [10])
    once = request(speed.long_scenario(10)).count("\n")
    assert pace.seconds == pytest.approx(2.0 * speed.LINE + once / 10)
    assert pace.prefilled == pytest.approx(once / 10)


def test_ours_is_timed_as_a_whole(tmp_path):
    path = tmp_path / "lines.json"
    lines = {"경섭": ["난로에 손부터 쬐시오."], "하윤": ["여기서 기다릴게요."], "*": ["눈이 내린다."]}
    path.write_text(json.dumps({"lines": lines, "invent": True}, ensure_ascii=False), encoding="utf-8")
    found = speed.ours("base", [6, 12], f"scripted:{path}")
    assert [pace.turn for pace in found] == [6, 12] and all(pace.seconds > 0 for pace in found)


def test_a_scenario_is_as_long_as_it_is_asked_to_be():
    assert sum(beat.turns[0] for beat in speed.long_scenario(204).scenes[0].beats) > 204


# --- the limit, and the report ----------------------------------------------------------------------------------------


def test_candidates_share_what_a_step_reads():
    class Even(Canned):
        def propose(self, prompt, n, *, seed, sampling, stop=(), on_token=None):
            ended = seed == 2  # this draw is left out
            return Proposal((Completion("가", ended=ended),) * n, 0, n * 64, 1.0 if not ended else 0.01)

    one, four = (limit.decoding(Even(), "민수:", 8_000, n, draws=3) for n in (1, 4))
    assert (one.rate, one.bytes, four.rate, four.bytes) == (64, 8_000, 256, 2_000)
    assert one.share(1_024_000) == four.share(1_024_000) == 0.5
    with pytest.raises(SystemExit, match="no draw"):
        limit.decoding(Even(), "민수:", 8_000, 1, draws=0)


def test_bandwidth_is_measured():
    pytest.importorskip("torch")
    assert limit.bandwidth(1 << 22) > 1e6


def test_the_tables_have_ratios_of_what_there_is():
    row = {"when": "2026-11-28 08:00", "found": [{"turn": 10, "seconds": 0.5, "processor": 1.0, "prefilled": 108.0}]}
    slow = {"when": "2026-11-28 08:05", "found": [{"turn": 10, "seconds": 4.0, "processor": 4.0, "prefilled": 900.0}]}
    text = paces({("ours", "base"): row, ("plain", "base"): slow, ("plain", "adapter"): slow})
    assert "| plain | base | 10 | 4.00 | 4.00 | 8.00 | 4.00 | 900 | 2026-11-28 08:05 |" in text
    assert "| plain | adapter | 10 | 4.00 | 4.00 | – | – | 900 |" in text
    found = {"bandwidth": 1e10, "decoding": [{"candidates": 4, "rate": 200.0, "bytes": 2e7}]}
    assert "| base | 4 | 200 | 20.0 | 4.00 | 10.0 | 0.40 |" in limits({"base": {"when": "08:00", "found": found}})


def test_a_piece_is_measured_once(tmp_path, monkeypatch, capsys):
    from contextlib import contextmanager

    calls = count()

    @contextmanager
    def loaded(*_):
        next(calls)
        yield timed(Ear("거기 밧줄 밟지 마.\n", "네, 왔어요.\n")), len

    def ours(title, seed, folder, _, options):
        path = folder / f"{title}-{seed}" / "transcript.json"
        rows = [Row(Written("거기 밧줄 밟지 마.", "민수")), Row(Written("네, 왔어요.", "지은"))]
        quality.keep(Frame(SEA, seed, (0, 1), PLACES, 0), rows, options[1], path)
        return path

    monkeypatch.setattr("benchmarks.peers.__main__.runtime", loaded)
    monkeypatch.setattr("benchmarks.peers.quality.find_spec", lambda _: None)  # Kiwi takes seconds to load
    monkeypatch.setattr("benchmarks.peers.__main__.play", ours)
    words = ["--only", "quality", "--seeds", "1", "--scenarios", "바다", "--work", str(tmp_path)]
    for _ in range(2):
        main(words)
        printed = capsys.readouterr().out
    assert next(calls) == 6  # three peers, two weights; the second call finds them all
    assert "| | ours, base | plain, base |" in printed.replace("|  |", "| |") and "| takes | 1 | 1 |" in printed

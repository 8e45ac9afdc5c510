"""server:URL#MODEL against two real servers on loopback, llama.cpp's and `transformers serve`, and against a false one that fails."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import exp
from pathlib import Path

import pytest

from model import ModelConfig, Sampling, load_chat_model
from model.closed import shares
from model.load import digest
from tests.conftest import FILES
from tests.tiny import tiny_llama
from transcript.errors import Interrupted, ModelError, UsageError

pytest.importorskip("langchain_openai")

from model.server import ServerModel

ROOT = Path(__file__).parents[2]
SCENE = "S#1. 방파제 / 저녁\n\n민수: 왔네.\n지은: 네, 왔어요.\n민수: 밥은 먹었어?\n"
SHORT = Sampling(max_tokens=12, temperature=0.7)
ASKED = [
    (SCENE, ["지은:", "민준:", "대통령:"]),
    (SCENE + "[비트] 밥을 먹자고 한다\n[판정]", [" 끝났다.", " 아직이다."]),
    ("바다에", ["서", "서는", "서도"]),
]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


# llama.cpp's own server, with the embedded weights and the shipped adapter


@pytest.fixture(scope="module")
def llama():
    import xllamacpp

    from model.embedded import _silenced
    from model.weights import drama_adapter, embedded_weights

    params = xllamacpp.CommonParams()
    params.model.path = str(embedded_weights())
    params.n_ctx, params.n_parallel, params.kv_unified = 4096, 5, True
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.warmup, params.verbosity, params.ui = False, -1, False
    params.swa_full, params.n_ctx_checkpoints, params.cache_ram_mib = True, 0, 0
    lora = xllamacpp.CommonAdapterLoraInfo()
    lora.path, lora.scale = str(drama_adapter()), 1.0
    params.lora_adapters = [lora]
    params.hostnames, params.port = ["127.0.0.1"], free_port()
    with _silenced():
        server = xllamacpp.Server(params)
    yield f"server:{server.listening_address}#drama"
    del server


@pytest.fixture(scope="module")
def model(llama):
    loaded = load_chat_model(ModelConfig.parse(llama))
    yield loaded
    loaded.close()


def test_candidates_come_in_one_call_end_at_the_stop_and_differ(model):
    proposal = model.propose(SCENE + "지은:", 4, seed=3, sampling=Sampling(max_tokens=32), stop=["\n"])
    assert len(proposal.completions) == 4
    assert len({c.text for c in proposal.completions}) > 1
    assert all("\n" not in c.text and c.logprob < 0 for c in proposal.completions)
    assert proposal.decoded > 4
    assert model.propose(SCENE + "지은:", 4, seed=4, sampling=SHORT, stop=["\n"]).prefilled < 10


def test_more_candidates_than_the_server_has_slots_come_in_more_calls(model):
    proposal = model.propose(SCENE + "지은:", 8, seed=3, sampling=SHORT, stop=["\n"])
    assert len(proposal.completions) == 8 and len({c.text for c in proposal.completions}) > 4
    assert model._server.most == 4


def test_a_seed_gives_the_same_again_and_another_does_not(model):
    def said(seed):
        return model.propose(SCENE + "지은:", 2, seed=seed, sampling=Sampling(max_tokens=16)).completions

    said(5)  # the prompt is in the cache from here on
    assert said(5) == said(5) != said(50)


def test_without_chance_all_candidates_are_the_same_line(model):
    cold = replace(SHORT, temperature=0)
    lines = model.propose(SCENE + "지은:", 3, seed=1, sampling=cold, stop=["\n"]).completions
    assert len(lines) == 3 and len(set(lines)) == 1


def test_what_ends_by_itself_is_told_from_what_was_cut_off(model):
    free = model.propose(SCENE + "지은:", 1, seed=2, sampling=SHORT).completions[0]
    assert not free.ended and len(free.text) > 3
    cut = model.propose(SCENE + "지은:", 1, seed=2, sampling=SHORT, stop=[free.text[2]]).completions[0]
    assert cut.ended and free.text[2] not in cut.text


def test_a_closed_set_is_scored_as_the_same_weights_do_in_this_process(model):
    embedded = load_chat_model(ModelConfig.parse("embedded"))
    for prompt, options in ASKED:
        here, there = embedded.score(prompt, options), model.score(prompt, options)
        assert there.probabilities == pytest.approx(here.probabilities, abs=0.03)
        assert there.calls == here.calls
    embedded.close()


def test_a_grammar_or_a_json_schema_holds_the_draws_to_the_options(model):
    by_grammar = [shares(model._drawn(*asked)[0]) for asked in ASKED]
    assert by_grammar[0][0] > 0.6 and by_grammar[1][1] > 0.3
    as_json = [shares(model._drawn_as_json(*asked)[0]) for asked in ASKED[:2]]
    assert max(max(found) - min(found) for found in as_json) > 0
    assert all(sum(found) == pytest.approx(1) for found in by_grammar + as_json)


def test_what_the_hearer_raises_ends_the_call_and_the_model_lives_on(model):
    heard = []

    def stop(piece):
        heard.append(piece)
        if len(heard) == 3:
            raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        model.propose(SCENE + "지은:", 4, seed=1, sampling=Sampling(max_tokens=200), on_token=stop)
    assert len(heard) == 3
    assert model.propose(SCENE + "지은:", 1, seed=1, sampling=SHORT).completions[0].text


def test_it_is_a_langchain_chat_model(model):
    from langchain_core.prompts import PromptTemplate

    chain = PromptTemplate.from_template("{scene}지은:") | model.bind(stop=["\n"])
    assert (line := chain.invoke({"scene": SCENE}).content) and "\n" not in line
    pieces = [chunk.content for chunk in model.stream("옛날 옛적에", max_tokens=8)]
    assert len(pieces) > 2 and "".join(pieces).strip()
    assert "\n" not in "".join(chunk.content for chunk in chain.stream({"scene": SCENE}))


def test_the_weights_have_no_hash(model, llama):
    assert model.sha256 == model.adapter_sha256 == digest(ModelConfig.parse(llama)) == ""


def test_a_scene_is_played_from_the_command_line(llama, tmp_path):
    order = ["play", FILES / "둘.yaml", "--auto", "--turns", 2, "--seed", 3, "--model", llama, "--out", tmp_path]
    done = subprocess.run(
        [sys.executable, "-m", "daebon", *map(str, order)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "빈집-3" / "transcript.json").read_text("utf-8"))
    assert [turn["speaker"] for turn in written["turns"] if turn["kind"] == "dialogue"]
    assert llama in json.dumps(written, ensure_ascii=False)


# transformers serve, with a Llama of two layers


@pytest.fixture(scope="module")
def transformers(tmp_path_factory):
    for package in ("torch", "transformers", "fastapi", "uvicorn"):
        pytest.importorskip(package)
    folder = tiny_llama(tmp_path_factory.mktemp("tiny"), "민수: 배는 안 들어와요.\n지은: 거짓말이지? 아침에 봤어.\n")
    (folder / "chat_template.jinja").write_text("{{ messages[0]['content'] }}\n", encoding="utf-8")
    port, log = free_port(), folder.parent / "log"
    with log.open("w") as out:
        served = subprocess.Popen(
            [Path(sys.executable).with_name("transformers"), "serve", folder, "--host", "127.0.0.1", "--port", str(port),
             "--device", "cpu"],
            stdout=out, stderr=out, env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(folder.parent)},
        )  # fmt: skip
    try:
        for _ in range(600):
            assert served.poll() is None, log.read_text()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"server:http://127.0.0.1:{port}/v1#{folder}"
    finally:
        served.terminate()
        served.wait(20)


@pytest.fixture(scope="module")
def other(transformers):
    loaded = load_chat_model(ModelConfig.parse(transformers))
    yield loaded
    loaded.close()


def test_transformers_draws_candidates_one_by_one_and_again_from_the_same_seed(other):
    first = other.propose(SCENE + "지은:", 3, seed=5, sampling=SHORT)
    assert len({c.text for c in first.completions}) == 3
    assert first.prefilled > 60 and 0 < first.decoded <= 36
    assert other.propose(SCENE + "지은:", 3, seed=5, sampling=SHORT).completions == first.completions
    assert other.propose(SCENE + "지은:", 3, seed=6, sampling=SHORT).completions != first.completions


def test_transformers_stops_streams_and_is_hung_up_on(other):
    free = other.propose(SCENE, 1, seed=2, sampling=SHORT).completions[0]
    mark = next(letter for letter in free.text[3:] if letter != "\ufffd")
    cut = other.propose(SCENE, 1, seed=2, sampling=SHORT, stop=[mark]).completions[0]
    assert not free.ended and cut.ended and mark not in cut.text and free.text.startswith(cut.text)
    heard = []
    assert other.propose(SCENE, 1, seed=2, sampling=SHORT, on_token=heard.append).completions[0].text == "".join(heard)

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        other.propose(SCENE, 1, seed=2, sampling=SHORT, on_token=stop)


def test_transformers_decides_closed_sets_by_its_own_endpoint(other):
    scores = other.score(SCENE, ["지은:", "민준:", "대통령:"])
    assert sum(scores.probabilities) == pytest.approx(1) and scores.calls == 1
    assert len(set(scores.probabilities)) == 3
    assert other.score(SCENE + "민수:", [" 끝났다.", " 아직이다."]).prefilled > 60


def test_transformers_says_which_model_it_is_pinned_to(transformers):
    with pytest.raises(ModelError, match=r"pinned to .*tiny"):
        load_chat_model(ModelConfig.parse(transformers + "-2"))


# a false server, for what real ones do on a bad day


class Fake:
    """What a false server was asked, and its name."""

    def __init__(self):
        self.asked, self.headers, self.path = [], [], ""
        self.over = threading.Event()


@contextmanager
def serving(answer):
    """Answer as `answer(path, body)` says: a status, a value (text, or one for JSON, or None to hang), and headers."""
    made = Fake()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            made.asked.append((self.path, body))
            made.headers.append(self.headers)
            status, value, *headers = answer(self.path, body)
            if value is None:
                made.over.wait(20)
                return
            data = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            self.send_response(status)
            for name, said in headers:
                self.send_header(name, said)
            self.send_header("Content-Length", str(len(data.encode())))
            self.end_headers()
            self.wfile.write(data.encode())

        do_GET = do_POST

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    made.path = f"http://127.0.0.1:{server.server_port}#m"
    try:
        yield made
    finally:
        made.over.set()
        server.shutdown()
        server.server_close()


def streamed(*texts, chat=False):
    """Return an event stream with one whole candidate for each text."""
    key = (lambda text: {"delta": {"content": text}}) if chat else (lambda text: {"text": text})
    rows = [{"choices": [{"index": i, "finish_reason": "stop", **key(text)}]} for i, text in enumerate(texts)]
    return "".join(f"data: {json.dumps(row)}\n\n" for row in rows) + "data: [DONE]\n\n"


def good(*_):
    return 200, streamed("네.\n민수: 그래."), ("Content-Type", "text/event-stream")


@pytest.fixture
def naps(monkeypatch):
    """Return the seconds that the client would have slept; it does not."""
    slept = []
    monkeypatch.setattr("openai._base_client.time.sleep", slept.append)
    return slept


def test_a_stop_that_the_server_ignores_is_cut_here_and_missing_candidates_are_asked_for():
    with serving(good) as server:
        model = ServerModel.load(server.path)
        lines = model.propose("지은:", 3, seed=1, sampling=SHORT, stop=["\n"]).completions
        bodies = [body for _, body in server.asked[1:]]
        told = [chunk.content for chunk in model.stream("지은:", stop=["\n"])]
    assert [(one.text, one.ended) for one in lines] == [("네.", True)] * 3
    assert len({body["seed"] for body in bodies}) == 3 and [body["n"] for body in bodies] == [3, 2, 1]
    assert "".join(told) == "네."


def test_the_body_holds_what_was_asked_for():
    with serving(good) as server:
        ServerModel.load(server.path).propose(
            "지은:", 1, seed=7, sampling=Sampling(0.6, 0.9, 0.02, 0.5, 20), stop=["\n"]
        )
        path, body = server.asked[-1]
    assert path == "/v1/completions"
    wanted = {"model": "m", "prompt": "지은:", "n": 1, "seed": 7, "temperature": 0.6, "top_p": 0.9, "max_tokens": 20}
    wanted |= {"stop": ["\n"], "logprobs": 1, "min_p": 0.02, "dry_multiplier": 0.5, "stream": True}
    assert wanted.items() <= body.items()


def test_keys_that_the_server_does_not_know_are_found_out_once():
    known = {"model", "prompt", "n", "seed", "temperature", "top_p", "max_tokens", "stop", "stream", "logprobs"}

    def strict(_, body):
        unknown = sorted(body.keys() - known - {"stream_options"})
        return (
            (400, {"error": {"message": f"Unrecognized request argument supplied: {unknown}"}}) if unknown else good()
        )

    with serving(strict) as server:
        model = ServerModel.load(server.path)
        first = len(server.asked)
        model.propose("지은:", 1, seed=1, sampling=SHORT)
        assert len(server.asked) == first + 1 == 4
        assert "logprobs" in server.asked[-1][1]


def test_a_server_that_only_chats_is_found_out_once_and_gets_one_message():
    def chat(path, _):
        if path != "/v1/chat/completions":
            return 405, {"detail": "Method Not Allowed"}
        return 200, streamed("네.", chat=True), ("Content-Type", "text/event-stream")

    with serving(chat) as server:
        model = ServerModel.load(server.path)
        assert model.propose("지은:", 2, seed=1, sampling=SHORT).completions[1].text == "네."
        paths = [path for path, _ in server.asked]
        assert server.asked[-1][1]["messages"] == [{"role": "user", "content": "지은:"}]
    assert paths == ["/v1/completions"] + ["/v1/chat/completions"] * 3


def vllm(_, body):
    """Answer as vLLM: no more than twenty log-probabilities, the prompt sent back with `echo`; tokens are single letters."""
    if body.get("stream"):
        return good()
    if body.get("logprobs", 0) > 20:
        return 400, {"error": {"message": "Requested sample logprobs of 2000, which is greater than max allowed: 20"}}
    choices = []
    for i, text in enumerate(body["prompt"]):
        letters = [*text, "!"]
        logs = [None] + [-(i + 1.0) if letter == "은" else -0.5 for letter in letters[1:-1]] + [-9.0]
        choices.append({"index": i, "text": text + "!", "logprobs": {"tokens": letters, "token_logprobs": logs}})
    return 200, {"choices": choices, "usage": {"prompt_tokens": 20, "completion_tokens": 2}}


def test_whole_options_are_scored_by_what_is_sent_back():
    with serving(vllm) as server:
        model = ServerModel.load(server.path)
        found = model.score("하은수\n", ["지은:", "민은호:"]).probabilities
        again = model.score("하은수\n", ["지은:", "민은호:"])
        assert again.probabilities == found and again.calls == 1
        assert [body["logprobs"] for _, body in server.asked[1:]] == [2000, 1, 1]
    assert found[0] / found[1] == pytest.approx(exp((-0.5 - 1 - 0.5) - (-0.5 - 2 - 0.5 - 0.5)))


def test_a_server_that_can_choose_nothing_is_told_with_the_remedy():
    def dumb(path, body):
        if path == "/v1/systemone":
            return 404, {"detail": "Not Found"}
        if body.get("stream"):
            return good()
        return 200, {"choices": [{"index": 0, "text": "글쎄요", "message": {"content": "글쎄요"}}]}

    with serving(dumb) as server:
        model = ServerModel.load(server.path)
        with pytest.raises(ModelError, match="cannot choose among given texts: use one with log-probabilities"):
            model.score("바다\n", ["지은:", "민수:"])


def test_a_busy_server_is_asked_again_after_what_it_says_or_ever_longer(naps):
    count = iter(range(99))

    def busy(*_):
        n = next(count)
        if n < 3:
            return (429, {"error": {"message": "slow down"}}, *([("Retry-After", "7")] if n == 0 else []))
        return good()

    with serving(busy) as server:
        assert ServerModel.load(server.path)._server.served == "m"
        assert len(server.asked) == 4
    assert naps[0] == 7 and 0.75 <= naps[1] <= 1 and 1.5 <= naps[2] <= 2


@pytest.mark.parametrize(
    ("answer", "words", "calls"),
    [
        (lambda *_: (500, {"error": {"message": "CUDA\nout of memory"}}), "CUDA out of memory .500. after 3 tries", 3),
        (lambda *_: (429, {"error": {"message": "slow down"}}), "asks to wait .429. after 3 tries", 3),
        (lambda *_: (401, {"error": {"message": "no"}}), "set DAEBON_SERVER_KEY in the environment", 1),
        (lambda *_: (200, "data: {]\n\n", ("Content-Type", "text/event-stream")), "what no OpenAI-comp", 1),
        (lambda *_: (200, "<html>안녕하세요</html>"), "what no OpenAI-compatible server does", 1),
        (lambda *_: (200, 'data: {"error": {"message": "KV cache is full"}}\n\n'), "KV cache is full", 1),
        (lambda *_: (404, "nothing here"), "most end in /v1", 3),
        (lambda *_: (400, {"error": {"message": "too long"}}), "too long", 5),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("naps")
def test_what_goes_wrong_is_one_line_with_the_remedy(answer, words, calls):
    with serving(answer) as server, pytest.raises(ModelError, match=words) as failed:
        ServerModel.load(server.path, retries=2)
    assert len(server.asked) == calls
    assert "\n" not in str(failed.value) and "127.0.0.1" in str(failed.value)


def test_an_unknown_model_is_told_those_that_are_served():
    def listed(path, _):
        names = [{"id": name} for name in ("ldcc-drama", "ldcc")]
        return (200, {"data": names}) if path.endswith("models") else (404, {"error": {"message": "no such model"}})

    with serving(listed) as server, pytest.raises(ModelError, match="has no model 'm'; it serves ldcc-drama, ldcc"):
        ServerModel.load(server.path)


@pytest.mark.usefixtures("naps")
def test_a_server_that_hangs_is_given_up():
    with (
        serving(lambda *_: (200, None)) as server,
        pytest.raises(ModelError, match=r"no answer within 0\.2 s, after 2 tries"),
    ):
        ServerModel.load(server.path, timeout=0.2, retries=1)
    assert len(server.asked) == 2


def test_a_line_that_breaks_off_is_no_line():
    calls = []

    def breaks(path, _):
        calls.append(path)
        rest = [
            '{"choices": [{"index": 0, "te',
            '{"choices": ["네."]}',
            '{"choices": [{"index": 0, "text": "그래서 나"}]}',
        ]
        return good() if len(calls) == 1 else (200, f"data: {rest[len(calls) - 2]}\n\n")

    with serving(breaks) as server:
        model = ServerModel.load(server.path)
        for _ in range(2):
            with pytest.raises(ModelError, match="what no OpenAI-compatible server does"):
                model.propose("지은:", 1, seed=1, sampling=SHORT)
        assert not model.propose("지은:", 1, seed=1, sampling=SHORT).completions[0].ended


def test_no_server_is_told_with_the_remedy(naps):
    with pytest.raises(ModelError, match=r"cannot be reached .*start the server or mend the address"):
        load_chat_model(ModelConfig.parse(f"server:http://127.0.0.1:{free_port()}/v1#m"))
    assert len(naps) == 4


def test_the_key_is_that_of_the_environment(monkeypatch):
    monkeypatch.delenv("DAEBON_SERVER_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "second")
    with serving(good) as server:
        ServerModel.load(server.path)
        monkeypatch.setenv("DAEBON_SERVER_KEY", "first")
        ServerModel.load(server.path)
    assert [headers["Authorization"] for headers in server.headers] == ["Bearer second", "Bearer first"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("server:http://me:geheim@host/v1#m", "keys come from the environment only"),
        ("server:http://host/v1?api_key=geheim#m", "keys come from the environment only"),
        ("server:http://host/v1", "give server:URL#MODEL"),
        ("server:host:8000#m", "give server:URL#MODEL"),
        ("server:http://[::1#m", "give server:URL#MODEL"),
        ("server:", "use one of embedded"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_no_key_is_told(name, words):
    with pytest.raises(UsageError, match=words) as failed:
        ModelConfig.parse(name)
    assert "geheim" not in str(failed.value)

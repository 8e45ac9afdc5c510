"""Repositories of the hub, at a server on loopback: what is asked for, what is pinned, what is refused with which remedy."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("huggingface_hub")

from huggingface_hub import close_session, constants

from model import ModelConfig
from model.config import LDCC
from model.load import digest
from model.repository import fingerprint, named, source
from transcript.errors import ModelError

FIRST, SECOND = "1" * 40, "2" * 40
ADAPTER = {"peft_type": "LORA", "base_model_name_or_path": "troupe/script", "revision": FIRST}


class Hub:
    """The parts of the hub's interface that a download asks for; `head` is the commit of main."""

    def __init__(self):
        self.head, self.asked = FIRST, []
        self.repositories = {
            "troupe/script": {
                "config.json": b"{}",
                "model.safetensors": b"weights",
                "pytorch_model.bin": b"\x80",
                "x.py": b"1",
            },
            "troupe/pickled": {"config.json": b"{}", "pytorch_model.bin": b"\x80"},
            "troupe/sister": {
                "adapter_config.json": json.dumps(ADAPTER).encode(),
                "adapter_model.safetensors": b"adapter",
            },
        }

    def answer(self, path):
        """Return status, headers and body."""
        from urllib.parse import unquote, urlsplit

        path = unquote(urlsplit(path).path)
        self.asked.append(path)
        if "gated" in path:
            return 403, {"X-Error-Code": "GatedRepo"}, b"{}"
        name = next((name for name in self.repositories if f"/{name}/" in path + "/"), None)
        if name is None:
            return 404, {"X-Error-Code": "RepoNotFound"}, b"{}"
        files = self.repositories[name]
        kind, _, rest = path.partition(f"{name}/")[2].partition("/")
        if kind == "revision":
            if rest not in ("main", self.head, FIRST):
                return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
            return self.rows({"id": name, "sha": self.head if rest == "main" else rest, "siblings": []})
        if kind == "tree":
            return self.rows(
                [
                    {"type": "file", "path": file, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                    for file, data in files.items()
                ]
            )
        commit, _, file = rest.partition("/")
        data = files[file]
        headers = {"ETag": f'"{hashlib.sha1(data).hexdigest()}"', "X-Repo-Commit": commit}
        return 200, headers, data

    def rows(self, value):
        return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


@pytest.fixture
def hub(tmp_path, monkeypatch):
    made = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, headers, body = made.answer(self.path)
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(
        constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        f"http://127.0.0.1:{server.server_port}/{{repo_id}}/resolve/{{revision}}/{{filename}}",
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    close_session()
    yield made
    server.shutdown()
    server.server_close()
    close_session()


def test_ldcc_is_a_name_for_its_repository():
    assert ModelConfig.parse("ldcc") == ModelConfig.parse(f"hf:{LDCC}")
    pinned = ModelConfig.parse(f"ldcc@{FIRST}")
    assert (pinned.runtime, pinned.path) == ("hf", f"{LDCC}@{FIRST}") and str(pinned) == f"hf:{LDCC}@{FIRST}"


def test_only_weights_in_safetensors_and_small_files_are_fetched(hub):
    found = source("troupe/script")
    assert sorted(file.name for file in found.base.iterdir()) == ["config.json", "model.safetensors"]
    assert (found.repository, found.commit, found.digest) == ("troupe/script", FIRST, FIRST)
    assert not any("pytorch_model" in path or ".py" in path for path in hub.asked)


def test_the_first_download_pins_and_later_loads_ask_nobody(hub):
    assert source("troupe/script").commit == FIRST
    hub.head, asked = SECOND, len(hub.asked)
    assert source("troupe/script").commit == FIRST and len(hub.asked) == asked
    assert source(f"troupe/script@{FIRST}").commit == FIRST and len(hub.asked) == asked
    assert source(f"troupe/script@{SECOND}").commit == SECOND
    assert digest(ModelConfig.parse("hf:troupe/script")) == FIRST


def test_an_adapter_of_the_hub_brings_its_base_at_the_revision_it_names(hub):
    hub.head = SECOND
    found = source("troupe/sister")
    assert found.adapter is not None and (found.repository, found.commit) == ("troupe/script", FIRST)
    assert fingerprint("troupe/sister") == hashlib.sha256(b"adapter").hexdigest()


@pytest.mark.usefixtures("hub")
def test_a_download_that_was_cut_off_is_finished():
    folder = source("troupe/script").base
    (folder / "model.safetensors").unlink()
    assert (source("troupe/script").base / "model.safetensors").read_bytes() == b"weights"


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        (
            "troupe/gated",
            "its owner asks for consent; accept the terms on its page at the hub, then run: hf auth login",
        ),
        ("troupe/nothing", "no such repository, or a private one; check the spelling"),
        ("troupe/script@typo", "has no such revision; give ID@COMMIT"),
        ("troupe/pickled", "holds no safetensors"),
        ("한 편의/대본/아님", r"no such folder, and no id of the hub \(OWNER/NAME\); give a folder or hub id"),
        ("내런", "no such folder, and no id of the hub"),
    ],
)
def test_what_the_hub_refuses_is_one_line_with_the_remedy(name, remedy):
    with pytest.raises(ModelError, match=remedy) as caught, named(f"hf:{name}"):
        source(name)
    assert "\n" not in str(caught.value) and str(caught.value).startswith(("hf:", "/"))


@pytest.mark.usefixtures("hub")
def test_without_a_network_the_cache_is_enough_and_otherwise_the_remedy_is_said(monkeypatch):
    source("troupe/script")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert source("troupe/script").commit == FIRST
    for name in ("troupe/sister", f"troupe/sister@{SECOND}"):
        remedy = f"hf:{name}: not in the cache, and the hub cannot be reached; go online"
        with pytest.raises(ModelError, match=remedy), named(f"hf:{name}"):
            source(name)
        assert fingerprint(name) == ""


def test_nothing_is_asked_of_the_network_for_a_fingerprint(hub):
    assert fingerprint("troupe/script") == "" and hub.asked == []

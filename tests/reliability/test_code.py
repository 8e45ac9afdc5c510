"""What the code never does: unpickle, evaluate text, run a repository's code, listen; and what a checkpoint may hold."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("agents", "daebon", "emotion", "graph", "model", "scenarios", "training", "transcript")
FILES = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
FORBIDDEN = {"pickle", "cPickle", "marshal", "shelve", "dill", "joblib", "cloudpickle", "telnetlib", "socketserver"}
SERVERS = {"http.server", "uvicorn", "fastapi", "flask", "aiohttp.web", "wsgiref", "xmlrpc.server"}
CALLS = {"eval", "exec", "compile", "__import__"}


def calls(tree: ast.AST) -> list[tuple[str, ast.Call]]:
    """Return every call by its dotted name."""
    return [(ast.unparse(node.func), node) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def faults(source: str) -> list[str]:
    """Return what a file does that none of ours may."""
    tree, found = ast.parse(source), list[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [f"imports {name}" for name in names if name.partition(".")[0] in FORBIDDEN or name in SERVERS]
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "0.0.0.0" in node.value:
            found.append("names the address of every network")
    for name, call in calls(tree):
        given = {key.arg: ast.unparse(key.value) for key in call.keywords}
        if name in CALLS or name in ("os.system", "os.popen"):
            found.append(f"calls {name}")
        if given.get("shell") == "True":
            found.append("runs a shell")
        if name in ("np.load", "numpy.load") and given.get("allow_pickle") != "False":
            found.append("np.load without allow_pickle=False")
        if name == "torch.load" and given.get("weights_only") != "True":
            found.append("torch.load without weights_only=True")
        if given.get("trust_remote_code", "False") != "False" or given.get("use_safetensors", "True") != "True":
            found.append("takes a repository's code or pickled weights")
        if name.endswith("YAML") and given.get("typ") not in ("'safe'", "'rt'", None):
            found.append("reads YAML with tags that make objects")
        if name.endswith((".bind", ".listen")) or name.endswith(("HTTPServer", "TCPServer")):
            found.append(f"listens: {name}")
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_file_unpickles_evaluates_or_listens(file):
    assert faults(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "eval(text)",
        "import os; os.system('x')",
        "subprocess.run(x, shell=True)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "torch.load(path)",
        "A.from_pretrained(x, trust_remote_code=True)",
        "YAML(typ='unsafe')",
        "host = '0.0.0.0'",
        "s.bind(('', 80))",
        "from http.server import HTTPServer",
    ],
)
def test_the_search_finds_what_it_is_for(source):
    assert faults(source)


def test_a_checkpoint_of_anything_but_plain_values_is_not_made_into_objects():
    import ormsgpack

    from graph.checkpoints import placed  # sets strict loading before LangGraph is imported

    assert placed(None) == {"head": 0}
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

    serde = JsonPlusSerializer()
    evil = ormsgpack.packb(("pathlib", "Path", ("/tmp",)))
    data = ormsgpack.packb({"head": ormsgpack.Ext(0, evil)})
    loaded = serde.loads_typed(("msgpack", data))
    assert not isinstance(loaded["head"], Path)
    assert serde.loads_typed(serde.dumps_typed({"head": 3, "path": [0, 1]})) == {"head": 3, "path": [0, 1]}


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="needs Linux's /proc")
def test_the_embedded_model_listens_on_no_network():
    import os

    from model import ModelConfig, load_chat_model

    model = load_chat_model(ModelConfig.parse("embedded"))
    try:
        mine = {os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if _is_there(fd)}
        rows = [
            row.split()
            for name in ("tcp", "tcp6")
            for row in Path(f"/proc/self/net/{name}").read_text().splitlines()[1:]
        ]
        listening = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A"}
        assert not mine & listening
    finally:
        model.close()


def _is_there(fd: str) -> bool:
    import os

    try:
        os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return False
    return True

"""The cluster of `batch --workers`: a process that knows where it listens and has not its key gets no answer."""

import json
import subprocess
import sys

import pytest

from daebon.batch.private import private_cluster
from transcript.errors import ModelError

pytest.importorskip("distributed")
pytest.importorskip("cryptography")
psutil = pytest.importorskip("psutil")

# Run by another process: it is given addresses and keys, and tells at which addresses its words were answered. `None` as a key
# is dask without TLS, "own" a key that it made itself.
_STRANGER = """
import asyncio, json, sys
from distributed.comm import connect
from distributed.security import Security

async def answered(address, security, message, patience):
    arguments = security.get_connection_args("client") if security else {}
    try:
        comm = await connect(address, timeout=patience, **arguments)
    except (OSError, ValueError):  # the second where there is no TLS
        return False
    try:
        await comm.write(message)
        return bool(await comm.read())
    except OSError:
        return False
    finally:
        comm.abort()

async def main():
    addresses, key = json.load(sys.stdin)
    keys = {"plain": None, "own": Security.temporary(), "right": Security(require_encryption=True, **key)}
    asks = [(name, address if name != "plain" else address.replace("tls:", "tcp:")) for name in keys for address in addresses]
    message = {"op": "identity", "reply": True}
    found = await asyncio.gather(*(answered(address, keys[name], message, 60 if name == "right" else 3) for name, address in asks))
    print(json.dumps({name: [ok for (n, _), ok in zip(asks, found) if n == name] for name in keys}))

asyncio.run(main())
"""


def listening(process):
    """Return the ports on which a process and its children wait, with the addresses they are bound to."""
    found = [one.net_connections(kind="inet") for one in (process, *process.children(recursive=True))]
    return {(c.laddr.ip, c.laddr.port) for of_one in found for c in of_one if c.status == psutil.CONN_LISTEN}


def test_only_who_has_the_key_is_answered_and_nothing_else_listens():
    before = listening(psutil.Process())
    with private_cluster(1) as cluster, cluster.get_client() as client:
        (worker,) = client.scheduler_info(n_workers=-1)["workers"].items()
        addresses = [client.scheduler.address, worker[0], worker[1]["nanny"]]
        ports = listening(psutil.Process()) - before
        security = cluster.security
        key = {name: getattr(security, name) for name in ("tls_ca_file", "tls_client_cert", "tls_client_key")}
        told = json.dumps([addresses, key])
        ran = subprocess.run([sys.executable, "-c", _STRANGER], input=told, capture_output=True, text=True, timeout=120)
        assert client.submit(sum, [1, 2]).result(60) == 3
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {"plain": [False] * 3, "own": [False] * 3, "right": [True] * 3}
    assert ports == {("127.0.0.1", int(address.rpartition(":")[2])) for address in addresses}


@pytest.mark.parametrize("missing", ["distributed", "cryptography"])
def test_what_is_missing_is_named_with_the_command_that_gets_it(monkeypatch, missing):
    monkeypatch.setattr("daebon.batch.private.find_spec", lambda name: None if name == missing else object())
    with (
        pytest.raises(ModelError, match=rf"^{missing}: not installed; run: pip install 'daebon\[dist\]'"),
        private_cluster(1),
    ):
        pass

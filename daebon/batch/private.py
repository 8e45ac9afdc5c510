"""A dask cluster on this machine that nobody else can use: TLS with a key that was made for it, and no other port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from transcript.errors import ModelError

_SILENT: dict[str, list[str]] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}


@contextmanager
def private_cluster(workers: int) -> Iterator[Any]:
    """Yield a LocalCluster of `workers` processes on 127.0.0.1.

    Scheduler, nannies and workers take connections only from who holds the private key of this cluster. The key is in the memory
    of this process and its workers, and for a moment in a file that only this user can read (OpenSSL reads keys from files).
    Raises ModelError when a package of the extra is missing.
    """
    missing = [name for name in ("distributed", "cryptography") if find_spec(name) is None]
    if missing:
        raise ModelError(f"{' and '.join(missing)}: not installed; run: pip install 'daebon[dist]'")
    import dask
    from distributed import LocalCluster
    from distributed.security import Security

    options = {"threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None, "silence_logs": 50}
    at_any_port = (
        "127.0.0.1:0"  # of the HTTP server; without it 8787 is tried first, and where it is taken there is a warning
    )
    preload = {"preload": [__name__], "scheduler_kwargs": {"preload": [__name__], "dashboard_address": at_any_port}}
    with (
        dask.config.set(_SILENT),
        LocalCluster(n_workers=workers, security=Security.temporary(), **options, **preload) as cluster,
    ):
        yield cluster


def dask_setup(node: Any) -> None:
    """Close the HTTP server of a scheduler or worker: dask starts one without a dashboard, too, and asks nobody for a key.

    dask calls this before the node takes work; until then the server has no pages (`_SILENT`).
    """
    node.http_server.stop()

"""A PostgreSQL server for tests and benchmarks, of the system's binaries (Debian: `apt install postgresql`), on a Unix socket."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

USER = "sora"  # trusted
LOCKED = "locked"  # must give PASSWORD
PASSWORD = "방파제 7"
_RULES = f"local all {LOCKED} scram-sha-256\nlocal all all trust\n"
_SETTINGS = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=60"

# It ends when we do, also when we are killed with our whole process group: it is in a session of its own.
_KEEPER = """trap '' INT TERM HUP; cat; "$0" stop -D "$1/data" -w -m immediate >/dev/null 2>&1; rm -rf "$1" """


def binaries() -> Path | None:
    """Return the folder of initdb, pg_ctl and postgres, the newest version first; None where there are none."""
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    on_path = [Path(found).parent for found in [shutil.which("initdb")] if found]
    return next((folder for folder in (*on_path, *known) if (folder / "pg_ctl").exists()), None)


@contextmanager
def server(folder: Path, settings: str = _SETTINGS) -> Iterator[str]:
    """Run a new server out of `folder` and yield its URL without a database, for USER; everything is gone afterwards.

    PostgreSQL refuses root: there it runs as `postgres` or `nobody`.
    """
    account: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="daebon-pg-", dir="/tmp") as name:  # a socket's path is short
        place = Path(name)
        if os.geteuid() == 0:
            names = {entry.pw_name: entry for entry in pwd.getpwall()}
            entry = names.get("postgres") or names["nobody"]
            account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            os.chown(place, entry.pw_uid, entry.pw_gid)
        data, log = place / "data", place / "log"

        def call(program: str, *args: object) -> None:
            command = [str(folder / program), "-D", str(data), *map(str, args)]
            subprocess.run(command, check=True, cwd=place, stdout=subprocess.DEVNULL, **account)

        keeper = subprocess.Popen(
            ["sh", "-c", _KEEPER, str(folder / "pg_ctl"), name],
            stdin=subprocess.PIPE,
            cwd="/",
            start_new_session=True,
            **account,
        )
        try:
            call("initdb", "-U", USER, "-E", "UTF8", "--locale=C", "-N", "-A", "trust")
            (data / "pg_hba.conf").write_text(_RULES, encoding="utf-8")
            call("pg_ctl", "start", "-w", "-t", 120, "-l", log, "-o", f"-k {place} {settings}")
            yield f"postgresql://{USER}@{str(place).replace('/', '%2F')}"
        finally:
            keeper.communicate()


def cut(url: str) -> None:
    """End every other connection of a store, as a server does that is started anew; a schema of the tests has its own name of them."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as db:
        db.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()"
        )

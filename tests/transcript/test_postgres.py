"""A run store on a PostgreSQL server: what is refused and why, in one line without a password; a connection that is lost."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.postgres import LOCKED, PASSWORD, USER, cut
from transcript.errors import StoreError, StoreLost, UsageError
from transcript.lock import playing
from transcript.store import RunStore

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'daebon[postgres]'")


@pytest.fixture
def admin(postgres):
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as db:
        yield db


def refused(url, kind=StoreError):
    """Return what is said when a store cannot be opened."""
    with pytest.raises(kind) as told:
        RunStore(url)
    assert len(str(told.value).splitlines()) == 1
    return str(told.value)


def test_what_cannot_be_reached_is_named_with_the_remedy(postgres):
    for url in ("postgresql://소라@127.0.0.1:1/daebon", "postgresql://%2Fno%2Fwhere/daebon"):
        told = refused(url)
        assert told.startswith(f"{url}: ")
        assert told.endswith("; start the server, or check host and port")
    assert "; make it: createdb" in refused(f"{postgres}/없는것")
    assert "; check the user in the URL" in refused(postgres.replace(USER, "nobody") + "/postgres")


def test_a_password_comes_from_the_environment_or_the_file_alone_and_is_never_shown(
    postgres, admin, monkeypatch, tmp_path
):
    admin.execute(f"DROP SCHEMA IF EXISTS {LOCKED} CASCADE")
    admin.execute(f"DROP ROLE IF EXISTS {LOCKED}")
    admin.execute(f"CREATE ROLE {LOCKED} LOGIN PASSWORD '{PASSWORD}'")
    admin.execute(f"CREATE SCHEMA {LOCKED} AUTHORIZATION {LOCKED}")
    url = postgres.replace(USER, LOCKED) + "/postgres"
    for name in ("PGPASSWORD", "PGPASSFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "; give the password in PGPASSWORD" in refused(url)
    monkeypatch.setenv("PGPASSWORD", "비밀 8")
    told = refused(url)
    assert "; give the password in PGPASSWORD" in told and "비밀" not in told
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    RunStore(url).close()
    monkeypatch.delenv("PGPASSWORD")
    (tmp_path / "pass").write_text(f"*:*:*:{LOCKED}:{PASSWORD}\n", encoding="utf-8")
    (tmp_path / "pass").chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pass"))
    RunStore(url).close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://소라:비밀8@127.0.0.1:1/daebon", "leave the password out"),
        ("postgresql://소라@127.0.0.1:1/daebon?password=비밀8", "leave the password out"),
        ("postgresql://소라:비밀8@[::1/daebon", "cannot be read as a URL"),
        ("postgresql:/소라:비밀8@127.0.0.1/daebon", "write postgresql://USER@HOST"),
        ("mysql://소라:비밀8@127.0.0.1/daebon", "write postgresql://USER@HOST"),
    ],
)
def test_what_is_no_url_for_it_is_wrong_use_and_not_repeated(url, words):
    told = refused(url, UsageError)
    assert told.startswith("--store: ") and words in told
    assert "비밀" not in told


def test_a_database_of_somebody_else_is_left_alone(postgres, admin, new_schema):
    admin.execute("DROP DATABASE IF EXISTS bytes")
    admin.execute("CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0")
    assert "the database is in SQL_ASCII; make one in UTF8" in refused(f"{postgres}/bytes")
    url = new_schema()
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("CREATE TABLE runs (id INTEGER, distance REAL)")
    assert "; the database holds tables of another program" in refused(url)
    admin.execute("DROP ROLE IF EXISTS guest")
    admin.execute("CREATE ROLE guest LOGIN")
    assert "; give the user a database or a schema of their own" in refused(
        postgres.replace(USER, "guest") + "/postgres"
    )
    reading = new_schema() + "%20-cdefault_transaction_read_only%3Don"
    assert "; this server only reads: give the URL of the primary" in refused(reading)


def test_without_the_extra_the_remedy_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "transcript.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert refused("postgresql://소라@127.0.0.1/daebon").endswith("run: pip install 'daebon[postgres]'")


def test_a_lost_connection_is_opened_again_but_not_for_who_lost_a_lock_with_it(new_schema):
    url = new_schema()
    store = RunStore(url)
    store.create("바다-7", "바다", Path("바다-7"), {}, {"seed": 7})
    with playing(store, "바다-7") as owner:
        assert owner is None
        cut(url)
        for _ in range(2):
            with pytest.raises(StoreError, match="every turn shown so far is saved") as told:
                store.update("바다-7", "finished")
        assert told.type is StoreLost
        other = RunStore(url)
        with playing(other, "바다-7") as second:
            assert second is None
        other.close()
    assert store.run("바다-7").status == "playing"
    cut(url)
    with pytest.raises(StoreError):
        store.runs()
    assert [run.id for run in store.runs()] == ["바다-7"]
    store.close()


def test_a_turn_is_on_disk_before_it_is_shown_also_where_the_url_says_otherwise(new_schema):
    url = new_schema() + "%20-csynchronous_commit%3Doff"
    store = RunStore(url)
    for _ in range(2):
        with store.session() as db:
            assert db.execute("SHOW synchronous_commit").fetchone() == ("on",)
        cut(url)
        with pytest.raises(StoreError):
            store.runs()
    store.close()


@pytest.mark.usefixtures("postgres")
def test_the_server_of_the_tests_goes_when_they_are_killed_with_all_that_they_started():
    code = (
        "import sys\nfrom tests.postgres import binaries, server\n"
        "with server(binaries()) as url:\n    print(url, flush=True)\n    sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    folder = Path(process.stdout.readline().partition("@")[2].strip().replace("%2F", "/"))
    server = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + 300
    while folder.exists() or Path(f"/proc/{server}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)

"""The embedded Redis: durable over any end, one per folder, and gone when its parent is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from relay.embedded import EmbeddedRedis
from relay.errors import CommandError, StoreError
from relay.redis_server import find_server, refuse_newer_files
from tests.waiting import gone, until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path) as server:
        yield server


def test_it_is_durable_and_never_evicts(server: EmbeddedRedis) -> None:
    client = redis.Redis.from_url(server.url)

    settings = {
        name: client.config_get(name)[name] for name in ("appendonly", "appendfsync", "maxmemory-policy", "save")
    }

    assert settings == {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction", "save": ""}


def test_what_was_answered_survives_kill_9(server: EmbeddedRedis) -> None:
    client = redis.Redis.from_url(server.url)
    client.set("lead", "kept")

    server.kill()
    server.start()

    assert client.get("lead") == b"kept"


def test_it_keeps_its_data_and_its_url_over_a_restart(server: EmbeddedRedis) -> None:
    redis.Redis.from_url(server.url).set("lead", "kept")
    url = server.url

    server.restart()

    assert server.url == url
    assert redis.Redis.from_url(url).get("lead") == b"kept"


def test_it_keeps_its_data_over_a_stop_and_a_new_start(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as first:
        redis.Redis.from_url(first.url).set("lead", "kept")

    with EmbeddedRedis(tmp_path) as second:
        assert redis.Redis.from_url(second.url).get("lead") == b"kept"


def test_a_file_cut_off_by_a_crash_is_loaded_up_to_the_cut(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as first:
        redis.Redis.from_url(first.url).set("lead", "kept")
        redis.Redis.from_url(first.url).set("lead", "cut off")
    written = max(
        (tmp_path / "redis").rglob("appendonly.aof*.aof*"), key=lambda path: path.stat().st_mtime, default=None
    )
    written = written or tmp_path / "redis" / "appendonly.aof"
    os.truncate(written, written.stat().st_size - 3)

    with EmbeddedRedis(tmp_path) as second:
        assert redis.Redis.from_url(second.url).get("lead") == b"kept"


def test_a_second_server_on_one_folder_is_refused(server: EmbeddedRedis, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refusal:
        EmbeddedRedis(tmp_path).start()

    assert str(refusal.value) == (
        f"{tmp_path}: another relay runs in this folder: stop it first, or set RELAY_HOME to another folder"
    )
    assert server.ping() == "+PONG"


def test_a_long_folder_gets_its_socket_in_a_short_one(tmp_path: Path) -> None:
    home = tmp_path / ("a long name " * 10)

    with EmbeddedRedis(home) as server:
        folder = Path(server.url.removeprefix("unix://")).parent
        assert redis.Redis.from_url(server.url).ping()

    assert not folder.exists()


def test_files_that_are_no_redis_files_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "appendonly.aof").write_text("not of Redis\n")

    with pytest.raises(
        StoreError, match=r"^embedded Redis did not start: Bad file format .*; its log is .*redis\.log$"
    ):
        EmbeddedRedis(tmp_path).start()


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from relay.embedded import EmbeddedRedis\n"
        "server = EmbeddedRedis(Path(sys.argv[1])); server.start()\n"
        "print(server.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())

        parent.send_signal(signal.SIGKILL)

        until(lambda: gone(pid))


def fake_server(folder: Path, version: str) -> Path:
    server = folder / "redis-server"
    server.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=00000000:0 malloc=libc bits=64 build=0'\n")
    server.chmod(0o755)
    return server


@pytest.mark.parametrize(("version", "used"), [("7.2.4", True), ("6.2.0", True), ("6.0.16", False), ("unknown", False)])
def test_the_server_on_the_path_is_used_if_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, used: bool
) -> None:
    server = fake_server(tmp_path, version)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    found = find_server()

    assert (found == str(server)) is used
    assert os.access(found, os.X_OK)


def test_a_server_older_than_the_files_is_refused_before_it_starts_empty(tmp_path: Path) -> None:
    server = fake_server(tmp_path, "6.2.14")
    (tmp_path / "appendonlydir").mkdir()

    with pytest.raises(CommandError) as refusal:
        refuse_newer_files(tmp_path, str(server))

    assert str(refusal.value) == (
        f"{tmp_path}: was written by Redis 7 or newer, and {server} is older: "
        "install Redis 7, or set RELAY_HOME to another folder"
    )

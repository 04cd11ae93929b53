"""As test_canary.py, where PostgreSQL holds the rows' sessions and everything that Redis is told is listened to."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.e2e.canaries import Said, plant, sources
from tests.e2e.searching import holding
from tests.e2e.stack import Stack, eventually, plaintext_allowed
from tests.e2e.team import Team
from tests.services import postgres, redis
from tests.tied import tied

pytestmark = [pytest.mark.kernel, pytest.mark.team]


@dataclass(frozen=True, slots=True)
class Place:
    """``heard`` is every command that Redis was given; ``cluster`` the folder of PostgreSQL."""

    team: Team
    database: str
    heard: Path
    cluster: Path


@contextmanager
def listening(channel: str, into: Path) -> Iterator[None]:
    """To every command, from before the first."""
    with into.open("wb") as file:
        monitor = subprocess.Popen(tied(["redis-cli", "-u", channel, "MONITOR"]), stdout=file)
        try:
            eventually(lambda: into.stat().st_size > 0, 20, "Redis's word that it tells")
            yield
        finally:
            monitor.terminate()
            monitor.wait(10)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    for name in ("home", "redis"):
        (tmp_path / name).mkdir()
    with postgres() as database, redis() as channel, listening(channel, tmp_path / "redis/heard"):
        team = Team(data=tmp_path / "var", home=tmp_path / "home", policy=tmp_path / "var/agent/policy.toml")
        team.policy.parent.mkdir(parents=True)
        team.policy.write_text('risk = ["S0", "S1", "S2"]\n')
        team.extra_env = {"DATABASE_URL": database, "CHANNEL_URL": channel}
        team.start()
        try:
            yield Place(team, database, tmp_path / "redis/heard", cluster(database))
        finally:
            team.stop()


def cluster(database: str) -> Path:
    with psycopg.connect(database) as connection:
        found = connection.execute("SHOW data_directory").fetchone()
    assert found
    return Path(found[0])


def dump(database: str, into: Path) -> None:
    """What PostgreSQL compresses on its own disk stands in it as it is, bytes in hex."""
    into.mkdir()
    subprocess.run(["pg_dump", "-d", database, "-f", str(into / "dump.sql")], check=True)


def watched(stack: Stack, folder: Path, tool: str) -> tuple[Said, bytes]:
    """And what somebody who looks on is sent meanwhile."""
    with plaintext_allowed(stack):
        one = plant(stack, tool, sources(folder)[tool])
    return one, stack.command("watch", one.session, "--output", "ndjson").stdout


def test_a_canary_is_neither_in_postgresql_nor_in_what_redis_was_told(place: Place, tmp_path: Path) -> None:
    for tool in ("bashreadline", "ttysnoop", "sslsniff"):
        one, shown = watched(place.team, tmp_path, tool)
        assert one.canary in shown, f"{tool}: who may, reads it"
        dump(place.database, tmp_path / f"dump-{tool}")
        searched = (place.team.data, place.team.home, place.cluster, place.heard.parent, tmp_path / f"dump-{tool}")
        for form in (one.canary, one.canary.hex().encode()):
            assert holding(form, *searched) == [], tool
        assert one.session in (tmp_path / f"dump-{tool}/dump.sql").read_text(), "the dump has the session"
        assert one.session.encode() in place.heard.read_bytes(), "Redis was told of the session"

"""PostgreSQL, Redis, web and ingest apart: the same main road, also when ingest is killed in the middle of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import eventually
from tests.e2e.team import Team
from tests.services import postgres, redis
from tests.workloads.spawn import workload

pytestmark = [pytest.mark.kernel, pytest.mark.team]

COUNT = 10_007


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    folder = tmp_path_factory.mktemp("team")
    (folder / "home").mkdir()
    with postgres() as database, redis() as channel:
        running = Team(data=folder / "var", home=folder / "home")
        running.extra_env = {
            "DATABASE_URL": database,
            "CHANNEL_URL": channel,
            "FLEETSCOPE_SEGMENTS": str(folder / "segments"),
        }
        running.start()
        yield running
        running.stop()


def show_processes(team: Team) -> str:
    pids = ",".join(str(process.pid) for process in team.processes.values())
    listing = subprocess.run(["ps", "-o", "pid,args", "-p", pids], capture_output=True, text=True, check=True).stdout
    print(listing)
    return listing


def test_web_and_ingest_are_processes_of_their_own(team: Team) -> None:
    listing = show_processes(team)
    assert "-m server web" in listing
    assert "-m server ingest" in listing
    assert team.processes["web"].pid != team.processes["ingest"].pid
    assert not Path(team.data / "server/fleetscope.sqlite3").exists()


@pytest.mark.parametrize("killed", [False, True], ids=["undisturbed", "ingest killed in the middle"])
def test_every_open_is_stored_once(team: Team, *, killed: bool) -> None:
    with workload("open_paths.py", COUNT, 2000, f"/nonexistent/team-{killed}-") as busy:
        session = team.detach("opensnoop", "--pid", str(busy.pid), "--duration", "60s", "--reason", "team shape")
        watching = team.spawn("watch", session, "--output", "ndjson")
        busy.go()
        if killed:
            eventually(lambda: team.session(session)["rows"] > 2000, 20, "rows before the kill")
            team.processes["ingest"].kill()
            team.processes["ingest"].wait()
            team.start_role("ingest")
        busy.finish()
    ended = team.wait_state(session, "ended", 40)
    out, err = watching.communicate(timeout=30)
    assert watching.returncode == 0, err.decode()
    assert ended["books"] == "complete"
    exported = team.command("export", session, "--format", "ndjson", "-o", "-").stdout
    for lines in (out, exported):
        paths = [row["path"] for row in map(json.loads, lines.splitlines()) if "team-" in row["path"]]
        assert len(paths) == len(set(paths)) == COUNT

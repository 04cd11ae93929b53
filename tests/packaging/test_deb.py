"""The package, built and unpacked: the agent in it joins and traces with nothing of this tree."""

import json
import os
import shlex
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provision import BUILD, ROOT
from tests.e2e.processes import descendants
from tests.e2e.stack import Stack, eventually, own_stack
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def archive() -> Path:
    out = subprocess.run([sys.executable, "packaging/deb.py"], cwd=ROOT, check=True, capture_output=True, text=True)
    return ROOT / out.stdout.strip()


@pytest.fixture(scope="module")
def unpacked(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deb")
    subprocess.run(["dpkg-deb", "-x", str(archive), str(folder)], check=True)
    subprocess.run(["dpkg-deb", "-e", str(archive), str(folder / "DEBIAN")], check=True)
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stack]:
    with own_stack(tmp_path) as running:
        yield running


def test_the_package_says_what_it_needs(archive: Path) -> None:
    fields = subprocess.run(["dpkg-deb", "-f", str(archive)], check=True, capture_output=True, text=True).stdout
    assert archive.parent == BUILD
    assert "Package: fleetscope-agent" in fields
    assert "python3-bpfcc" in fields and "@" not in fields.replace("fleetscope@localhost", "")


def test_files_are_where_debian_wants_them_and_nothing_else_comes_along(unpacked: Path) -> None:
    for name in (
        "usr/bin/fleetscope-agent",
        "lib/systemd/system/fleetscope-agent.service",
        "etc/fleetscope/policy.toml",
    ):
        assert (unpacked / name).is_file()
    assert stat.S_IMODE((unpacked / "usr/bin/fleetscope-agent").stat().st_mode) == 0o755
    home = unpacked / "usr/lib/fleetscope"
    assert sorted(path.name for path in home.iterdir()) == ["agent", "bpf", "proto", "venv"]
    assert not list(home.glob("*/**/test_*.py"))
    assert (unpacked / "DEBIAN/conffiles").read_text() == "/etc/fleetscope/policy.toml\n"


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_maintainer_scripts_are_shell(unpacked: Path, script: str) -> None:
    path = unpacked / "DEBIAN" / script
    assert os.access(path, os.X_OK)
    assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0


def test_the_packaged_agent_joins_and_traces(unpacked: Path, own: Stack, tmp_path: Path) -> None:
    agent = [str(unpacked / "usr/lib/fleetscope/venv/bin/python"), "-I", "-m", "agent.cli"]
    join = shlex.split(own.json("hosts", "token")["command"])
    words = join[join.index("join") :]
    state = ["--state", str(tmp_path / "state")]
    subprocess.run([*agent, *words, "--name", "packaged", *state], cwd="/", check=True, capture_output=True)
    policy = str(unpacked / "etc/fleetscope/policy.toml")
    running = subprocess.Popen(
        [*agent, "run", *state, "--policy", policy, "--lifeline"], cwd="/", stdin=subprocess.PIPE
    )
    try:
        eventually(lambda: "online" in states(own, "packaged"), 20, "the packaged agent online")
        with workload("open_paths.py", 101, 200, "/nonexistent/packaged-") as busy:
            session = own.detach("opensnoop", "--host", "packaged", "--pid", str(busy.pid), "--duration", "30s")
            busy.go()
            own.wait_state(session, "ended")
        rows = own.command("export", session, "--format", "ndjson").stdout.splitlines()
        assert sum("packaged-" in json.loads(row)["path"] for row in rows) == 101
    finally:
        assert running.stdin is not None
        running.stdin.close()
        running.wait(timeout=20)
    assert not descendants(running.pid)


def states(stack: Stack, name: str) -> list[str]:
    return [host["state"] for host in stack.json("hosts") if host["name"] == name]

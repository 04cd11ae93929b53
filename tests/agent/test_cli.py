from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent import cli, identity
from agent.config import AgentPaths
from agent.warden.audit import HostAudit
from agent.warden.witness import Witness
from tests.agent.support.heads import Log
from tests.agent.support.pki import Authority

PATHS = "policy.toml"


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.main(list(words))
    out = capsys.readouterr()
    return code, out.out, out.err


def test_a_host_that_has_not_joined_is_told_how(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = _run(capsys, "run", "--state", str(tmp_path))
    assert code == 1
    assert err.count("\n") == 1 and "get a join command" in err


def test_join_says_in_one_line_what_is_wrong(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = _run(capsys, "join", "localhost:1", "--token", "nonsense", "--state", str(tmp_path))
    assert code == 1 and err.count("\n") == 1
    assert err.startswith("fleetscope-agent: the token is not one of a join command; copy the whole command")


def test_status_without_an_agent_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = _run(capsys, "status", "--state", str(tmp_path))
    assert code == 1
    assert f"no agent runs with {tmp_path}" in err


def test_off_and_on_work_without_an_agent_and_name_who(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "ada")
    paths = AgentPaths(tmp_path, tmp_path / PATHS)
    assert _run(capsys, "off", "--reason", "audit week", "--state", str(tmp_path))[0] == 0
    written = json.loads(paths.switch.read_text())
    assert (written["by"], written["reason"]) == ("ada", "audit week")
    assert "allowed on this host again" in _run(capsys, "on", "--state", str(tmp_path))[1]
    assert "was not switched off" in _run(capsys, "on", "--state", str(tmp_path))[1]
    code, _, err = _run(capsys, "off", "--state", str(tmp_path / "missing"))
    assert code == 1 and "is --state right?" in err


def test_the_audit_is_printed_and_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    paths = AgentPaths(tmp_path, tmp_path / PATHS)
    HostAudit(paths.audit).record("start", user="ada")
    code, out, _ = _run(capsys, "audit", "--state", str(tmp_path))
    assert code == 0 and json.loads(out)["user"] == "ada"
    paths.audit.write_text(paths.audit.read_text().replace("ada", "eve"))
    code, _, err = _run(capsys, "audit", "--state", str(tmp_path))
    assert code == 1 and "line 1" in err


def test_nothing_works_without_root(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "agent.cli", "status", "--state", str(tmp_path)]
    code = f"import os; os.setuid(65534); from agent.cli import main; raise SystemExit(main({command[3:]!r}))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ))
    assert process.returncode == 1
    assert process.stderr == "fleetscope-agent: `fleetscope-agent status` needs root; run it with sudo\n"


def test_run_needs_neither_the_network_nor_the_rows_libraries(tmp_path: Path) -> None:
    identity.save(tmp_path / "identity", Authority().identity("localhost:1"))
    code = (
        "import sys\nfrom agent.warden import daemon\n"
        "print([name for name in ('grpc', 'numpy', 'pyarrow', 'bcc', 'asyncio') if name in sys.modules])"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout == "[]\n"


def test_the_head_of_the_servers_audit_is_shown_and_let_go_of(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, err = _run(capsys, "witness", "show", "--state", str(tmp_path))
    assert (code, "takes the first one that it is given" in err) == (1, True)
    paths, log = AgentPaths(tmp_path, tmp_path / PATHS), Log()
    witness = Witness(paths, HostAudit(paths.audit), lambda _: None)
    witness.offered(log.head(3))
    assert _run(capsys, "witness", "show", "--state", str(tmp_path)) == (0, log.note(3), "")
    code, out, _ = _run(capsys, "witness", "re-anchor", "--reason", "restored", "--state", str(tmp_path))
    assert (code, "lets go of the head" in out) == (0, True)
    witness.refresh()
    assert witness.held().note == ""

"""A real agent and server: a certificate is renewed, the authority replaced, and in the end the host revoked."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509

from agent import identity
from tests.e2e.stack import AGENT_COMMAND, ROOT, Stack, eventually, own_stack
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel

PATIENCE = 60
CUT_SECONDS = 30
COUNT = 2003
DATABASE = "server/fleetscope.sqlite3"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with own_stack(tmp_path_factory.mktemp("fleet")) as running:
        yield running


def ca(fleet: Stack, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server", "ca", *words]
    done = subprocess.run(command, cwd=ROOT, env=fleet.env, capture_output=True, text=True, check=False, timeout=120)
    assert not check or done.returncode == 0, done.stderr
    return done


def own(fleet: Stack) -> identity.Identity:
    return identity.load(fleet.data / "agent/identity")


def serial(held: identity.Identity) -> int:
    return x509.load_pem_x509_certificate(held.certificate_pem).serial_number


def actions(fleet: Stack, action: str) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(fleet.data / DATABASE, timeout=30)) as database:
        found = database.execute("SELECT actor, outcome FROM audit_auditentry WHERE action = ? ORDER BY id", [action])
        return [(str(actor), str(outcome)) for actor, outcome in found]


def renewed(fleet: Stack, before: identity.Identity) -> identity.Identity:
    """What the agent holds once the server has seen it come with another certificate."""

    def in_use() -> bool:
        with closing(sqlite3.connect(fleet.data / DATABASE, timeout=30)) as database:
            ((used, coming, state),) = database.execute(
                "SELECT certificate_serial, next_serial, connection FROM fleet_host WHERE id = ?",
                [before.host_id.replace("-", "")],
            )
        return bool(used == f"{serial(own(fleet)):x}" != f"{serial(before):x}" and not coming and state)

    eventually(in_use, PATIENCE, "the first use of the new certificate")
    return own(fleet)


def test_a_certificate_is_renewed_at_half_life_while_a_session_runs(fleet: Stack) -> None:
    before = own(fleet)
    with workload("open_paths.py", COUNT, 500, "/nonexistent/renewed-") as load:
        session = fleet.detach("opensnoop", "--pid", str(load.pid))
        with closing(sqlite3.connect(fleet.data / DATABASE, timeout=30)) as database, database:
            database.execute("UPDATE fleet_host SET renew_at = '2020-01-01 00:00:00'")
        load.go()
        after = renewed(fleet, before)
        load.finish()
        eventually(lambda: fleet.session(session)["rows"] >= COUNT, PATIENCE, "every row")
        assert fleet.wait_state(session, "ended", PATIENCE)["books"] == "complete"
    assert after.key_pem != before.key_pem
    assert (after.ca_pem, after.host_id) == (before.ca_pem, before.host_id)
    assert actions(fleet, "host.renew") == [(before.host_name, "done")]


def test_the_authority_is_replaced_with_the_agent_connected(fleet: Stack) -> None:
    old = own(fleet)
    begun = ca(fleet, "rotate").stdout
    assert "coming" in begun
    both = renewed(fleet, old)
    assert len(x509.load_pem_x509_certificates(both.ca_pem)) == 2
    assert "hosts that do not follow yet\tnone" in ca(fleet, "show").stdout
    ca(fleet, "finish")
    new = renewed(fleet, both)
    (only,) = x509.load_pem_x509_certificates(new.ca_pem)
    assert only.subject.rfc4514_string() not in old.ca_pem.decode()
    assert new.ca_pem != old.ca_pem
    assert new.ca_pem in both.ca_pem
    assert [outcome for _, outcome in actions(fleet, "ca.rotate") + actions(fleet, "ca.finish")] == ["done"] * 2
    record = subprocess.run(
        [str(AGENT_COMMAND), "audit", "--state", str(fleet.data / "agent")], capture_output=True, text=True, check=True
    )
    assert record.stdout.count('"event":"certificate"') + record.stdout.count('"event": "certificate"') >= 3


def test_every_wrong_way_to_join_is_refused_by_name(fleet: Stack, tmp_path: Path) -> None:
    token = fleet.json("hosts", "token", "--host", "db-1")["token"]
    tries = [
        (token, "web-9", "the join token is for another host"),
        (f"fsj1.{'A' * 43}.{token.rpartition('.')[2]}", "db-1", "does not exist or has already been used"),
        (token, "db-1", ""),
        (token, "db-1", "does not exist or has already been used"),
    ]
    for number, (used, name, why) in enumerate(tries):
        command = [str(AGENT_COMMAND), "join", f"localhost:{fleet.grpc_port}", "--token", used, "--name", name]
        done = subprocess.run(
            [*command, "--state", str(tmp_path / str(number))], capture_output=True, text=True, check=False, timeout=60
        )
        assert (done.returncode == 0) == (not why), done.stderr
        assert why in done.stderr
    assert [outcome for _, outcome in actions(fleet, "host.join")][1:] == ["refused", "refused", "done", "refused"]


def test_a_revoked_host_is_cut_off_and_gets_no_other_certificate(fleet: Stack) -> None:
    held = own(fleet)
    fleet.api("POST", f"/api/hosts/{held.host_id}/revoke", {"reason": "stolen"})
    began = time.monotonic()

    def status() -> str:
        done = subprocess.run(
            [str(AGENT_COMMAND), "status", "--state", str(fleet.data / "agent")],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.stdout if "was revoked; join it again with a new token" in done.stdout else ""

    eventually(status, CUT_SECONDS, "the end of the connection")
    assert time.monotonic() - began < CUT_SECONDS
    assert serial(own(fleet)) == serial(held)

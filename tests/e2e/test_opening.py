"""Rows of plaintext are read again by a signature that a real host checks, and not by all that a server holds."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from agent.warden.opening import CONTEXT
from fleetscope.signing import sign
from proto.opening import read_opening
from proto.v1.agent_pb2 import Opening, PersonSignature
from tests.e2e.consenting import Pair, host_says, make_key, pair, people, signatures_wanted
from tests.e2e.locking import lock, on_record, plaintext_session
from tests.e2e.stack import ROOT, Stack, eventually, own_stack
from tests.signers import SshSigner

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Pair, str]]:
    """A stack with the keys of the people whom its host knows, and a session that has ended."""
    folder = tmp_path_factory.mktemp("opening")
    with own_stack(folder) as stack:
        keys = pair(stack, folder)
        with signatures_wanted(stack, people(keys)):
            yield stack, keys, plaintext_session(stack, keys, folder)


def export(stack: Stack, session: str) -> bytes:
    return stack.command("export", session, "--format", "ndjson", "--stream", "data", "-o", "-").stdout


def test_the_rows_lock_and_only_whom_the_owner_lets_ask_opens_them(
    own: tuple[Stack, Pair, str], tmp_path: Path
) -> None:
    stack, keys, session = own
    before = export(stack, session)
    assert len(before.splitlines()) > 0
    lock(stack, session)
    locked = stack.command("export", session, "--format", "ndjson", "-o", "-", check=False)
    assert locked.returncode == 1
    assert f"fleetscope open {session}".encode() in locked.stderr
    assert [run["locked"] for run in stack.api("GET", f"/api/sessions/{session}")["runs"]] == [True]
    order = ("open", session, "--reason", "the report", "--yes", "--key")
    refused = stack.command(*order, str(make_key(tmp_path, "strange")), check=False)
    assert refused.returncode == 1
    assert b"does not count on this host" in refused.stderr
    done = stack.command(*order, str(keys.ask))
    assert b'"reason": "the report"' in done.stderr
    assert b"its rows can be read for 15 minutes" in done.stderr
    assert export(stack, session) == before
    told = [(entry["event"], entry["user"], entry["reason"]) for entry in on_record(stack, "open", "open refused")]
    assert told == [("open refused", "admin", "the report"), ("open", "admin", "the report")]
    entries = [entry for entry in stack.api("GET", "/api/audit?limit=50")["items"] if entry["action"] == "session.open"]
    assert [entry["outcome"] for entry in reversed(entries)] == ["done", "refused", "done"]
    both = crosscheck(stack, tmp_path)
    assert both.stdout.strip().endswith("stand in both records, none in one alone; 2 openings of rows too"), both.stderr
    lock(stack, session)
    assert stack.command("export", session, "--format", "ndjson", "-o", "-", check=False).returncode == 1


def test_a_stolen_server_opens_nothing(own: tuple[Stack, Pair, str], tmp_path: Path) -> None:
    """It has every key and the database, and a signature that a person made for something else."""
    stack, keys, session = own
    lock(stack, session)
    assert not list((stack.data / "server/session-keys").glob(f"{session}*"))
    command = load_pem_private_key((stack.data / "server/keys/web/command.key").read_bytes(), None)
    assert isinstance(command, Ed25519PrivateKey)
    wanted, another = (asked(stack, session, reason) for reason in ("a thief's", "another"))
    tries = (
        (Opening(text=wanted), "by a signature of somebody whom this host's policy lists"),
        (Opening(text=wanted, signatures=[SshSigner(command).sign(wanted)]), "is not known"),
        (Opening(text=wanted, signatures=[by_ssh(another, keys.ask)]), "does not fit the specification"),
    )
    for opening, why in tries:
        before = len(list(on_record(stack, "open refused")))
        plant(stack, opening, command)
        entries = eventually(partial(more_than, stack, before), 60, "the host's word")
        assert why in entries[-1]["refused"]
    assert all(entry["reason"] != "a thief's" for entry in on_record(stack, "open"))
    named = crosscheck(stack, tmp_path)
    assert (named.returncode, named.stderr.count("a key not given out of run")) == (1, len(tries))


def crosscheck(stack: Stack, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    (host,) = stack.api("GET", "/api/hosts")
    record = tmp_path / "host.jsonl"
    record.write_text(host_says(stack, "audit"))
    command = [sys.executable, "-m", "server", "audit", "crosscheck", host["name"], str(record)]
    return subprocess.run(command, cwd=ROOT, env=stack.env, capture_output=True, text=True, timeout=120)


def asked(stack: Stack, session: str, reason: str) -> bytes:
    made = stack.api("POST", f"/api/sessions/{session}/openings", {"reason": reason}, status=201)
    return str(made["text"]).encode()


def by_ssh(text: bytes, key: Path) -> PersonSignature:
    armoured = sign(text.decode(), key).splitlines()
    return PersonSignature(ssh=base64.b64decode("".join(armoured[1:-1])))


def more_than(stack: Stack, before: int) -> list[dict[str, Any]] | None:
    found = list(on_record(stack, "open refused"))
    return found if len(found) > before else None


def plant(stack: Stack, opening: Opening, command: Ed25519PrivateKey) -> None:
    """Where the running server finds what hosts have to be told."""
    payload = opening.SerializeToString()
    order = {
        "opening": str(read_opening(opening.text).opening),
        "payload": base64.b64encode(payload).decode(),
        "signature": base64.b64encode(command.sign(CONTEXT + payload)).decode(),
    }
    subprocess.run(
        [sys.executable, "-m", "tests.e2e.thief"],
        input=json.dumps([order]).encode(),
        cwd=ROOT,
        env=stack.env,
        check=True,
        timeout=120,
    )


def test_deleting_the_session_destroys_the_hosts_key_too(own: tuple[Stack, Pair, str]) -> None:
    stack, _, session = own
    (run,) = stack.api("GET", f"/api/sessions/{session}")["runs"]
    kept = stack.data / "agent/kept-keys" / str(run["id"]).replace("-", "")
    assert kept.stat().st_mode & 0o777 == 0o600
    stack.api("DELETE", f"/api/sessions/{session}")
    eventually(lambda: not kept.exists(), 30, "the end of the host's key")
    (entry,) = on_record(stack, "keys destroyed")
    assert entry["runs"] == [kept.name]

"""Plaintext needs two people: from the command line to the host's own record, with the real ssh-keygen."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.e2e.consenting import Pair, host_says, pair, people, signatures_wanted
from tests.e2e.stack import Stack
from tests.workloads import tls
from tests.workloads.compiled import build, running

pytestmark = pytest.mark.kernel

OWN = str(os.getpid())


def agreed(stack: Stack, keys: Pair, *order: str) -> str:
    """The id of a request that both have signed."""
    asked = ("start", *order, "--request", "--reason", "a customer's call", "--key", str(keys.ask))
    request = str(stack.json(*asked)["request"])
    stack.command("requests", "approve", request[:8], "--key", str(keys.agree), "--yes", env=keys.as_bob)
    return request


def test_two_people_sign_the_host_checks_and_its_record_names_them(stack: Stack, tmp_path: Path) -> None:
    keys, program = pair(stack, tmp_path), build("tls.c", tmp_path, "-lssl", "-lcrypto")
    files = [str(path) for path in tls.certificate(tmp_path)]
    with signatures_wanted(stack, people(keys)), running(program, *files, 3, 1) as talking:
        order = ("sslsniff", "--pid", str(talking.pid), "--budget", "100%", "--duration", "5m")
        alone = stack.command("start", *order, check=False)
        assert alone.returncode == 1
        assert b"this needs approval: it shows plaintext (S3)" in alone.stderr
        request = agreed(stack, keys, *order)
        shown = stack.command("requests", "show", request, "--bytes").stdout
        assert json.loads(shown)["filters"] == {"pid": talking.pid}
        assert stack.json("requests", "start", request)["session"] == request
        stack.wait_state(request, "attached", 60)
        (line,) = [line for line in host_says(stack, "status").splitlines() if "sslsniff" in line]
        assert "bob" in line.split()
        talking.go()
        talking.finish()
        assert stack.wait_ended(request, 60)["rows"] > 0
    entries = [json.loads(line) for line in host_says(stack, "audit").splitlines()]
    (start,) = [
        entry for entry in entries if entry["event"] == "start" and entry["session"] == request.replace("-", "")
    ]
    assert [signer[:2] for signer in start["consent"]["signers"]] == [["admin", "requester"], ["bob", "approver"]]


def test_a_key_that_the_hosts_policy_does_not_list_starts_nothing(stack: Stack, tmp_path: Path) -> None:
    listed, strange = tmp_path / "listed", tmp_path / "strange"
    listed.mkdir()
    strange.mkdir()
    keys = pair(stack, listed)
    others = pair(stack, strange)
    with signatures_wanted(stack, people(keys)):
        request = agreed(stack, Pair(keys.ask, others.agree, others.token), "sslsniff", "--pid", OWN)
        stack.command("requests", "start", request)
        (run,) = stack.wait_ended(request)["runs"]
    assert run["state"] == "refused"
    assert "signature 2 does not count on this host: the key SHA256" in run["end"]["message"]

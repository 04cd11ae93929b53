"""Sessions of risk class S3 that two people agreed to, and whose time to be read without a signature is over."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.e2e.consenting import Pair, host_says
from tests.e2e.stack import Stack, eventually
from tests.workloads import tls
from tests.workloads.compiled import build, running

RECORDS = 3


def plaintext_session(stack: Stack, keys: Pair, folder: Path) -> str:
    """Ended, of a program of ours; its host knows the pair."""
    program = build("tls.c", folder, "-lssl", "-lcrypto")
    with running(program, *(str(path) for path in tls.certificate(folder)), RECORDS, 1) as talking:
        order = ("sslsniff", "--pid", str(talking.pid), "--budget", "100%", "--duration", "5m")
        asked = ("start", *order, "--request", "--reason", "a customer's call", "--key", str(keys.ask))
        session = str(stack.json(*asked)["request"])
        stack.command("requests", "approve", session[:8], "--key", str(keys.agree), "--yes", env=keys.as_bob)
        stack.command("requests", "start", session)
        stack.wait_state(session, "attached", 60)
        talking.go()
        talking.finish()
    assert stack.wait_ended(session, 60)["rows"] > 0
    return session


def lock(stack: Stack, session: str) -> None:
    """The server does it, as if the time that it gives its keys had passed."""
    folder = stack.data / "server/session-keys"
    for path in folder.glob(f"{session}*"):
        os.utime(path, (0, 0))
    eventually(lambda: not list(folder.glob(f"{session}*")), 60, "the end of the server's keys")


def on_record(stack: Stack, *events: str) -> Iterator[dict[str, Any]]:
    """What the host's own record has of these, oldest first."""
    for line in host_says(stack, "audit").splitlines():
        entry = json.loads(line)
        if entry["event"] in events:
            yield entry

"""The shapes that the client declares are the shapes that the server sends."""

from typing import get_type_hints

import pytest

from fleetscope import models
from fleetscope.client import Client
from tests.e2e.stack import Stack
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel


def missing(shape: type, answer: object) -> set[str]:
    assert isinstance(answer, dict)
    return set(get_type_hints(shape)) - set(answer)


def test_the_server_sends_what_the_client_reads(client: Client) -> None:
    assert not missing(models.Me, client.me())
    assert not missing(models.Host, client.hosts()[0])
    assert not missing(models.User, client.users()[0])
    assert not missing(models.JoinToken, client.join_token())


def test_a_session_and_its_runs_have_the_declared_shape(stack: Stack, client: Client) -> None:
    with workload("open_paths.py", 500, 200, "/nonexistent/shapes-") as busy:
        started = client.start("syscount", filters={"pid": busy.pid}, duration="2s", reason="a test")
        stack.wait_state(started["id"], "attached")
        busy.go()
        assert list(client.rows(started["id"]))
    session = client.session(started["id"])
    assert not missing(models.Session, session)
    (run,) = session["runs"]
    assert not missing(models.Run, run)
    assert not missing(models.RunEnd, run["end"])
    assert not missing(models.Ledger, run["ledger"])

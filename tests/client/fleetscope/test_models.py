"""The shapes that the client declares are the shapes that the server sends."""

from typing import get_type_hints

import pytest

from fleetscope import models
from fleetscope.client import Client

pytestmark = pytest.mark.kernel


def missing(shape: type, answer: object) -> set[str]:
    assert isinstance(answer, dict)
    return set(get_type_hints(shape)) - set(answer)


def test_the_server_sends_what_the_client_reads(client: Client) -> None:
    assert not missing(models.Me, client.me())
    assert not missing(models.Host, client.hosts()[0])
    assert not missing(models.User, client.users()[0])
    assert not missing(models.JoinToken, client.join_token())


def test_a_session_and_its_runs_have_the_declared_shape(client: Client) -> None:
    started = client.start("syscount", duration="1s", reason="a test")
    with client.row_bytes(started["id"]) as chunks:
        assert sum(map(len, chunks)) > 0
    session = client.session(started["id"])
    assert not missing(models.Session, session)
    (run,) = session["runs"]
    assert not missing(models.Run, run)
    assert not missing(models.RunEnd, run["end"])
    assert not missing(models.Ledger, run["ledger"])

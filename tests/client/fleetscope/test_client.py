"""Against a running server: every method, and every way a server says no."""

import json

import pytest

from fleetscope.client import Client, connect
from fleetscope.errors import NotSignedIn, Refused
from tests.e2e.stack import Stack
from tests.workloads.spawn import workload


@pytest.mark.kernel
def test_the_stored_login_is_enough(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(stack.home))
    with connect() as client:
        assert client.url == stack.url
        assert client.me()["role"] == "admin"


@pytest.mark.kernel
def test_a_token_that_is_not_valid_asks_for_a_login(stack: Stack) -> None:
    with Client(stack.url, "wrong") as client, pytest.raises(NotSignedIn, match=f"fleetscope login {stack.url}"):
        client.hosts()


@pytest.mark.kernel
def test_hosts_and_tools_are_what_runs_here(client: Client) -> None:
    (host,) = client.hosts()
    assert host["state"] == "online"
    assert {"opensnoop", "execsnoop", "syscount", "funclatency", "profile"} <= {tool["name"] for tool in client.tools()}
    assert client.tool("opensnoop")["streams"][0]["columns"][0]["name"] == "time"


@pytest.mark.kernel
def test_rows_arrive_while_they_happen_and_exports_hold_the_same(stack: Stack, client: Client) -> None:
    with workload("open_paths.py", 101, 200, "/nonexistent/client-") as busy:
        session = client.start("opensnoop", filters={"pid": busy.pid}, duration="30s", budget="100%", reason="a test")
        stack.wait_state(session["id"], "attached")
        busy.go()
        live = list(client.rows(session["id"]))
    ours = [row for row in live if "client-" in row["path"]]
    assert [row["path"] for row in ours] == [f"/nonexistent/client-{number}" for number in range(101)]
    with client.export(session["id"], "ndjson") as chunks:
        assert [json.loads(line) for line in b"".join(chunks).splitlines()] == live
    assert client.session(session["id"][:8])["books"] == "complete"


@pytest.mark.kernel
def test_a_session_can_be_stopped_and_is_listed(client: Client) -> None:
    with workload("open_paths.py", 3, 10, "/nonexistent/stopped-") as busy:
        session = client.start("opensnoop", filters={"pid": busy.pid}, limits={"duration_ms": 60_000})
        client.stop(session["id"])
        assert not [row for row in client.rows(session["id"]) if "stopped-" in row["path"]]
    listed, total = client.sessions(limit=1)
    assert total >= 1
    assert listed[0]["id"] == session["id"]


@pytest.mark.kernel
def test_a_refusal_names_the_input_it_is_about(client: Client) -> None:
    with pytest.raises(Refused, match="opensnoop") as refused:
        client.start("opensnop")
    assert refused.value.code == "not_found"
    with pytest.raises(Refused, match="speed") as refused:
        client.start("opensnoop", params={"speed": "1"})
    assert refused.value.field


@pytest.mark.parametrize("text", ["", "../auth/me", "a b", "0123456789/rows"])
def test_a_session_id_is_never_another_address(text: str) -> None:
    with Client("http://localhost:1", "token") as client, pytest.raises(Refused, match="is no session id"):
        client.session(text)


@pytest.mark.parametrize("text", ["", "..", "../hosts"])
def test_a_tool_name_is_never_another_address(text: str) -> None:
    with Client("http://localhost:1", "token") as client, pytest.raises(Refused, match="there is no tool"):
        client.tool(text)

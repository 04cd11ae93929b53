from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from server.catalog.tools import catalogue
from server.fleet.models import HostVerdict
from tests.server.fleet.hosts import make_host


def test_a_tool_is_its_manifest_with_the_verdict_of_every_host(client_of: Callable[[str], Client]) -> None:
    host = make_host("web-1")
    HostVerdict.objects.filter(host=host, tool="opensnoop").update(state="refused", reason="no tracepoints")
    tools = {tool["name"]: tool for tool in client_of("viewer").get("/api/tools").json()}
    assert list(tools) == list(catalogue())
    opensnoop = tools["opensnoop"]
    assert opensnoop["digest"] == catalogue()["opensnoop"].digest.hex()
    assert (opensnoop["risk"], opensnoop["streams"][0]["kind"]) == ("s2", "events")
    assert opensnoop["verdicts"]["web-1"] == {"state": "refused", "variant": "syscalls", "reason": "no tracepoints"}
    assert "source" not in opensnoop


def test_one_tool_comes_with_its_program(client_of: Callable[[str], Client]) -> None:
    viewer = client_of("viewer")
    assert "SEC" in (source := viewer.get("/api/tools/opensnoop").json()["source"]) or "TRACEPOINT" in source.upper()
    assert viewer.get("/api/tools/opensnop").json()["error"]["message"].endswith("did you mean opensnoop?")

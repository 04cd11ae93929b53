"""What is said of hosts that come and go. That it is said while rows are awaited: tests/faults/test_network.py."""

from __future__ import annotations

from typing import Any, cast

from fleetscope.cli.silence import news
from fleetscope.models import Host


def host(name: str, state: str, last_seen: str | None = "2026-01-02T03:04:05Z") -> Host:
    found: dict[str, Any] = {"name": name, "state": state, "last_seen": last_seen}
    return cast(Host, found)


def test_silence_is_told_once_and_so_is_its_end() -> None:
    silent: set[str] = set()
    assert list(news([host("a", "online"), host("b", "online")], silent)) == []
    (line,) = news([host("a", "offline"), host("b", "online")], silent)
    assert line.startswith("a is silent since 2026-01-0") and line.endswith("goes on and spools")
    assert list(news([host("a", "offline")], silent)) == []
    assert list(news([host("a", "online")], silent)) == ["a answers again; what it spooled comes now"]
    assert list(news([host("a", "online")], silent)) == []


def test_a_host_that_was_never_here() -> None:
    assert list(news([host("a", "offline", None)], set())) == [
        "a is silent since it joined; what runs there goes on and spools"
    ]

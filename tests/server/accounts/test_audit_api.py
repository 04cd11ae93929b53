from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from server.audit.record import record


@pytest.fixture
def ask(client_of: Callable[[str], Client]) -> Callable[[str], list[dict[str, Any]]]:
    admin = client_of("admin")
    record("session.start", "ann", tool="opensnoop", hosts=["web-1", "web-2"], reason="slow disk")
    record("session.start", "bob", "refused", tool="profile", hosts=["web-2"])
    record("host.switch", "ann", hosts=["web-1"], detail={"off": True})
    return lambda query: admin.get(f"/api/audit?{query}").json()["items"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [3, 2, 1]),
        ("limit=2", [3, 2]),
        ("before=3&limit=1", [2]),
        ("actor=ann", [3, 1]),
        ("host=web-2", [2, 1]),
        ("tool=profile", [2]),
        ("action=session", [2, 1]),
        ("outcome=refused", [2]),
        ("actor=ann&host=web-2", [1]),
    ],
)
def test_entries_are_found(ask: Callable[[str], list[dict[str, Any]]], query: str, ids: list[int]) -> None:
    assert [entry["id"] for entry in ask(query)] == ids


def test_an_entry_is_whole(ask: Callable[[str], list[dict[str, Any]]]) -> None:
    entry = ask("before=2")[0]
    assert (entry["actor"], entry["hosts"], entry["reason"]) == ("ann", ["web-1", "web-2"], "slow disk")
    assert len(entry["hash"]) == 64


@pytest.mark.parametrize("role", ["viewer", "tracer"])
def test_only_admins_read_the_audit(client_of: Callable[[str], Client], role: str) -> None:
    assert client_of(role).get("/api/audit").status_code == 403

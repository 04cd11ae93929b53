from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from server.audit import checkpoints
from server.audit.exported import check
from server.audit.models import AuditEntry
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
        ("before=4", [3, 2, 1]),
        ("limit=2", [4, 3]),
        ("after=2020-01-01T00:00:00Z&before=4", [3, 2, 1]),
        ("until=2020-01-01T00:00:00Z", []),
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


def test_who_reads_what_of_the_audit_is_on_record_once(client_of: Callable[[str], Client]) -> None:
    admin = client_of("admin")
    for query in ("", "actor=ann", "host=web-1", "actor=ann", "actor=ann&before=9"):
        admin.get(f"/api/audit?{query}")
    entries = AuditEntry.objects.filter(action="audit.view", actor="admin", outcome="done").order_by("id")
    assert [entry.detail["wanted"] for entry in entries] == [{}, {"actor": "ann"}, {"host": "web-1"}]


def test_a_selection_leaves_as_a_file_that_can_be_checked(client_of: Callable[[str], Client]) -> None:
    for number in range(4):
        record("session.view", "ann" if number % 2 else "bob", hosts=["web-1"])
    checkpoints.sign_head()
    answer = client_of("admin").get("/api/audit/export?actor=ann")
    content: Any = answer

    async def read() -> bytes:
        return b"".join([part async for part in content])

    lines = async_to_sync(read)().splitlines(keepends=True)
    found = check(lines)
    assert (found.verdict.entries, found.verdict.bad_id, found.wanted) == (2, None, {"actor": "ann"})
    entry = AuditEntry.objects.get(action="audit.export")
    assert (entry.actor, entry.detail["wanted"], entry.detail["form"]) == ("admin", {"actor": "ann"}, "ndjson")
    assert client_of("viewer").get("/api/audit/export").status_code == 403

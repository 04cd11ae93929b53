"""What a host's calls leave in the audit, as declared beside every other way in."""

from __future__ import annotations

from server.audit.models import AuditEntry
from server.ingest.database import in_db
from tests.server.audit import operations
from tests.server.ingest.conftest import Join
from tests.server.ingest.scripted import agent


async def said() -> tuple[str, ...]:
    return await in_db(lambda: tuple(AuditEntry.objects.order_by("id").values_list("action", flat=True)))


async def test_each_call_of_a_host(address: str, join: Join) -> None:
    identity = await join()
    joined = await said()
    assert joined == ("host.token", *operations.RPCS["Enrolment.Enroll"].entries)
    entry = await in_db(AuditEntry.objects.get, action="host.join")
    assert entry.hosts == ["web-1"] and entry.detail["address"] in ("127.0.0.1", "::1")
    async with agent(address, identity) as host:
        await host.hello()
        host.open_data()
    silent = operations.RPCS["AgentLink.Control"].entries + operations.RPCS["AgentLink.Data"].entries
    assert await said() == joined + silent

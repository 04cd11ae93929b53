"""Reading the audit. It needs a right, so it is here and not in `server.audit`, which knows nobody."""

from __future__ import annotations

from typing import Annotated

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from server.accounts.auth import person
from server.accounts.policy import Action, require
from server.accounts.schemas import AuditPage
from server.audit.models import AuditEntry

router = Router(tags=["audit"])
_SCAN = 20_000


class AuditQuery(Schema):
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    before: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    actor: str = ""
    host: str = ""
    tool: str = ""
    action: str = ""
    outcome: str = ""


@router.get("", response=AuditPage)
def list_audit(request: HttpRequest, query: Query[AuditQuery]) -> dict[str, list[AuditEntry]]:
    """Newest first; the next page is `before` the last id of this one."""
    require(person(request), Action.AUDIT_VIEW)
    entries = _filtered(query)
    if not query.host:
        return {"items": list(entries[: query.limit])}
    # A JSON list has no portable containment test: search the newest entries here.
    return {"items": [entry for entry in entries[:_SCAN] if query.host in entry.hosts][: query.limit]}


def _filtered(query: AuditQuery) -> QuerySet[AuditEntry]:
    wanted = {name: getattr(query, name) for name in ("actor", "tool", "outcome") if getattr(query, name)}
    entries = AuditEntry.objects.filter(**wanted)
    if query.action:
        entries = entries.filter(action__startswith=query.action)
    return entries.filter(id__lt=query.before) if query.before else entries

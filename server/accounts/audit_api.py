"""Reading the audit. It needs a right, so it is here and not in `server.audit`, which knows nobody."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Annotated, Any, Literal

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from server.accounts.auth import person
from server.accounts.policy import Action, require
from server.accounts.schemas import AuditPage
from server.audit.export import Selection, export
from server.audit.models import AuditEntry, EntryHost
from server.audit.pack import pack
from server.audit.record import record, record_distinct

_BLOCK = 500  # lines
router = Router(tags=["audit"])


class AuditFilter(Schema):
    """`action` is a beginning, such as `session`; `after` and `until` are moments, the first one included."""

    actor: str = ""
    host: str = ""
    tool: str = ""
    action: str = ""
    outcome: str = ""
    after: datetime.datetime | None = None
    until: datetime.datetime | None = None


class AuditExport(AuditFilter):
    """`pack`: one HTML file that holds the entries and what shows and checks them."""

    form: Literal["ndjson", "pack"] = "ndjson"


class AuditQuery(AuditFilter):
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    before: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None


@router.get("", response=AuditPage)
def list_audit(request: HttpRequest, query: Query[AuditQuery]) -> dict[str, list[AuditEntry]]:
    """Newest first; the next page is `before` the last id of this one. What is read is on record, every ten minutes."""
    reader = person(request)
    require(reader, Action.AUDIT_VIEW)
    wanted = _wanted(query)
    record_distinct(Action.AUDIT_VIEW, reader.username, wanted, detail={"wanted": wanted})
    entries = _filtered(query)
    if query.before:
        entries = entries.filter(id__lt=query.before)
    return {"items": list(entries[: query.limit])}


@router.get("/export", summary="Entries as a file that can be checked without this server")
def export_audit(request: HttpRequest, query: Query[AuditExport]) -> StreamingHttpResponse:
    """The entries, their proofs and the signed head, up to a minute ago; without a filter the whole log."""
    reader = person(request)
    require(reader, Action.AUDIT_VIEW)
    wanted = _wanted(query)
    entries = _filtered(query)
    lines = export(Selection(entries, wanted, reader.username))
    kind, ending = "application/x-ndjson", "ndjson"
    if query.form == "pack":
        lines, kind, ending = pack(lines, entries.count()), "text/html; charset=utf-8", "html"
    record("audit.export", reader.username, detail={"wanted": wanted, "form": query.form})
    response = StreamingHttpResponse(_in_blocks(lines), content_type=kind)
    name = f"fleetscope-audit-{timezone.now():%Y%m%d-%H%M%S}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _in_blocks(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    """As fast as the reader takes them, in the request's own thread, which has the connection to the database."""
    read = sync_to_async(lambda: b"".join(islice(lines, _BLOCK)))
    while block := await read():
        yield block


def _wanted(query: AuditFilter) -> dict[str, Any]:
    """What a person filters by."""
    fields = query.model_dump(mode="json", include=set(AuditFilter.model_fields))
    return {name: value for name, value in fields.items() if value}


def _filtered(query: AuditFilter) -> QuerySet[AuditEntry]:
    wanted = {
        "actor": query.actor,
        "tool": query.tool,
        "outcome": query.outcome,
        "action__startswith": query.action,
        "time__gte": query.after,
        "time__lt": query.until,
    }
    entries = AuditEntry.objects.filter(**{name: value for name, value in wanted.items() if value})
    if query.host:
        entries = entries.filter(id__in=EntryHost.objects.filter(host=query.host).values("entry"))
    return entries

"""The rows of sessions over HTTP: followed, exported, queried."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from typing import Any, Literal

import orjson
from django.db.models import Sum
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router, Schema
from pydantic import ValidationError

from server.accounts.auth import person
from server.accounts.policy import Action
from server.accounts.standing import entrance_of
from server.audit.record import record, record_distinct, record_once
from server.audit.way import via
from server.departure import departure_of
from server.errors import Invalid
from server.tracing import session_keys, sources
from server.tracing.cutting import Reader, sent_whole
from server.tracing.execute import Answer, answer
from server.tracing.export import CONTENT_TYPES, Direction, Export, Format, pieces
from server.tracing.follow import Follower, Render, gather
from server.tracing.lookup import permitted
from server.tracing.models import Session
from server.tracing.question import Question
from server.tracing.render import session_out
from server.tracing.rights import by_share
from server.tracing.rows import RunSource, ndjson
from server.tracing.segments import segment_store
from server.tracing.store import StoredBatch


class ColumnOut(Schema):
    name: str
    type: Literal["number", "text", "time", "stack"]
    unit: str


class AnswerOut(Schema):
    """Rows of values in the order of the columns. Times are wall-clock ns as text; integers above 2^53 are text too."""

    columns: list[ColumnOut]
    rows: list[list[Any]]


router = Router(tags=["rows"])

VIEWED_ROWS = 10_000  # as many as one answer to a question holds; whoever takes more takes them away
QUESTION_TEXT = 2000  # characters on the record
WHERE = 16_384  # characters: an address has its bounds
_CONDITIONS = {"filters", "any_of"}


@router.get("/{session_id}/rows", summary="Rows as they arrive")
def get_rows(
    request: HttpRequest,
    session_id: str,
    format: Literal["ndjson"] = "ndjson",
    follow: bool = False,  # noqa: FBT001, FBT002  (a query parameter)
    stream: str = "",
) -> StreamingHttpResponse:
    """NDJSON, every row once. With follow it ends when the session has ended and everything is sent.

    Either breaks off once its reader may no longer look: the connection ends before the answer does. Following, and
    more than 10,000 rows, count as an export, and the record says at the end how many rows and bytes were sent.
    """
    detail = {"format": format, "stream": stream}
    action = Action.SESSION_EXPORT if follow else Action.SESSION_VIEW
    session, reader = _allowed(request, session_id, action, detail)
    if not follow and _stored_rows(session) > VIEWED_ROWS:
        session, reader = _allowed(request, session_id, Action.SESSION_EXPORT, detail)
    source = sources.load(session.pk)
    # Before a host has attached nobody knows the streams; whoever follows waits for them.
    if stream and (source.runs or not follow):
        sources.pick_stream(source, stream)
    follower = Follower(segment_store(), session.pk, _renderer(stream))
    chunks = follower.follow() if follow else follower.stored()
    allowed = sent_whole(chunks, session, reader, lines=True)
    return StreamingHttpResponse(allowed, content_type=CONTENT_TYPES["ndjson"])


@router.get("/{session_id}/export", summary="All stored rows as a file")
def get_export(
    request: HttpRequest,
    session_id: str,
    format: Format,
    stream: str = "",
    direction: Direction = "",
    where: str = "",
) -> StreamingHttpResponse:
    """The books travel along: as headers, and inside Arrow and Parquet files as the metadata entry `fleetscope`.

    It breaks off once its reader may no longer export: the connection ends before the answer does. The record says at
    the end how many bytes were sent, and of NDJSON how many rows.

    `where`: only rows that pass, a JSON object with the `filters` and `any_of` of a question. It travels along too.
    """
    question = _conditions(where)
    extra = {"direction": direction, "where": where}
    detail = {"format": format, "stream": stream} | {name: text for name, text in extra.items() if text}
    session, reader = _allowed(request, session_id, Action.SESSION_EXPORT, detail)
    source = sources.load(session.pk)
    about = _about(session) | ({"where": question.model_dump(include=_CONDITIONS)} if where else {})
    wanted = sources.pick_stream(source, stream or (sources.only_payload(source) if format == "raw" else ""))
    export = Export(segment_store(), source, wanted, orjson.dumps(about), direction, question, departure_of(request))
    chunks = sent_whole(_in_thread(export.write(format)), session, reader, lines=format == "ndjson")
    response = StreamingHttpResponse(chunks, content_type=CONTENT_TYPES[format])
    response.headers["Content-Disposition"] = f'attachment; filename="{session.pk}.{format}"'
    response.headers["X-Fleetscope-Books"] = about["books"]
    response.headers["X-Fleetscope-Ledger"] = orjson.dumps(about["ledger"]).decode()
    if where:
        response.headers["X-Fleetscope-Where"] = json.dumps(about["where"])  # ASCII, as headers have to be
    return response


def _conditions(where: str) -> Question:
    """Raises Invalid."""
    if len(where) > WHERE:
        raise Invalid(f"where is longer than {WHERE} characters; ask for less", field="where")
    try:
        found = Question.model_validate_json(where or "{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Invalid(
            f"where: {place}: {first['msg']}" if place else f"where: {first['msg']}", field="where"
        ) from error
    if set(found.model_fields_set) - _CONDITIONS:
        raise Invalid("where holds only filters and any_of; a file has all columns and rows as stored", field="where")
    return found


def _about(session: Session) -> dict[str, Any]:
    """What the ledger and the books say, of the session and of each run."""
    shown = session_out(session)
    runs = [
        {
            "host": run["host"]["name"],
            **{name: run[name] for name in ("locked", "books", "books_message", "ledger", "end")},
        }
        for run in shown["runs"]
    ]
    lost: Counter[str] = Counter()
    for run in runs:
        lost.update(run["ledger"]["lost"])
    sums = {name: sum(run["ledger"][name] for run in runs) for name in ("seen", "stored")}
    whole = {name: shown[name] for name in ("tool", "state", "books", "books_message")}
    return {"session": str(session.pk), **whole, "ledger": {**sums, "lost": dict(lost)}, "runs": runs}


@router.post("/{session_id}/query", response=AnswerOut, summary="Ask about rows")
def query_rows(request: HttpRequest, session_id: str, question: Question) -> Answer:
    """Filter, group, measure, order: over everything stored so far.

    On the record as a view of the session, with the question, once in ten minutes for each that asks something else.
    """
    asked = _asked(question)
    detail = {"query": question.stream, "question": json.dumps(asked)[:QUESTION_TEXT]}
    session, _ = _allowed(request, session_id, Action.SESSION_VIEW, detail, asked)
    source = sources.load(session.pk)
    wanted = sources.pick_stream(source, question.stream)
    return answer(segment_store(), source, wanted, question, departure_of(request))


def _stored_rows(session: Session) -> int:
    return int(session.runs.aggregate(sum=Sum("rows"))["sum"] or 0)


def _asked(question: Question) -> dict[str, Any]:
    """The question without its page: the next one asks the same."""
    found = question.model_dump(mode="json", exclude_defaults=True, exclude={"limit", "offset"})
    filters = [one for one in found.pop("filters", []) if one["column"] != "row"]
    return {**found, **({"filters": filters} if filters else {})}


def _allowed(
    request: HttpRequest,
    session_id: str,
    action: Action,
    detail: dict[str, Any],
    asked: dict[str, Any] | None = None,
) -> tuple[Session, Reader]:
    """The session and who reads it, if this person may; on the record either way, as a view once for each question."""
    actor = person(request)
    session = permitted(actor, session_id, action, detail)
    hosts = sorted(session.runs.values_list("host__name", flat=True))
    detail = {**detail, **by_share(session, actor, action)}
    about: dict[str, Any] = {"tool": session.tool, "hosts": hosts, "session": session.pk, "reason": session.reason}
    if asked is not None:
        record_distinct(action, actor.username, asked, **about, detail=detail)
    else:
        write = record_once if action == Action.SESSION_VIEW else record
        write(action, actor.username, **about, detail=detail)
    _require_key(session)
    return session, Reader(actor.username, entrance_of(request), via(), action, detail)


def _require_key(session: Session) -> None:
    """Before the answer has begun: of some rows at least, where they are encrypted. Raises RowsLocked."""
    found = [(run.pk, run.encryption) for run in session.runs.exclude(schema=b"") if run.encryption is not None]
    found.sort(key=lambda one: not session_keys.readable(session.pk, one[0]))
    for run, encryption in found[:1]:
        session_keys.data_key(session.pk, run, encryption.wrapped_key)


def _renderer(only: str) -> Render:
    def render(source: RunSource, stored: StoredBatch) -> bytes:
        if stored.stream is None or only not in ("", stored.stream.name):
            return b""
        tag = not only and len(source.schema.streams) > 1
        return b"".join(ndjson(source, stored.stream, batch, tag=tag) for batch in pieces(stored, stored.stream.name))

    return render


async def _in_thread(parts: Iterator[bytes]) -> AsyncGenerator[bytes]:
    while chunk := await asyncio.to_thread(gather, parts):
        yield chunk

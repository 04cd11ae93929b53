"""What the store holds and may hold, over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from server.accounts.auth import person
from server.accounts.policy import Action, require
from server.tracing import storage
from server.tracing.keeping import DEFAULTS, MAX_HOURS, Span
from server.tracing.quantities import MAX_BYTES, MAX_DAYS

Size = Annotated[int, Field(ge=1, le=MAX_BYTES)]

router = Router(tags=["storage"])


class SpanIn(Schema):
    """Hours after a session's end: not deleted before `at_least`, deleted after `at_most`; null: never."""

    model_config = ConfigDict(extra="forbid")

    at_least: Annotated[int, Field(ge=0, le=MAX_HOURS)] = 0
    at_most: Annotated[int, Field(ge=1, le=MAX_HOURS)] | None = None


class StorageBounds(Schema):
    """null: no such bound. Beyond `keep_bytes` and after `keep_days` ended sessions are deleted, the oldest first."""

    model_config = ConfigDict(extra="forbid")

    quota_bytes: Size | None = None
    keep_bytes: Size | None = None
    keep_days: Annotated[int, Field(ge=1, le=MAX_DAYS)] | None = None
    classes: dict[Literal["s0", "s1", "s2", "s3"], SpanIn] = {}


class StorageOut(StorageBounds):
    used_bytes: int
    sessions: int
    free_bytes: int


@router.get("", response=StorageOut, summary="What the store holds and may hold")
def get_storage(request: HttpRequest) -> dict[str, Any]:
    require(person(request), Action.STORAGE_VIEW)
    return _shown()


@router.put("", response=StorageOut, summary="How much is stored, and how long")
def put_storage(request: HttpRequest, body: StorageBounds) -> dict[str, Any]:
    """Replaces all bounds; what is over them is deleted within a minute. On the record."""
    actor = person(request)
    require(actor, Action.STORAGE_CHANGE, detail=body.model_dump())
    sizes = body.model_dump(exclude={"classes"})
    classes: dict[str, Span] = {name: Span(span.at_least, span.at_most) for name, span in body.classes.items()}
    storage.change(actor.username, storage.Bounds(**sizes, classes=DEFAULTS | classes))
    return _shown()


def _shown() -> dict[str, Any]:
    return {**asdict(storage.bounds()), **asdict(storage.stored())}

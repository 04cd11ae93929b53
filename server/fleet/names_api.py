"""Names of a host for whoever fills in a start: processes, functions, tracepoints, as they are there now."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from proto.shortform import enum_choices, enum_short
from proto.v1.agent_pb2 import Names
from proto.v1.tool_pb2 import NameKind, Risk
from server.accounts.auth import person
from server.accounts.policy import Action
from server.fleet.api import permitted_host
from server.fleet.asking import NAMES_MAX, Question, ask

KINDS = enum_choices(NameKind.DESCRIPTOR)

router = Router(tags=["hosts"])


class NamesQuestion(Schema):
    """`pid`: names as that process sees them; its libraries, its file system."""

    kind: Annotated[str, Field(pattern=f"^({'|'.join(KINDS)})$")]
    text: Annotated[str, Field(max_length=512, pattern=r"^[^\x00]*$")] = ""
    pid: Annotated[int, Field(ge=0, lt=2**22)] = 0
    limit: Annotated[int, Field(ge=1, le=NAMES_MAX)] = NAMES_MAX


class NameOut(Schema):
    """`risk` and `shape` (number, pointer, text, bytes) are of fields."""

    value: str
    label: str
    detail: str
    since: datetime.datetime | None
    risk: str
    shape: str


class NamesOut(Schema):
    """`total` fit the text, `names` are the best of them; `meant`: how many the text selects as it stands."""

    host: str
    names: list[NameOut]
    total: int
    meant: int | None


@router.post("/{host}/names", response=NamesOut)
def ask_for_names(request: HttpRequest, host: str, body: NamesQuestion) -> dict[str, Any]:
    """Asks the host itself, now. On the record for each person, host, kind and beginning of the text."""
    actor = person(request)
    found = permitted_host(actor, host, Action.HOST_VIEW)
    names = ask(actor, found, Question(body.kind, body.text, body.pid, body.limit))
    return names_out(found.name, names)


def names_out(host: str, names: Names) -> dict[str, Any]:
    """What a host says is bounded and cleaned once more: it may be anyone's by now."""
    return {
        "host": host,
        "names": [
            {
                "value": name.value,
                "label": name.label or name.value,
                "detail": name.detail,
                "since": _moment(name.since_wall_ns),
                "risk": enum_short(Risk.DESCRIPTOR, name.risk),
                "shape": name.shape,
            }
            for name in names.names[:NAMES_MAX]
        ],
        "total": names.total,
        "meant": names.meant if names.HasField("meant") else None,
    }


def _moment(wall_ns: int) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromtimestamp(wall_ns / 1e9, datetime.UTC) if wall_ns > 0 else None
    except (OverflowError, ValueError):
        return None

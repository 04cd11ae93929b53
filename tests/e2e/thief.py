"""A process that has stolen a server: its database and every key. Reads orders as JSON, puts them where the running
server finds what hosts have to be told."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import os
import sys
import uuid
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "server.settings"


def plant(order: dict[str, Any]) -> None:
    """Past every check of the server, and past its record where it says so."""
    from django.utils import timezone

    from proto.v1.agent_pb2 import Envelope
    from server.accounts.models import User
    from server.audit.record import record
    from server.tracing.models import Run, Session

    payload = base64.b64decode(order["payload"])
    start = Envelope.FromString(payload)
    session = Session.objects.create(
        id=uuid.UUID(bytes=start.session_id),
        tool=order["tool"],
        tool_digest="",
        title="stolen",
        kind="table",
        created_by=User.objects.get(username="admin"),
        risk=1,
        not_after=timezone.now() + datetime.timedelta(seconds=50),
        envelope=payload,
        signature=base64.b64decode(order["signature"]),
    )
    if order["recorded"]:
        targets = [
            {"run": str(uuid.UUID(bytes=run.run_id)), "host_id": run.host_id, "host": run.host_name}
            for run in start.runs
        ]
        detail = {"envelope": hashlib.sha256(payload).hexdigest(), "targets": targets}
        record("session.start", start.user, session=session.id, detail=detail)
    Run.objects.create(id=uuid.UUID(order["run"]), session=session, host_id=uuid.UUID(order["host"]))


def ask(order: dict[str, Any]) -> None:
    """For the keys of rows, with whatever stands in place of a person's signature."""
    from server import nudge
    from server.tracing.models import Opening, OpeningOrder

    opening = Opening.objects.get(pk=order["opening"])
    opening.payload, opening.signature = base64.b64decode(order["payload"]), base64.b64decode(order["signature"])
    opening.save()
    run = opening.session.runs.get()
    OpeningOrder.objects.filter(opening=opening).delete()
    OpeningOrder.objects.create(opening=opening, host_id=run.host_id, run=run.pk)
    nudge.hosts([run.host_id])


if __name__ == "__main__":
    django.setup()
    for wanted in json.load(sys.stdin):
        (ask if "opening" in wanted else plant)(wanted)

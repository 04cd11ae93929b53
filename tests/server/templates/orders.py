"""Keeping and calling templates, as tests do it."""

from __future__ import annotations

import datetime
from typing import Any

from django.test import Client

from server.audit.models import AuditEntry
from server.tracing.models import Session, SessionState

ORDER = {"tool": "syscount", "hosts": ["web-1"], "name": "files", "reason": "latency alert"}
MINUTE = datetime.timedelta(minutes=1)


def kept(browser: Client, **changes: Any) -> dict[str, Any]:
    answer = browser.post("/api/templates", {**ORDER, **changes}, "application/json")
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def refusal(answer: Any) -> str:
    return str(answer.json()["error"]["message"])


def token_of(browser: Client, template: str) -> str:
    return str(browser.post(f"/api/templates/{template}/token", {}, "application/json").json()["token"])


def call(template: str, token: str, **body: Any) -> Any:
    return Client(headers={"authorization": f"Bearer {token}"}).post(f"/api/hooks/{template}", body, "application/json")


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action).order_by("pk"))


def ended(session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(state=SessionState.ENDED)

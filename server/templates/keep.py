"""Keeping, listing and removing one's own templates, and the token of each, on the record."""

from __future__ import annotations

import datetime
import hashlib
import secrets
import uuid
from dataclasses import asdict
from typing import Any

from cronsim import CronSim, CronSimError
from django.db import IntegrityError, transaction
from django.utils import timezone

from server.accounts.models import User
from server.accounts.policy import Action, require
from server.audit.record import record
from server.errors import Conflict, Invalid, NotFound
from server.templates.models import Template
from server.tracing.start import Order, allowed, unattended

MOST = 50  # of one person
PREFIX = "fsh1."
FIELDS = 5


def keep(user: User, name: str, order: Order, schedule: str) -> Template:
    """Checked as a start is, and nothing is started. Raises ApiError."""
    require(
        user, Action.TEMPLATE_KEEP, tool=order.tool, hosts=order.hosts, reason=order.reason, detail={"template": name}
    )
    due = next_due(schedule, timezone.now())
    checked = allowed(user, order, unattended)
    if user.templates.count() >= MOST:
        raise Conflict(f"you keep {MOST} templates, the most there can be; remove one first")
    made = Template(owner=user, name=name, order=asdict(order), risk=checked.risk, schedule=schedule, due_at=due)
    try:
        with transaction.atomic():
            made.save(force_insert=True)
            _on_record(made, "kept", {"order": made.order, "schedule": schedule})
    except IntegrityError as error:
        raise Conflict(f"you keep a template {name!r} already; remove it first, or choose another name") from error
    return made


def own(user: User, template: uuid.UUID) -> Template:
    """Raises NotFound."""
    found = user.templates.select_related("owner", "last_session").filter(pk=template).first()
    if found is None:
        raise NotFound("you keep no such template any more; list them again")
    return found


def remove(user: User, template: uuid.UUID) -> None:
    """Sessions that it started stay. Raises NotFound."""
    found = own(user, template)
    with transaction.atomic():
        _on_record(found, "removed")
        found.delete()


def new_token(user: User, template: uuid.UUID) -> tuple[Template, str]:
    """One that it had before ends. Raises NotFound."""
    found, token = own(user, template), PREFIX + secrets.token_urlsafe(32)
    found.digest, found.token_at = digest(token), timezone.now()
    with transaction.atomic():
        _on_record(found, "token made")
        found.save(update_fields=["digest", "token_at"])
    return found, token


def end_token(user: User, template: uuid.UUID) -> None:
    """No webhook starts it any more. Raises NotFound."""
    found = own(user, template)
    found.digest, found.token_at = "", None
    with transaction.atomic():
        _on_record(found, "token ended")
        found.save(update_fields=["digest", "token_at"])


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def next_due(schedule: str, after: datetime.datetime) -> datetime.datetime | None:
    """In UTC, whole minutes; None without a schedule. Raises Invalid."""
    if not schedule:
        return None
    try:
        if len(schedule.split()) != FIELDS:  # the library takes seconds too
            raise CronSimError("it has another number of fields")
        return next(CronSim(schedule, after.astimezone(datetime.UTC)))
    except (CronSimError, StopIteration) as error:
        why = str(error) or "such a time never comes"
        raise Invalid(
            f"schedule: {schedule!r} is no cron expression of five fields, in UTC, such as '0 6 * * 1-5': {why}",
            field="schedule",
        ) from error


def _on_record(template: Template, change: str, more: dict[str, Any] | None = None) -> None:
    facts = {"template": template.name, "template_id": str(template.pk), "change": change, **(more or {})}
    record("template.change", template.owner.username, tool=template.order["tool"], detail=facts)

"""Starting a kept template: by whom it is kept, through the door that every start takes, and saying what came of it."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Q
from django.utils import timezone

from server.accounts.models import User
from server.audit.record import record
from server.audit.way import coming, via
from server.errors import ApiError, Conflict, Forbidden
from server.fleet.rights import hosts_for
from server.templates.models import MESSAGE_LENGTH, Template
from server.tracing.launch import Begun
from server.tracing.models import Session, SessionState
from server.tracing.start import Order, start
from server.tracing.targets import resolve

STARTING = datetime.timedelta(minutes=1)  # far longer than a start takes: whoever claimed it has died
Change = Callable[[User, Order], Order]


def begin(template: Template, way: str, change: Change = lambda _, order: order) -> Session:
    """``way``: `webhook` or `schedule`. ``change`` narrows what is started. Raises ApiError, which is on record."""
    with _coming(template, way), _claimed(template) as mine:
        owner = User.objects.get(pk=mine.owner_id)
        with _told(mine):
            session = start(owner, _order(mine, owner, change), Begun(way, mine.name))
        _note(mine, "started", "", last_session=session)
    return session


@contextmanager
def _claimed(template: Template) -> Iterator[Template]:
    """As it is now, and nothing else starts it meanwhile: of two calls at once only one starts it.

    Raises Conflict, which is on record.
    """
    kept, now = Template.objects.filter(pk=template.pk), timezone.now()
    free = Q(starting_at=None) | Q(starting_at__lt=now - STARTING)
    mine = kept.select_related("last_session").first() if kept.filter(free).update(starting_at=now) else None
    if mine is None:
        raise _refused(template, template.owner, Conflict("something else starts it at this moment, or it was removed"))
    try:
        yield mine
    finally:
        kept.filter(starting_at=now).update(starting_at=None)


def _order(template: Template, owner: User, change: Change) -> Order:
    """What is to be started now. Raises ApiError, which is on record."""
    try:
        if not owner.is_active:
            raise Forbidden(f"{owner.username}, who keeps the template, may not sign in any more")
        if template.last_session is not None and template.last_session.state != SessionState.ENDED:
            raise Conflict(f"its session {str(template.last_session.pk)[:8]} has not ended yet")
        return change(owner, Order(**template.order))
    except ApiError as error:
        raise _refused(template, owner, error) from None


def _refused(template: Template, owner: User, error: ApiError) -> ApiError:
    facts = {"refusal": error.message}
    record("session.start", owner.username, "refused", tool=template.order["tool"], detail=facts)
    return error


def skip(template: Template, why: str) -> None:
    """A time of the schedule at which nothing is started."""
    with _coming(template, "schedule"):
        record("template.skip", template.owner.username, "skipped", tool=template.order["tool"], detail={"why": why})
    _note(template, "skipped", why)


def narrowed(host: str, pid: int | None, reason: str) -> Change:
    """To one of the hosts that the template means, to one process there."""

    def change(owner: User, order: Order) -> Order:
        changed: dict[str, Any] = {"reason": " | ".join(filter(None, (order.reason, reason)))}
        if host:
            if not _means(owner, order, host):
                raise Forbidden(f"host: {host!r} is none of the hosts that the template means", field="host")
            changed |= {"hosts": [host], "labels": {}}
        if pid is not None:
            if order.filters.get("pid", pid) != pid:
                raise Forbidden(f"pid: the template is about process {order.filters['pid']}", field="pid")
            changed["filters"] = {**order.filters, "pid": pid}
        return dataclasses.replace(order, **changed)

    return change


def _means(owner: User, order: Order, host: str) -> bool:
    return host in {found.name for found in resolve(order.hosts, order.labels, hosts_for(owner))}


@contextmanager
def _told(template: Template) -> Iterator[None]:
    try:
        yield
    except Conflict as error:
        _note(template, "skipped", error.message)
        raise
    except ApiError as error:
        _note(template, "refused", error.message, last_session=None)
        raise


@contextmanager
def _coming(template: Template, way: str) -> Iterator[None]:
    come = {**via(), "template": template.name, "template_id": str(template.pk), "by": way}
    with coming(lambda: come):
        yield


def _note(template: Template, outcome: str, message: str, **more: Session | None) -> None:
    Template.objects.filter(pk=template.pk).update(
        last_at=timezone.now(), last_outcome=outcome, last_message=message[:MESSAGE_LENGTH], **more
    )

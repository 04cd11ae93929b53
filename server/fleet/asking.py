"""Asking a host for names: on the record, bounded for each person, signed, and waited for."""

from __future__ import annotations

import datetime
import time
import uuid
from dataclasses import dataclass

from asgiref.sync import async_to_sync
from django.db import DatabaseError, transaction
from django.utils import timezone

from proto.v1.agent_pb2 import Ask as AskMessage
from proto.v1.agent_pb2 import Names
from server import nudge
from server.accounts.models import Risk, User
from server.accounts.policy import About, Action, require
from server.audit.record import record_distinct
from server.errors import AuditUnavailable, Conflict, NoAnswer, TooMany
from server.fleet.answers import WAITED
from server.fleet.models import Ask, Host
from server.fleet.switch import fleet_switch
from server.signing import sign
from server.waiting import wait_for

CONTEXT = b"fleetscope-ask-v1\0"
LIFETIME_NS = 60_000_000_000
ASKS_MAX, ASKS_SPAN = 150, datetime.timedelta(seconds=15)  # one person, all hosts
BEGINNING = 4  # characters of a text that is another question on the record
NAMES_MAX = 200


@dataclass(frozen=True, slots=True)
class Question:
    kind: str
    text: str = ""
    pid: int = 0
    limit: int = NAMES_MAX


def ask(user: User, host: Host, question: Question) -> Names:
    """The host's names. Raises ApiError; nothing was asked then, or the host gave that reason for no answer."""
    told: dict[str, str | int] = {"kind": question.kind, "text": question.text, "pid": question.pid}
    require(user, Action.HOST_ASK, About(hosts=[host], risk=_risk(question.kind)), hosts=[host.name], detail=told)
    _check_ready(host)
    _check_rate(user)
    try:
        _record(user, host, question, told)
    except DatabaseError as error:
        raise AuditUnavailable(f"the question could not be recorded, so it was not asked: {error}") from error
    names = _answer(user.username, host, question)
    if names.error:
        raise Conflict(f"{host.name}: {names.error}")
    return names


def _risk(kind: str) -> Risk:
    """What the names may reveal: of libraries they are paths."""
    return Risk.S2 if kind == "library" else Risk.S1


def _check_ready(host: Host) -> None:
    off = fleet_switch()
    if off.off:
        raise Conflict(f"tracing is switched off for the whole fleet by {off.changed_by}, so no host is asked")
    if host.state != "online":
        raise Conflict(f"{host.name} is {host.state}, so it cannot be asked; type the name, or start its agent")
    if host.switched_off:
        raise Conflict(f"{host.name} is switched off: {host.switch_reason or 'no reason given'}; it is not asked")
    if host.remote_off:
        raise Conflict(
            f"{host.name} itself allows no tracing now and tells no names; `fleetscope-agent status` on it says why"
        )


def _check_rate(user: User) -> None:
    since = timezone.now() - ASKS_SPAN
    if Ask.objects.filter(asked_by=user.username, asked_at__gt=since).count() >= ASKS_MAX:
        raise TooMany("you ask hosts for too many names at the moment; wait a few seconds and go on typing")


def _record(user: User, host: Host, question: Question, told: dict[str, str | int]) -> None:
    """Each kind, process and beginning of a text that the person asks this host for, not every key after it."""
    asked = {"host": host.name, "kind": question.kind, "pid": question.pid, "begins": question.text[:BEGINNING].lower()}
    record_distinct(Action.HOST_ASK, user.username, asked, detail=told, of={"hosts": [host.name]}, hosts=[host.name])


def _answer(user: str, host: Host, question: Question) -> Names:
    """Raises NoAnswer."""
    made = _signed(user, host, question)
    seconds = WAITED.total_seconds()
    group = nudge.ask_group(made.id)
    answer = async_to_sync(wait_for)(group, lambda: _send(made), lambda: _look(made), seconds)
    if answer is None:
        raise NoAnswer(f"{host.name} did not answer within {seconds:.0f} s; type the name, or try again")
    return Names.FromString(answer)


def _signed(user: str, host: Host, question: Question) -> Ask:
    ask_id = uuid.uuid4()
    message = AskMessage(
        ask_id=ask_id.bytes,
        host_id=str(host.id),
        kind=f"NAME_KIND_{question.kind.upper()}",
        text=question.text,
        pid=question.pid,
        limit=min(question.limit, NAMES_MAX),
        user=user,
        not_after_wall_ns=time.time_ns() + LIFETIME_NS,
    )
    payload = message.SerializeToString(deterministic=True)
    return Ask(id=ask_id, host=host, asked_by=user, payload=payload, signature=sign(CONTEXT, payload))


@transaction.atomic
def _send(made: Ask) -> None:
    made.save(force_insert=True)
    nudge.hosts([made.host_id])


def _look(made: Ask) -> bytes | None:
    """The answer, which is then forgotten; what is left of the row says only that somebody asked."""
    answer = Ask.objects.values_list("answer", flat=True).filter(id=made.id).first()
    if answer is not None:
        Ask.objects.filter(id=made.id).update(answer=b"", payload=b"")
        return bytes(answer)
    if not Host.objects.filter(id=made.host_id, revoked_at=None).exclude(connection="").exists():
        raise NoAnswer(f"{made.host.name} went offline before it answered; type the name, or try again")
    return None

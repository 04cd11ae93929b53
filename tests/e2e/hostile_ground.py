"""Fills a stack with hostile strings wherever people and hosts may write: reasons, answers to requests, labels, facts,
verdicts, names of tokens, terms of grants, entries of the audit. Run as a program in the stack's environment."""

from __future__ import annotations

import datetime
import os
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import django

from tests.hostile import strings

if TYPE_CHECKING:
    from server.accounts.models import User


def packed(texts: Sequence[str], most: int) -> Iterator[str]:
    """Several together, as many as fit, each at the beginning of a line or behind a blank."""
    line = ""
    for text in texts:
        if line and len(line) + 1 + len(text) > most:
            yield line
            line = ""
        line = f"{line} {text}" if line else text
    yield line


def _fill() -> None:
    from server.accounts import tokens
    from server.accounts.models import Grant, Role, User
    from server.audit.record import record
    from server.fleet.models import Host, HostVerdict

    texts = strings()
    admin = User.objects.get(username="admin")
    ada = User.objects.get(username="ada")
    bob = User.objects.create(username="bob", password="!")
    Grant.objects.create(person=bob, role=Role.APPROVER, risk=3, host_labels={"env": texts[30], "zone": texts[0]})
    labels = {f"label-{number}": text for number, text in enumerate(texts)}
    reasons = list(packed(texts, 480))
    for number in range(10):
        host = Host.objects.create(name=f"said-{number}", certificate_serial=str(number), switched_off=True)
        mine = dict(list(labels.items())[number::10])
        host.own_labels, host.switch_reason, host.audit_trouble = mine, reasons[number], reasons[-number]
        host.facts = {
            "kernel_release": reasons[number][:60],
            "distribution": texts[number],
            "preemption": texts[-number],
        }
        host.agent_version = texts[number][:60]
        host.save()
        HostVerdict.objects.create(host=host, tool="opensnoop", digest="", state="refused", reason=reasons[number])
    for text in texts:
        if len(text) <= 64:
            tokens.mint(ada, text)
    for number, reason in enumerate(reasons):
        _request(admin, bob, reason, reasons[-number])
        detail = {"refusal": reasons[-number], texts[number]: texts[-number]}
        record("host.refused", texts[number], "refused", hosts=[texts[-number]], reason=reason, detail=detail)


def _request(admin: User, bob: User, reason: str, answer: str) -> None:
    from django.utils import timezone

    from server.accounts import teams
    from server.accounts.models import DEFAULT_TEAM
    from server.consent import requests
    from server.consent.models import Request

    request = Request(
        id=uuid.uuid4(),
        created_by=admin,
        expires_at=timezone.now() + datetime.timedelta(hours=1),
        team=teams.named(DEFAULT_TEAM),
        tool="opensnoop",
        hosts=["said-1"],
        reason=reason,
        why="whoever asks wants it approved",
        needed=1,
        signed=False,
        specification=b"{}",
        draft=b"",
    )
    requests.create(request)
    requests.deny(bob, str(request.pk), answer)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "server.settings"
    django.setup()
    _fill()

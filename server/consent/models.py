"""Requests and what people said to them. What they agree to is one text, kept byte for byte."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.deletion import Collector, ProtectedError
from django.utils import timezone

from server.accounts.models import Risk, Team


class RequestState(models.TextChoices):
    WAITING = "waiting"
    APPROVED = "approved"
    STARTED = "started"
    DENIED = "denied"
    EXPIRED = "expired"
    VOID = "void"  # withdrawn, or what it names is not the same any more


OPEN = (RequestState.WAITING, RequestState.APPROVED)


def but_unreviewed(
    collector: Collector, field: models.Field[Any, Any], requests: models.QuerySet[models.Model], using: str
) -> None:
    """`on_delete`: with a team go all but those that broke the glass and wait for a review. Raises ProtectedError."""
    due: set[models.Model] = {request for request in requests if isinstance(request, Request) and request.review_due}
    if due:
        raise ProtectedError("a session that nobody agreed to still has to be reviewed", due)
    models.CASCADE(collector, field, requests, using)


class Request(models.Model):
    """The session that starts from it has the same id. ``specification`` is what people sign, ``draft`` the serialised
    envelope that it was made from."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="requests")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    expires_at = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=16, choices=RequestState.choices, default=RequestState.WAITING, db_index=True)
    state_message = models.CharField(max_length=500, blank=True)
    team = models.ForeignKey(Team, on_delete=but_unreviewed, related_name="requests")
    risk = models.SmallIntegerField(choices=Risk.choices, default=Risk.S3)  # the most that it may reveal
    tool = models.CharField(max_length=64)
    hosts = models.JSONField(default=list)
    reason = models.TextField(blank=True)
    why = models.CharField(max_length=500)  # it needs agreement
    needed = models.PositiveSmallIntegerField()  # people who must agree
    signed = models.BooleanField()  # they and whoever asks must sign, because hosts check it
    break_glass = models.BooleanField(default=False)
    specification = models.BinaryField()
    draft = models.BinaryField()
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    review = models.TextField(blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.tool} {self.id}"

    @property
    def expired(self) -> bool:
        return self.expires_at <= timezone.now()

    @property
    def review_due(self) -> bool:
        return self.break_glass and self.state == RequestState.STARTED and self.reviewed_by_id is None


class Part(models.TextChoices):
    REQUESTER = "requester"
    APPROVER = "approver"
    DENIER = "denier"


class Voice(models.Model):
    """What one person said to a request, once. ``signature``: a serialised PersonSignature; empty: none was needed."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="voices")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=16, choices=Part.choices)
    at = models.DateTimeField(auto_now_add=True)
    signature = models.BinaryField(default=bytes)
    key = models.CharField(max_length=100, blank=True)  # its fingerprint
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["request", "person", "part"], name="consent_said_once")]

    def __str__(self) -> str:
        return f"{self.person_id} as {self.part} of {self.request_id}"

"""Orders that people keep, to be started by an alert's webhook or by a schedule."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from server.tracing.models import Session

NAME_LENGTH = 64
SCHEDULE_LENGTH = 100
MESSAGE_LENGTH = 500


class Template(models.Model):
    """Started as its owner, whose rights are asked at every start.

    ``order``: what `POST /api/sessions` takes. ``digest``: of the token by which a webhook starts it; empty: none does.
    ``due_at``: when the schedule starts it next; null: never. ``starting_at``: since when it is being started, if
    it is.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="templates")
    name = models.CharField(max_length=NAME_LENGTH)
    order = models.JSONField()
    risk = models.SmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    digest = models.CharField(max_length=64, blank=True)
    token_at = models.DateTimeField(null=True)
    schedule = models.CharField(max_length=SCHEDULE_LENGTH, blank=True)
    due_at = models.DateTimeField(null=True, db_index=True)
    starting_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    last_outcome = models.CharField(max_length=16, blank=True)  # started, refused, skipped
    last_message = models.CharField(max_length=MESSAGE_LENGTH, blank=True)
    last_session = models.ForeignKey(Session, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="templates_one_name")]

    def __str__(self) -> str:
        return f"{self.owner}: {self.name}"

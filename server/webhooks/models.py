"""Where teams want to be told of requests, and what is still to be told there: a queue that outlives every process."""

from __future__ import annotations

import uuid

from django.db import models

from server.accounts.models import Team

URL_LENGTH = 500


class Webhook(models.Model):
    """``secret`` is encrypted under a key that only the role `web` has. ``failures``: tries since one succeeded."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=URL_LENGTH)
    secret = models.BinaryField()
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)
    tried_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=200, blank=True)  # of the last try
    failures = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"{self.team}: {self.url}"


class Delivery(models.Model):
    """One message for one webhook, its bytes fixed when it was made. ``due_at`` is null once it is over."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=40)
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(null=True, db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)
    delivered = models.BooleanField(default=False)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"{self.event} {self.id}"

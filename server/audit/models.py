"""The audit: one append-only chain of entries, each holding the hash of the one before."""

from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """Written by `server.audit.record` alone; triggers in the database refuse any change afterwards."""

    id = models.BigIntegerField(primary_key=True)  # 1, 2, 3 ... without holes
    time = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=80, db_index=True)
    action = models.CharField(max_length=40, db_index=True)
    outcome = models.CharField(max_length=16)
    tool = models.CharField(max_length=64, blank=True, db_index=True)
    hosts = models.JSONField(default=list)
    session = models.UUIDField(null=True, db_index=True)
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.id} {self.actor} {self.action} {self.outcome}"

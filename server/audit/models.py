"""The audit: entries, the hash tree over them, and its signed heads. Triggers refuse any change to all of them."""

from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """Written by `server.audit.record` alone."""

    id = models.BigIntegerField(primary_key=True)  # 1, 2, 3 ... without holes; the leaf's place in the tree plus one
    time = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=80)
    action = models.CharField(max_length=40)
    outcome = models.CharField(max_length=16)
    tool = models.CharField(max_length=64, blank=True)
    hosts = models.JSONField(default=list)
    session = models.UUIDField(null=True, db_index=True)
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict)
    hash = models.CharField(max_length=64)  # of the leaf, hex

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=[name, "id"], name=f"audit_{name}") for name in ("actor", "action", "tool", "outcome")
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.actor} {self.action} {self.outcome}"


class EntryHost(models.Model):
    """Finds the entries about a host; what counts are the entry's own hosts."""

    entry = models.ForeignKey(AuditEntry, on_delete=models.PROTECT, related_name="+", db_index=False)
    host = models.CharField(max_length=255)

    class Meta:
        indexes = [
            models.Index(fields=["host", "entry"], name="audit_host"),
            models.Index(fields=["entry"], name="audit_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.host}"


class TreeNode(models.Model):
    """A whole subtree above the leaves, by its number in an in-order walk, which never changes as the tree grows."""

    position = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"{self.position} {bytes(self.hash).hex()}"


class Checkpoint(models.Model):
    """A signed head."""

    size = models.BigIntegerField(primary_key=True)
    time = models.DateTimeField()
    note = models.TextField()  # proto/checkpoint.py

    def __str__(self) -> str:
        return f"{self.size} {self.time.isoformat()}"

"""Hosts, what they said about themselves, and the tokens with which new ones join."""

from __future__ import annotations

import datetime
import uuid

from django.db import models
from django.utils import timezone

HEARTBEAT_SECONDS = 5
OFFLINE_AFTER = datetime.timedelta(seconds=3 * HEARTBEAT_SECONDS)


class Host(models.Model):
    """A machine with an agent. Its id stands in its certificate and is never used again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=253, unique=True)
    certificate_serial = models.CharField(max_length=64)
    next_serial = models.CharField(max_length=64, blank=True)  # of the certificate sent to it, until it comes with it
    # Of the newest certificate that was made for it: until when, from when on it is renewed, and by which authority.
    certificate_until = models.DateTimeField(null=True)
    renew_at = models.DateTimeField(null=True)
    certificate_ca = models.CharField(max_length=64, blank=True)
    trust_generation = models.PositiveIntegerField(default=0)  # of the list of authorities that came with it
    joined_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)
    # The control stream that holds this host, and since when; empty: none. A newer stream takes over from an older one.
    connection = models.CharField(max_length=32, blank=True)
    connected_at = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(null=True)
    agent_version = models.CharField(max_length=64, blank=True)
    facts = models.JSONField(default=dict)
    labels = models.JSONField(default=dict)  # given in the console: grants go by these alone; win over the host's own
    own_labels = models.JSONField(default=dict)  # told by the host: they select targets, and give nobody a right
    policy_digest = models.CharField(max_length=128, blank=True)
    approvals_needed = models.PositiveSmallIntegerField(default=0)  # signatures of others that its policy wants for S3
    numbers = models.JSONField(default=list)  # calls whose numbers its policy lets anybody read, as FILE:pattern
    remote_off = models.BooleanField(default=False)  # by the host's own policy
    switched_off = models.BooleanField(default=False)  # from the console
    switch_reason = models.CharField(max_length=500, blank=True)
    spool_bytes = models.BigIntegerField(default=0)  # on its disk, by its newest heartbeat
    unacked_batches = models.BigIntegerField(default=0)
    audit_note = models.TextField(blank=True)  # the signed head of the audit that it holds as a witness
    audit_trouble = models.TextField(blank=True)  # why it takes no other head and makes no start

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        if self.revoked_at:
            return "revoked"
        # From the future: from before the clock was set back, and not heard of since.
        seen = self.last_seen and abs(timezone.now() - self.last_seen) < OFFLINE_AFTER
        return "online" if self.connection and seen else "offline"

    @property
    def all_labels(self) -> dict[str, str]:
        return {**self.own_labels, **self.labels}


class HostVerdict(models.Model):
    """May this tool run on this host? The host found out by loading it."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="verdicts")
    tool = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=20)
    variant = models.CharField(max_length=64, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["host", "tool"], name="one_verdict_per_host_and_tool")]

    def __str__(self) -> str:
        return f"{self.tool}: {self.state}"


class JoinToken(models.Model):
    """Lets one host join, once, within minutes. Only the digest is kept."""

    digest = models.CharField(max_length=64, unique=True)
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    host_name = models.CharField(max_length=253, blank=True)  # it lets this host join alone; empty: any
    used_at = models.DateTimeField(null=True)
    host = models.ForeignKey(Host, null=True, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return f"by {self.created_by} until {self.expires_at:%H:%M:%S}"


class Ask(models.Model):
    """A question for names on its way to a host, and the answer on its way back. Nothing of it is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    host = models.ForeignKey(Host, on_delete=models.CASCADE)
    asked_by = models.CharField(max_length=80)
    asked_at = models.DateTimeField(auto_now_add=True, db_index=True)
    payload = models.BinaryField()
    signature = models.BinaryField()
    sent_at = models.DateTimeField(null=True)
    answer = models.BinaryField(null=True)  # a serialised proto Names

    def __str__(self) -> str:
        return f"by {self.asked_by} at {self.asked_at:%H:%M:%S}"


class FleetSwitch(models.Model):
    """The switch of the whole fleet: at most one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    off = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True)
    changed_by = models.CharField(max_length=64, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"off: {self.reason}" if self.off else "on"

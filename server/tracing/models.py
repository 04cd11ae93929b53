"""Sessions and their runs: what was asked for, and what each host reported. The rows themselves are in the store."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from proto.v1.agent_pb2 import ResolvedTargets
from proto.v1.stream_pb2 import Cost, Ledger, RunEncryption, RunSchema
from server.accounts.models import Risk, Team, default_team
from server.fleet.models import Host
from server.tracing import session_keys


class SessionState(models.TextChoices):
    PENDING = "pending"
    RUNNING = "running"
    ENDED = "ended"


class RunState(models.TextChoices):
    PENDING = "pending"
    ACCEPTED = "accepted"
    ATTACHED = "attached"
    ENDED = "ended"
    REFUSED = "refused"


FINAL = (RunState.ENDED, RunState.REFUSED)


class Session(models.Model):
    """What a person started. The signed envelope is kept as it was sent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    tool = models.CharField(max_length=64, db_index=True)
    tool_digest = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=16)  # of its first stream
    state = models.CharField(max_length=16, choices=SessionState.choices, default=SessionState.PENDING, db_index=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="sessions", default=default_team)
    risk = models.SmallIntegerField(choices=Risk.choices, default=Risk.S3)  # the most that it may reveal
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sessions")
    begun_by = models.CharField(max_length=16, blank=True)  # webhook, schedule; empty: a person
    template = models.CharField(max_length=64, blank=True)  # by which it began without a person
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    params = models.JSONField(default=dict)  # text forms, as in the envelope
    filters = models.JSONField(default=dict)
    limits = models.JSONField(default=dict)
    reveal = models.BooleanField(default=False)  # rows are asked for as they are, secrets included
    envelope = models.BinaryField()
    signature = models.BinaryField()
    not_after = models.DateTimeField()  # of the envelope: no start is sent later
    watched_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.tool} {self.id}"

    @property
    def plaintext(self) -> bool:
        """Whether its rows come encrypted or not at all."""
        return self.risk == Risk.S3


class Share(models.Model):
    """Opens a session to people of other teams, as far as their own grants reach in class and hosts, and while who
    gave it may still share the session.

    For a person, for a team, or a link: whoever opens it while signed in gets a share of their own, `through` it.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="shares")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, blank=True)  # of the link's secret; empty: no link
    through = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="opened")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "person", "through"], name="tracing_one_share_a_person"),
            models.UniqueConstraint(fields=["digest"], condition=~models.Q(digest=""), name="tracing_one_link"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} with {self.person or self.team or 'a link'}"


class StoragePolicy(models.Model):
    """How much may be stored and how long. One row for each owner of sessions; the empty owner is the deployment."""

    owner = models.CharField(primary_key=True, max_length=64, default="")
    quota_bytes = models.BigIntegerField(null=True)  # nothing starts when it is nearly used up; null: no such bound
    keep_bytes = models.BigIntegerField(null=True)  # beyond it the oldest ended sessions are deleted
    keep_days = models.IntegerField(null=True)  # ended sessions are deleted after so many
    classes = models.JSONField(default=dict)  # risk class to the hours it is kept; what is missing is as by default
    # Set by an upgrade that brought ceilings: sessions from before count as ended then, so that none goes unannounced.
    ceilings_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"storage of {self.owner or 'the deployment'}"


class Listing(models.Model):
    """What a run loaded into the kernel, as its host packed it (proto/listing.py); hosts of one kernel share it."""

    digest = models.CharField(primary_key=True, max_length=64)
    packed = models.BinaryField()

    def __str__(self) -> str:
        return self.digest


class Total(models.Model):
    """A sum over all runs that ever ended; it stays when their sessions are deleted."""

    name = models.CharField(primary_key=True, max_length=64)
    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class Run(models.Model):
    """One session on one host. Ended: its last frame is stored, or it is known that none will come."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="runs")
    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(max_length=16, choices=RunState.choices, default=RunState.PENDING, db_index=True)
    # Set before the start leaves, so that it leaves at most once.
    sent_at = models.DateTimeField(null=True)
    stop_cause = models.CharField(max_length=24, blank=True)  # asked for; empty: not
    stop_message = models.CharField(max_length=500, blank=True)
    stop_by = models.CharField(max_length=160, blank=True)  # who asked for the end; empty: nobody here
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_cause = models.CharField(max_length=24, blank=True)
    end_message = models.TextField(blank=True)
    ledger_known = models.BooleanField(default=True)
    targets = models.BinaryField(default=bytes)  # serialised ResolvedTargets; empty until known, or when there are none
    schema = models.BinaryField(default=bytes)  # serialised RunSchema; empty until attached
    ledger = models.BinaryField(default=bytes)  # serialised Ledger, the newest known
    cost = models.BinaryField(default=bytes)
    peak_percent = models.FloatField(default=0)  # of the host, highest seen
    note = models.TextField(blank=True)
    boot_ns = models.BigIntegerField(default=0)
    wall_ns = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    hits = models.BigIntegerField(default=0)
    stored_bytes = models.BigIntegerField(default=0)
    stored_seq = models.BigIntegerField(default=0)
    listing = models.ForeignKey(Listing, null=True, on_delete=models.SET_NULL, related_name="runs")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "host"], name="one_run_per_session_and_host")]

    def __str__(self) -> str:
        return f"{self.id} on {self.host_id}"

    @property
    def final(self) -> bool:
        return self.state in FINAL

    @property
    def run_targets(self) -> ResolvedTargets:
        return ResolvedTargets.FromString(bytes(self.targets))

    @property
    def run_schema(self) -> RunSchema | None:
        return RunSchema.FromString(bytes(self.schema)) if self.schema else None

    @property
    def run_ledger(self) -> Ledger:
        return Ledger.FromString(bytes(self.ledger))

    @property
    def run_cost(self) -> Cost:
        return Cost.FromString(bytes(self.cost))

    @property
    def encryption(self) -> RunEncryption | None:
        """How its rows are encrypted; None: they are not, or it has not attached."""
        schema = self.run_schema
        return schema.encryption if schema is not None and schema.HasField("encryption") else None

    @property
    def locked(self) -> bool:
        """Its rows are encrypted, and the server has no key of them now."""
        return self.encryption is not None and not session_keys.readable(self.session_id, self.pk)


class Opening(models.Model):
    """Somebody wants rows that are locked: a text that they sign, and what is sent to the hosts then."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="openings")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField(db_index=True)
    text = models.BinaryField()  # proto/opening.py
    secret = models.BinaryField()  # private half of the text's key, readable for web alone
    payload = models.BinaryField(default=bytes)  # a serialised proto Opening; empty until it was signed
    signature = models.BinaryField(default=bytes)

    def __str__(self) -> str:
        return f"{self.id} of {self.session_id}"


class OpeningOrder(models.Model):
    """One host's part of an opening."""

    opening = models.ForeignKey(Opening, on_delete=models.CASCADE, related_name="orders")
    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="+")
    run = models.UUIDField()
    sent_at = models.DateTimeField(null=True)
    answer = models.BinaryField(null=True)  # a serialised proto Opened

    class Meta:
        constraints = [models.UniqueConstraint(fields=["opening", "host"], name="tracing_asked_once")]

    def __str__(self) -> str:
        return f"{self.opening_id} to {self.host_id}"


class DoomedKey(models.Model):
    """A host shall destroy the key that it keeps of a run whose session was deleted; gone when the host has said so."""

    run = models.UUIDField(primary_key=True)
    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.run} on {self.host_id}"

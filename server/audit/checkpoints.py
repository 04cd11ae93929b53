"""Signed heads of the audit: one after at most a minute or a thousand entries, whoever wrote them."""

from __future__ import annotations

import datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from proto import checkpoint
from server import keys
from server.audit import tree
from server.audit.models import AuditEntry, Checkpoint
from server.audit.record import become_only_writer

EVERY = datetime.timedelta(seconds=60)
ENTRIES = 1000


def sign_due() -> Checkpoint | None:
    """Sign the head if it is time to. For the role that has the key; raises KeysMissing elsewhere."""
    newest = Checkpoint.objects.order_by("-size").first()
    size = AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0
    if newest and size - newest.size < ENTRIES and (size == newest.size or timezone.now() - newest.time < EVERY):
        return None
    return sign_head() if size else None


def sign_head() -> Checkpoint:
    """The head as it is now; the one that stands where another process was first."""
    with transaction.atomic():
        become_only_writer()
        head = tree.head()
        now = timezone.now()
        signed = checkpoint.Checkpoint(_origin(), head.size, head.root, now.isoformat(timespec="seconds"))
        fields = {"time": now, "note": checkpoint.sign(signed, _key())}
        return Checkpoint.objects.get_or_create(size=head.size, defaults=fields)[0]


@cache
def _key() -> Ed25519PrivateKey:
    return keys.audit_key(settings.ENV.keys)


def _origin() -> str:
    return checkpoint.origin_of(_key().public_key().public_bytes_raw())

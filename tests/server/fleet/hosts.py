"""Hosts as they are after a hello."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone

from server.catalog.tools import catalogue
from server.fleet.models import Host, HostVerdict


def make_host(name: str, *, online: bool = True, **fields: Any) -> Host:
    """Joined, connected unless told otherwise, and every tool works."""
    values: dict[str, object] = {"certificate_serial": uuid.uuid4().hex}
    if online:
        values |= {"connection": uuid.uuid4().hex, "connected_at": timezone.now(), "last_seen": timezone.now()}
    host = Host.objects.create(name=name, **{**values, **fields})
    for tool, found in catalogue().items():
        HostVerdict.objects.create(host=host, tool=tool, digest=found.digest.hex(), state="works", variant="syscalls")
    return host

"""The switches: no tracing on one host, or on none."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from server import nudge
from server.audit.record import record
from server.fleet.models import FleetSwitch, Host


def switch_host(actor: str, host: Host, reason: str, *, off: bool) -> None:
    """Whoever holds the host's stream then stops its runs."""
    with transaction.atomic():
        host.switched_off, host.switch_reason = off, reason if off else ""
        host.save(update_fields=["switched_off", "switch_reason"])
        record("host.switch", actor, hosts=[host.name], reason=reason, detail={"off": off})
    nudge.hosts([host.id])
    nudge.fleet_changed("hosts")


def switch_fleet(actor: str, reason: str, *, off: bool) -> None:
    with transaction.atomic():
        values = {"off": off, "reason": reason if off else "", "changed_by": actor}
        FleetSwitch.objects.update_or_create(id=1, defaults=values)
        record("fleet.switch", actor, reason=reason, detail={"off": off})
    nudge.hosts(Host.objects.exclude(connection="").values_list("id", flat=True))
    nudge.fleet_changed("hosts")


def fleet_switch() -> FleetSwitch:
    return FleetSwitch.objects.filter(id=1).first() or FleetSwitch(off=False)


def revoke(actor: str, host: Host, reason: str) -> None:
    """Final: the certificate opens nothing any more, and its stream is cut."""
    with transaction.atomic():
        host.revoked_at = timezone.now()
        host.save(update_fields=["revoked_at"])
        record("host.revoke", actor, hosts=[host.name], reason=reason)
    nudge.hosts([host.id])
    nudge.fleet_changed("hosts")


def switched_off() -> Q:
    """Selects the hosts on which nothing may run now."""
    return Q() if fleet_switch().off else Q(switched_off=True)

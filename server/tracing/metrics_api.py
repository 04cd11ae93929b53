"""Figures of the deployment in Prometheus' text form: the ledger's sums, what waits on hosts, who is silent."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from proto.v1.stream_pb2 import LossCause
from server.accounts.auth import person
from server.accounts.models import User
from server.accounts.policy import Action, require
from server.fleet.models import Host
from server.fleet.rights import hosts_for
from server.tracing import totals
from server.tracing.models import FINAL

router = Router(tags=["server"])

_COUNTED = {
    "events_seen": "Events that BPF counted.",
    "events_stored": "Events that hosts have stored.",
    "rows": "Rows that the server has stored.",
    "received_bytes": "Bytes of batches as they came.",
}


@router.get("", summary="Figures for Prometheus")
def get_metrics(request: HttpRequest) -> HttpResponse:
    """Text for a scraper that may see every team's. Counters are over all runs there ever were, deleted ones too."""
    actor = person(request)
    require(actor, Action.METRICS_VIEW)
    registry = CollectorRegistry()
    registry.register(_Figures(actor))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Figures(Collector):
    def __init__(self, actor: User) -> None:
        self._actor = actor

    def collect(self) -> Iterable[Metric]:
        yield from _sums()
        yield from _hosts(hosts_for(self._actor))

    def describe(self) -> Iterable[Metric]:
        return []


def _sums() -> Iterable[Metric]:
    sums = totals.current()
    for name, what in _COUNTED.items():
        yield CounterMetricFamily(f"fleetscope_{name}", what, sums[name.removeprefix("events_")])
    losses = CounterMetricFamily("fleetscope_events_lost", "Events that are declared as lost.", labels=["cause"])
    for cause in LossCause.values():
        if cause:
            losses.add_metric([totals.cause_name(cause)], sums[f"{totals.LOST}{totals.cause_name(cause)}"])
    yield losses
    ended = CounterMetricFamily("fleetscope_runs_ended", "Runs that came to their end.", labels=["state"])
    for state in FINAL:
        ended.add_metric([state], sums[f"{totals.ENDED}{state}"])
    yield ended
    going_on = GaugeMetricFamily("fleetscope_runs", "Runs that go on.", labels=["state"])
    for name in sorted(totals.OPEN):
        going_on.add_metric([name], sums[name])
    yield going_on


def _hosts(hosts: QuerySet[Host]) -> Iterable[Metric]:
    silence = GaugeMetricFamily("fleetscope_host_silence_seconds", "Since when a host is silent.", labels=["host"])
    spool = GaugeMetricFamily("fleetscope_host_spool_bytes", "Bytes of spools on the host's disk.", labels=["host"])
    batches = GaugeMetricFamily("fleetscope_host_unacked_batches", "Batches not acknowledged yet.", labels=["host"])
    now = timezone.now()
    for host in hosts.filter(revoked_at=None):
        silent = (now - (host.last_seen or host.joined_at)).total_seconds()
        silence.add_metric([host.name], 0 if host.state == "online" else max(0.0, silent))
        spool.add_metric([host.name], host.spool_bytes)
        batches.add_metric([host.name], host.unacked_batches)
    yield from (silence, spool, batches)

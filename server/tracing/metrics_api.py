"""Figures of the deployment in Prometheus' text form: the ledger's sums, what waits on hosts, who is silent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from proto.v1.stream_pb2 import Ledger, LossCause
from server.accounts.auth import person
from server.accounts.policy import Action, require
from server.fleet.models import Host
from server.tracing.models import Run

router = Router(tags=["server"])


@router.get("", summary="Figures for Prometheus")
def get_metrics(request: HttpRequest) -> HttpResponse:
    """Text for a scraper that has a token. Sums are over the sessions that are kept: they fall when one is deleted."""
    require(person(request), Action.HOST_VIEW)
    registry = CollectorRegistry()
    registry.register(_Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Figures(Collector):
    def collect(self) -> Iterable[Metric]:
        yield from _ledgers()
        yield from _runs()
        yield from _hosts()

    def describe(self) -> Iterable[Metric]:
        return []


def _ledgers() -> Iterable[Metric]:
    seen = stored = 0
    lost: Counter[int] = Counter()
    for packed in Run.objects.exclude(ledger=b"").values_list("ledger", flat=True).iterator():
        ledger = Ledger.FromString(bytes(packed))
        seen += ledger.seen
        stored += ledger.stored
        lost.update({loss.cause: loss.events for loss in ledger.lost})
    yield GaugeMetricFamily("fleetscope_events_seen", "Events that BPF counted.", seen)
    yield GaugeMetricFamily("fleetscope_events_stored", "Events that hosts have stored.", stored)
    losses = GaugeMetricFamily("fleetscope_events_lost", "Events that are declared as lost.", labels=["cause"])
    for cause in LossCause.values():
        if cause:
            losses.add_metric([LossCause.Name(cause).removeprefix("LOSS_CAUSE_").lower()], lost[cause])
    yield losses


def _runs() -> Iterable[Metric]:
    sums = Run.objects.aggregate(rows=Sum("rows"), bytes=Sum("stored_bytes"))
    yield GaugeMetricFamily("fleetscope_rows", "Rows that the server has stored.", sums["rows"] or 0)
    yield GaugeMetricFamily("fleetscope_received_bytes", "Bytes of batches as they came.", sums["bytes"] or 0)
    states = GaugeMetricFamily("fleetscope_runs", "Runs of the sessions that are kept.", labels=["state"])
    for state, count in Run.objects.values_list("state").annotate(Count("id")).order_by():
        states.add_metric([state], count)
    yield states


def _hosts() -> Iterable[Metric]:
    silence = GaugeMetricFamily("fleetscope_host_silence_seconds", "Since when a host is silent.", labels=["host"])
    spool = GaugeMetricFamily("fleetscope_host_spool_bytes", "Bytes of spools on the host's disk.", labels=["host"])
    batches = GaugeMetricFamily("fleetscope_host_unacked_batches", "Batches not acknowledged yet.", labels=["host"])
    now = timezone.now()
    for host in Host.objects.filter(revoked_at=None):
        silent = (now - (host.last_seen or host.joined_at)).total_seconds()
        silence.add_metric([host.name], 0 if host.state == "online" else max(0.0, silent))
        spool.add_metric([host.name], host.spool_bytes)
        batches.add_metric([host.name], host.unacked_batches)
    yield from (silence, spool, batches)

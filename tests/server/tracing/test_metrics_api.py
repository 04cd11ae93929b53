from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from proto.v1.stream_pb2 import LOSS_CAUSE_RING, Ledger, Loss
from server.accounts.models import User
from server.fleet.models import Host
from server.tracing.models import Run
from server.tracing.start import Order, start
from tests.server.fleet.hosts import make_host


@pytest.fixture
def runs(user: Callable[..., User]) -> list[Run]:
    """Of one session on two hosts."""
    make_host("web-1")
    make_host("web-2")
    session = start(user("tracer"), Order("opensnoop", hosts=["web-1", "web-2"]))
    return list(session.runs.select_related("host").order_by("host__name"))


def figures(client: Client) -> dict[tuple[str, ...], float]:
    """By name and labels."""
    text = client.get("/api/metrics").content.decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def test_the_ledgers_sum_is_that_of_all_runs(client_of: Callable[[str], Client], runs: list[Run]) -> None:
    for number, run in enumerate(runs, 1):
        lost = [Loss(cause=LOSS_CAUSE_RING, events=number)]
        run.ledger = Ledger(seen=10 + number, stored=10, lost=lost).SerializeToString()
        run.rows = 10
        run.save()
    found, count = figures(client_of("admin")), len(runs)
    lost_events = sum(range(1, count + 1))
    assert found["fleetscope_events_seen_total",] == 10 * count + lost_events
    assert found["fleetscope_events_stored_total",] == found["fleetscope_rows_total",] == 10 * count
    assert found["fleetscope_events_lost_total", "ring"] == lost_events
    assert found["fleetscope_events_lost_total", "crash"] == 0
    assert found["fleetscope_runs", "pending"] == count
    assert found["fleetscope_runs_ended_total", "ended"] == 0


def test_hosts_say_what_waits_on_them_and_how_long_they_are_silent(
    client_of: Callable[[str], Client], runs: list[Run]
) -> None:
    Host.objects.filter(pk=runs[0].host_id).update(spool_bytes=4096, unacked_batches=7)
    name, found = runs[0].host.name, figures(client_of("admin"))
    assert found["fleetscope_host_spool_bytes", name] == 4096
    assert found["fleetscope_host_unacked_batches", name] == 7
    assert found["fleetscope_host_silence_seconds", name] >= 0


@pytest.mark.django_db
def test_a_scraper_without_a_token_gets_nothing(client: Client) -> None:
    assert client.get("/api/metrics").status_code == 401

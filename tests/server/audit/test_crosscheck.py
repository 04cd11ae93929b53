from __future__ import annotations

import datetime
import random
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from agent.warden.audit import HostAudit, read
from server.audit import commands
from server.audit.crosscheck import SETTLED, Comparison, compare
from server.audit.models import AuditEntry, EntryHost
from server.audit.record import record
from server.errors import Conflict

RUNS = [uuid.UUID(int=number + 1) for number in range(50)]


@pytest.fixture
def log(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HostAudit:
    """Fifty starts long ago on both sides; the host refused every fifth, and one never left the server."""
    long_ago = timezone.now() - 2 * SETTLED
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: long_ago)
    audit = HostAudit(tmp_path / "host.log")
    for number, run in enumerate(RUNS):
        start(run)
        audit.record("refusal" if number % 5 == 0 else "start", run=run.hex, envelope=f"hash {run}")
        audit.record("end", run=run.hex)
    unsent = uuid.uuid4()
    start(unsent)
    end = {"run": str(unsent), "host": "web-1", "sent": False}
    record("session.end", "ann", hosts=["web-1"], detail={"runs": [end]})
    monkeypatch.setattr(timezone, "now", now)
    return audit


def start(run: uuid.UUID, host: str = "web-1") -> None:
    detail = {"envelope": f"hash {run}", "targets": [{"run": str(run), "host": host, "host_id": "x"}]}
    record("session.start", "ann", hosts=[host], detail=detail)


def lines(tmp_path: Path, keep: Callable[[dict[str, Any]], bool] = lambda _: True) -> Comparison:
    return compare("web-1", [line for line in read(tmp_path / "host.log") if keep(line)])


@pytest.mark.usefixtures("log")
def test_both_records_agree(tmp_path: Path) -> None:
    assert lines(tmp_path) == Comparison(50, [])
    assert commands.crosscheck("web-1", tmp_path / "host.log").startswith("50 starts of web-1 stand in both records")


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("number", [0, 7, 49])
def test_a_start_that_one_side_lost_is_named(tmp_path: Path, number: int) -> None:
    found = lines(tmp_path, lambda line: line["run"] != RUNS[number].hex)
    assert found.matched == 49
    assert found.differences == [f"run {RUNS[number]}, entry {number + 1} here, is missing in the host's record"]


def test_a_start_that_the_server_never_recorded_is_named(tmp_path: Path, log: HostAudit) -> None:
    hidden = uuid.uuid4()
    log.record("start", run=hidden.hex, envelope="x")
    log.record("refusal", run="", envelope="y")
    assert lines(tmp_path).differences == [
        f"line 101 of the host's record, a start of run {hidden}, is missing here",
        "line 102 of the host's record, a refusal of run unknown, is missing here",
    ]


def test_another_order_under_the_same_run_is_named(tmp_path: Path, log: HostAudit) -> None:
    run = uuid.uuid4()
    start(run)
    log.record("start", run=run.hex, envelope="another")
    with pytest.raises(Conflict, match=r"line 101 of the host's record.*another order than entry 53 here"):
        commands.crosscheck("web-1", tmp_path / "host.log")


def test_an_order_that_came_again_and_was_refused_is_counted(tmp_path: Path, log: HostAudit) -> None:
    log.record("refusal", run=RUNS[1].hex, envelope=f"hash {RUNS[1]}")
    assert lines(tmp_path) == Comparison(50, [], repeats=1)
    assert "; 1 orders came to the host again" in commands.crosscheck("web-1", tmp_path / "host.log")


def test_a_run_that_stands_twice_on_either_side_is_named(tmp_path: Path, log: HostAudit) -> None:
    log.record("start", run=RUNS[1].hex, envelope=f"hash {RUNS[1]}")
    start(RUNS[2])
    assert lines(tmp_path) == Comparison(
        50,
        [
            f"line 101 of the host's record, a start of run {RUNS[1]}, stands there already in line 3",
            f"run {RUNS[2]}, entry 53 here, stands here already as entry 3",
        ],
    )


def test_a_refusal_of_another_order_under_the_same_run_is_named(tmp_path: Path, log: HostAudit) -> None:
    log.record("refusal", run=RUNS[1].hex, envelope="another")
    (told,) = lines(tmp_path).differences
    assert told == f"line 101 of the host's record, a refusal of run {RUNS[1]}, is of another order than entry 2 here"


def opening(opened: uuid.UUID, outcome: str = "done", host: str = "web-1") -> None:
    record("session.open", "ann", outcome, hosts=[host], detail={"opening": str(opened)})


def test_openings_stand_in_both_records(tmp_path: Path, log: HostAudit, monkeypatch: pytest.MonkeyPatch) -> None:
    given, refused, away, lost, hidden, young = (uuid.uuid4() for _ in range(6))
    with monkeypatch.context() as long_ago:
        then = timezone.now() - 2 * SETTLED
        long_ago.setattr(timezone, "now", lambda: then)
        for asked in (given, refused, away, lost):
            opening(asked)
        for asked in (refused, away):
            opening(asked, "refused")
    opening(young)
    opening(hidden, host="web-2")
    for event, asked in (("open", given), ("open", given), ("open refused", refused), ("open", hidden)):
        log.record(event, run=RUNS[1].hex, opening=asked.hex)
    log.record("open refused", envelope="of nobody")
    assert lines(tmp_path) == Comparison(
        50,
        [
            f"line 104 of the host's record, a key given out of run {RUNS[1]}, is missing here",
            "line 105 of the host's record, a key not given out of run unknown, is missing here",
            f"opening {lost}, entry 56 here, is missing in the host's record",
        ],
        openings=2,
    )


def test_of_ten_thousand_starts_each_that_one_side_lost_is_named(db: None) -> None:
    """The server's entries are not of a tree here: comparing reads what they say alone."""
    runs, past = [uuid.UUID(int=number + 1) for number in range(10_000)], timezone.now() - 2 * SETTLED
    detail = [{"envelope": f"hash {run}", "targets": [{"run": str(run), "host": "web-1"}]} for run in runs]
    entries = [
        AuditEntry(id=number, time=past, actor="ann", action="session.start", outcome="done", detail=told)
        for number, told in enumerate(detail, 1)
    ]
    AuditEntry.objects.bulk_create(entries, batch_size=500)
    hidden, *gone = random.Random(40).sample(range(10_000), 6)
    about = [EntryHost(entry=entry, host="web-1") for number, entry in enumerate(entries) if number != hidden]
    EntryHost.objects.bulk_create(about, batch_size=500)
    there = [
        {"n": number, "event": "start" if number % 3 else "refusal", "run": run.hex, "envelope": f"hash {run}"}
        for number, run in enumerate(runs, 1)
    ]
    both = [line for number, line in enumerate(there) if number != hidden]
    assert compare("web-1", both) == Comparison(9_999, [])
    (told,) = compare("web-1", there).differences
    assert f"of run {runs[hidden]}, is missing here" in told
    for lost in gone:
        found = compare("web-1", [line for line in both if line["n"] != lost + 1])
        assert found.differences == [f"run {runs[lost]}, entry {lost + 1} here, is missing in the host's record"]


@pytest.mark.usefixtures("log")
def test_starts_of_other_hosts_and_of_this_minute_are_not_missed(tmp_path: Path) -> None:
    start(uuid.uuid4(), "web-2")
    start(uuid.uuid4())
    assert lines(tmp_path).differences == []
    assert datetime.timedelta(minutes=1) < SETTLED


@pytest.mark.usefixtures("log")
def test_a_changed_host_log_is_named(tmp_path: Path) -> None:
    path = tmp_path / "host.log"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    with pytest.raises(Conflict, match="line 1 does not follow"):
        commands.crosscheck("web-1", path)

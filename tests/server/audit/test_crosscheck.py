from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from agent.warden.audit import HostAudit, read
from server.audit import commands
from server.audit.crosscheck import SETTLED, Comparison, compare
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

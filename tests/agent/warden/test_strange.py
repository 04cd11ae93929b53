from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from agent.warden.audit import HostAudit, read
from agent.warden.strange import KINDS_MAX, SAME_SECONDS, Strange
from proto.v1.agent_pb2 import ServerMessage, Stop


def unknown(*fields: int) -> ServerMessage:
    """In fields that this agent does not have, each of one byte."""
    return ServerMessage.FromString(b"".join(bytes([field << 3 & 127 | 130, field >> 4, 1, 120]) for field in fields))


def entries(path: Path) -> list[dict[str, Any]]:
    return list(read(path)) if path.exists() else []


def test_its_fields_and_its_size_are_on_record_once_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    log = tmp_path / "audit.log"
    heard = Strange(HostAudit(log)).heard
    for _ in range(3):
        heard(unknown(300, 200))
    heard(unknown(200))
    assert [(entry["event"], entry["fields"], entry["bytes"]) for entry in entries(log)] == [
        ("message refused", [200, 300], 8),
        ("message refused", [200], 4),
    ]
    now += SAME_SECONDS + 1
    heard(unknown(200))
    assert len(entries(log)) == 3


def test_nobody_fills_the_record_with_them(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    heard = Strange(HostAudit(log)).heard
    for field in range(200, 1200):
        heard(unknown(field))
    heard(unknown(*range(200, 1200)))
    assert len(entries(log)) == KINDS_MAX


def test_a_record_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.mkdir()
    Strange(HostAudit(log)).heard(ServerMessage(stop=Stop()))
    assert log.is_dir()

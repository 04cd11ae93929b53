from __future__ import annotations

import orjson
import pytest
from django.conf import settings

from server import keys
from server.audit import checkpoints
from server.audit.exported import check
from server.audit.leaf import leaf_bytes
from server.audit.models import AuditEntry
from server.audit.record import record
from tests.server.audit.conftest import ENTRIES, exported_lines

pytestmark = pytest.mark.usefixtures("log")


def test_a_whole_log_brings_its_hashes_and_every_head() -> None:
    lines = exported_lines(whole=True)
    kinds = [orjson.loads(line).get("fleetscope", "entry") for line in lines]
    assert kinds == ["header", "head", "head", "head", *["entry"] * ENTRIES, "hashes", "signature"]
    assert lines[4] == leaf_bytes(AuditEntry.objects.get(id=1)) + b"\n"


def test_a_selection_brings_a_proof_for_each_entry() -> None:
    lines = exported_lines(whole=False)
    header = orjson.loads(lines[0])
    assert (header["entries"], header["size"], header["by"]) == (20, ENTRIES, "auditor")
    assert header["wanted"] == {"actor": "user-1"}
    assert header["log_key"] == keys.audit_public(settings.ENV.keys).hex()
    kinds = [orjson.loads(line).get("fleetscope", "entry") for line in lines]
    assert kinds == ["header", "head", *["entry", "proof"] * 20, "signature"]


def test_what_is_younger_than_the_last_head_is_left_out() -> None:
    record("session.view", "user-1")
    assert check(exported_lines(whole=True)).verdict.entries == ENTRIES
    note = checkpoints.sign_head().note
    assert check(exported_lines(whole=True), [note]).verdict.signed == ENTRIES + 1

from __future__ import annotations

import json
import uuid

import pytest

from proto.specification import (
    NAMESPACE,
    OUTSIDE,
    SpecificationError,
    Terms,
    challenge,
    differences,
    read,
    read_terms,
    specification,
)
from proto.v1.agent_pb2 import Envelope, Exclusions, Filters, RunLimits, RunTarget

TERMS = Terms(1_795_345_200, 1_795_348_800)


def envelope() -> Envelope:
    return Envelope(
        session_id=uuid.UUID(int=1).bytes,
        runs=[RunTarget(run_id=uuid.UUID(int=2).bytes, host_id=str(uuid.UUID(int=3)), host_name="web-1")],
        tool="sslsniff",
        tool_digest=b"\1" * 32,
        params={"b": "2", "a": "1"},
        filters=Filters(pid=7, cgroup=2**63, exclude=Exclusions(comm=["x"])),
        limits=RunLimits(duration_ms=10_000),
        user="ada",
        reason="why \u202e\x1b[2J",
        reveal=True,
        risk="RISK_S3",
        team="web",
        payload_key=b"\2" * 32,
        issued_wall_ns=1,
        not_after_wall_ns=2,
    )


def test_it_reads_back_and_is_printable_whatever_people_wrote() -> None:
    payload = specification(envelope(), TERMS)
    assert all(byte == 10 or 32 <= byte < 127 for byte in payload)
    document = read(payload)
    assert (document["user"], document["reason"]) == ("ada", "why \u202e\x1b[2J")
    assert document["filters"] == {"pid": 7, "cgroup": 2**63, "exclude": {"comm": ["x"]}}
    assert document["runs"] == [{"host": "web-1", "host_id": str(uuid.UUID(int=3)), "run": str(uuid.UUID(int=2))}]
    assert read_terms(payload) == TERMS


@pytest.mark.parametrize("name", [field.name for field in Envelope.DESCRIPTOR.fields])
def test_every_field_of_an_envelope_is_signed_or_known_to_be_outside(name: str) -> None:
    plain, changed = envelope(), envelope()
    changed.ClearField(name)
    differs = specification(plain, TERMS) != specification(changed, TERMS)
    assert differs == (name not in OUTSIDE)


def test_a_difference_is_named() -> None:
    changed = envelope()
    changed.params["a"], changed.reason = "9", "other"
    assert differences(specification(envelope(), TERMS), specification(changed, TERMS)) == ["params", "reason"]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"user": "ada"', '"user": "eve", "user": "ada"'),
        lambda text: json.dumps(json.loads(text)),
        lambda text: text + " ",
        lambda text: text.replace("ada", "ad\u00e4"),
        lambda text: text.replace(NAMESPACE, "another"),
        lambda text: text.replace('"user": "ada"', '"user": "\\ud800"'),
        lambda text: "[" * 100_000,
        lambda text: "",
    ],
)
def test_bytes_that_could_be_read_in_two_ways_are_none(change: object) -> None:
    text = specification(envelope(), TERMS).decode()
    with pytest.raises(SpecificationError):
        read_terms(change(text).encode())  # type: ignore[operator]


TERMS_CHANGED = [
    ("1795348800", '"later"'),
    ("false", "0"),
    ("1795345200", "true"),
    ("1795348800", f"{10**400}"),
    ("1795345200", "-1"),
]


@pytest.mark.parametrize(("old", "new"), TERMS_CHANGED)
def test_terms_are_numbers_and_a_switch(old: str, new: str) -> None:
    payload = specification(envelope(), TERMS).replace(old.encode(), new.encode())
    with pytest.raises(SpecificationError, match="does not say when"):
        read_terms(payload)


def test_a_passkey_is_challenged_with_the_context_and_every_byte() -> None:
    assert len({challenge(b""), challenge(b"a"), challenge(b"b")}) == 3

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path

import pytest

from agent.config import AgentPaths
from agent.warden import asking
from agent.warden.asking import BURST, CONTEXT, Allowance, Asking
from agent.warden.audit import HostAudit
from agent.warden.power import Power, Switch, switch_off
from proto.v1.agent_pb2 import Ask, Hidden, Names, SignedAsk
from proto.v1.tool_pb2 import NameKind
from tests.agent.support.commands import MINUTE
from tests.agent.support.pki import Authority


class Door:
    def __init__(self, folder: Path) -> None:
        self.paths = AgentPaths(folder, folder / "policy.toml")
        self.policy("")
        self.authority = Authority()
        self.identity = self.authority.identity("localhost:1")
        self.passed: list[Ask] = []
        self.refused: list[Names] = []
        audit, power = HostAudit(self.paths.audit), Power(self.paths)
        self.asking = Asking(self.identity, power, audit, self.passed.append, self.refused.append)

    def policy(self, text: str) -> None:
        self.paths.policy.write_text(text)
        self.paths.policy.chmod(0o644)

    def signed(self, **changes: object) -> SignedAsk:
        fields: dict[str, object] = {
            "ask_id": uuid.uuid4().bytes,
            "host_id": self.identity.host_id,
            "kind": NameKind.NAME_KIND_PROCESS,
            "text": "ngi",
            "user": "ada",
            "not_after_wall_ns": time.time_ns() + MINUTE,
        }
        payload = Ask(**{**fields, **changes}).SerializeToString()  # type: ignore[arg-type]
        return SignedAsk(payload=payload, signature=self.authority.command.sign(CONTEXT + payload))

    def ask(self, **changes: object) -> str:
        """Why it was refused; empty: it was not."""
        before = len(self.refused)
        self.asking.ask(self.signed(**changes))
        return self.refused[-1].error if len(self.refused) > before else ""

    def entries(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.paths.audit.read_text().splitlines()]


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_each_different_question_is_on_record_before_it_is_answered_once_a_minute(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("ngin", "nginx", "NGINX-1"):
        assert door.ask(text=text) == ""
    assert [ask.text for ask in door.passed] == ["ngin", "nginx", "NGINX-1"]
    (entry,) = door.entries()
    assert (entry["event"], entry["user"], entry["kind"], entry["text"]) == ("ask", "ada", "process", "ngin")
    door.ask(user="eve")
    door.ask(text="post")
    door.ask(kind=NameKind.NAME_KIND_FUNCTION)
    later = time.monotonic() + asking.SAME_SECONDS + 1
    monkeypatch.setattr("agent.warden.asking.time.monotonic", lambda: later)
    door.ask()
    assert [(entry["user"], entry["kind"]) for entry in door.entries()[1:]] == [
        ("eve", "process"),
        ("ada", "process"),
        ("ada", "function"),
        ("ada", "process"),
    ]


def test_who_types_a_lot_fills_no_record(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BURST", 1000.0)
    monkeypatch.setattr(asking, "PER_SECOND", 1_000_000.0)
    for number in range(asking.LINES_MAX + 20):
        assert door.ask(text=f"{number:04}") == ""
    entries = door.entries()
    assert [entry["text"] for entry in entries[:2]] == ["0000", "0001"]
    assert (len(entries), entries[-1]["kind"]) == (asking.LINES_MAX + 1, "more")


def test_only_the_own_server_asks_and_only_now_and_here(door: Door) -> None:
    forged = door.signed()
    forged.signature = b"\0" * 64
    door.asking.ask(forged)
    assert "not signed by the server" in door.refused[-1].error
    assert "another host" in door.ask(host_id=str(uuid.uuid4()))
    assert "after its end of validity" in door.ask(not_after_wall_ns=time.time_ns() - 1)
    assert "compare the clocks" in door.ask(not_after_wall_ns=time.time_ns() + 60 * MINUTE)
    assert "too long or holds a NUL" in door.ask(text="a\0b")
    assert "too long or holds a NUL" in door.ask(text="a" * 9000)
    door.asking.ask(SignedAsk(payload=b"\xff", signature=b""))
    assert door.passed == [] and len(door.refused) == 6


def test_a_start_is_no_question_even_when_its_bytes_are(door: Door) -> None:
    signed = door.signed()
    signed.signature = door.authority.command.sign(b"fleetscope-envelope-v1\0" + signed.payload)
    door.asking.ask(signed)
    assert "not signed" in door.refused[-1].error


def test_the_owner_of_the_host_has_the_last_word(door: Door) -> None:
    door.policy('[names]\ndeny = ["process"]\n')
    assert "denies names of the kind process" in door.ask()
    assert door.ask(kind=NameKind.NAME_KIND_TRACEPOINT) == ""
    door.policy('risk = ["S0"]\n')
    assert "does not allow risk class S1" in door.ask()
    door.policy('remote = "off"\n')
    assert 'remote = "off"' in door.ask(kind=NameKind.NAME_KIND_TRACEPOINT)
    door.policy("")
    assert door.ask() == ""
    switch_off(door.paths.switch, Switch("root", "incident", 1))
    assert "switched off on this host by root: incident" in door.ask()
    refused = [entry for entry in door.entries() if "refused" in entry]
    assert len(refused) == 4


def test_without_a_record_there_is_no_answer(door: Door) -> None:
    door.paths.audit.mkdir()
    assert "cannot be written" in door.ask()
    assert door.passed == []


def test_a_server_that_asks_without_end_is_held_back(door: Door) -> None:
    for _ in range(int(BURST) + 20):
        door.ask()
    assert BURST <= len(door.passed) <= BURST + 15
    assert "asked too much" in door.refused[-1].error


def test_the_allowance_comes_back_with_time() -> None:
    allowance = Allowance(left=0.0)
    assert not allowance.take()
    allowance.since -= 1
    assert [allowance.take() for _ in range(12)].count(True) == asking.PER_SECOND


def test_whom_nobody_may_trace_is_the_hosts_word_not_the_servers(door: Door) -> None:
    door.policy("[never_trace]\nuids = [65000]\n")
    assert door.ask(never_uids=[1, 2]) == ""
    assert list(door.passed[-1].never_uids) == [65000]
    door.policy("")
    assert door.ask(never_uids=[0]) == ""
    assert list(door.passed[-1].never_uids) == []
    door.policy('[never_trace]\ncgroups = ["/v.slice"]\n')
    assert door.ask(hidden=Hidden(binaries=["/bin/x"])) == ""
    assert door.passed[-1].hidden == Hidden(cgroups=["/v.slice"])
    door.policy("")
    assert door.ask(hidden=Hidden(binaries=["/bin/x"])) == ""
    assert not door.passed[-1].HasField("hidden")

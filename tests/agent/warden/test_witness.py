from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.config import AgentPaths
from agent.warden.audit import HostAudit
from agent.warden.envelope import Refused
from agent.warden.witness import Anchoring, Witness, ask_to_re_anchor, load
from proto.v1.agent_pb2 import Witnessed
from tests.agent.support.commands import envelope, sign
from tests.agent.support.door import Door
from tests.agent.support.heads import Log


class Watching:
    def __init__(self, folder: Path) -> None:
        self.paths = AgentPaths(folder, folder / "policy.toml")
        self.told: list[Witnessed] = []
        self.restart()

    def restart(self) -> None:
        self.witness = Witness(self.paths, HostAudit(self.paths.audit), self.told.append)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.paths.audit.read_text().splitlines()]


@pytest.fixture
def host(tmp_path: Path) -> Watching:
    return Watching(tmp_path)


def test_heads_that_extend_each_other_are_held(host: Watching) -> None:
    log = Log()
    for since, size in ((0, 3), (3, 7), (7, 7), (7, 64)):
        host.witness.offered(log.head(size, since))
        assert (host.witness.trouble, host.told[-1].size) == ("", size)
    assert len(host.told) == 4
    host.restart()
    assert host.witness.held().note == log.note(64)
    assert host.paths.witness.stat().st_mode & 0o777 == 0o600
    assert [entry["event"] for entry in host.events()] == ["head"], "the first; later ones extend it"


KEY = Log().key
HOSTILE = {
    "cut": (Log(key=KEY).head(5, 10), "had 10 entries"),
    "rewritten": (Log("other", KEY).head(20, 10), "do not begin with the 10"),
    "rewritten, same size": (Log("other", KEY).head(10, 10), "do not begin with the 10"),
    "another key": (Log().head(20, 10), "signed with another key"),
    "no proof": (Log(key=KEY).head(20), "does not prove"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_head_that_does_not_extend_the_held_one_ends_all_starts(tmp_path: Path, name: str) -> None:
    door = Door(tmp_path, KEY)
    door.witness.offered(door.log.head(9))
    door.gate.accept(door.signed(), 0)
    head, why = HOSTILE[name]
    signed = sign(envelope(door.identity.host_id), door.authority.command)
    for _ in range(6):
        door.witness.offered(head)
    assert why in door.witness.trouble
    with pytest.raises(Refused, match=why):
        door.gate.accept(signed, 0)
    assert [entry["event"] for entry in door.entries()] == ["start", "head refused", "refusal"]
    door.witness.offered(door.log.head(12, 10))
    assert door.witness.trouble == "", "the log goes on from the head that is held"


def test_trouble_outlives_a_restart_until_root_lets_go_of_the_head(host: Watching) -> None:
    host.witness.offered(Log(key=KEY).head(9))
    restored = Log("restored", KEY)
    host.witness.offered(restored.head(4, 9))
    host.restart()
    assert "had 9 entries" in host.witness.trouble
    host.witness.refresh()
    assert host.witness.trouble != ""
    ask_to_re_anchor(host.paths, Anchoring("root", "backup of Monday"))
    host.witness.refresh()
    assert (host.witness.trouble, host.told[-1].size, host.paths.anchoring.exists()) == ("", 0, False)
    host.witness.offered(restored.head(4))
    assert host.witness.held().size == 4
    entry = host.events()[2]
    assert (entry["event"], entry["by"], entry["reason"]) == ("re-anchor", "root", "backup of Monday")
    assert entry["let_go"] == Log(key=KEY).note(9)


def test_an_answer_and_an_offer_that_cross_are_no_trouble(host: Watching) -> None:
    log = Log()
    host.witness.offered(log.head(3))
    host.witness.offered(log.head(5, 3))
    host.witness.offered(log.head(9, 3))
    assert (host.witness.trouble, host.witness.held().size) == ("", 5)
    host.witness.offered(log.head(9, 5))
    assert host.witness.held().size == 9


def test_what_cannot_be_read_or_recorded_is_not_passed_over(host: Watching) -> None:
    host.paths.witness.write_text("{")
    assert "cannot be read" in load(host.paths.witness).trouble
    host.restart()
    host.witness.offered(Log().head(3))
    assert "does not know which head it held" in host.witness.trouble
    host.paths.witness.unlink()
    host.restart()
    host.paths.audit.unlink()
    host.paths.audit.mkdir()
    host.witness.offered(Log().head(3))
    assert (host.witness.held().note, host.paths.witness.exists()) == ("", False)

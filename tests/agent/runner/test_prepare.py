"""The runner's own check of what it is given."""

from __future__ import annotations

import pytest

from agent.runner.prepare import PrepareError, load_request
from bpf.catalog import ROOT, load_tool
from proto.v1.agent_pb2 import Envelope, Filters
from proto.v1.local_pb2 import RunnerConfig

DIGEST = load_tool(ROOT / "opensnoop").digest


def config(**changes: object) -> RunnerConfig:
    envelope = Envelope(**{"tool": "opensnoop", "tool_digest": DIGEST, **changes})  # type: ignore[arg-type]
    return RunnerConfig(envelope=envelope, own_pids=[77])


def test_a_good_request_has_its_values() -> None:
    entry, values = load_request(config(params={"failed_only": "true"}))
    assert (entry.tool.name, values["failed_only"], values["access"]) == ("opensnoop", True, "any")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tool": "../opensnoop"}, "there is no tool"),
        ({"tool": "nothing"}, "cannot be read"),
        ({"tool_digest": b"old"}, "not the version that was asked for"),
        ({"params": {"acess": "any"}}, "did you mean access"),
        ({"filters": Filters(comm="x" * 99)}, "15 bytes"),
        ({"filters": Filters(pid=77)}, "process 77 is the agent itself"),
        ({"filters": Filters(tid=77)}, "process 77 is the agent itself"),
    ],
)
def test_a_bad_request_is_refused_in_one_line(changes: dict[str, object], message: str) -> None:
    with pytest.raises(PrepareError, match=message) as caught:
        load_request(config(**changes))
    assert "\n" not in str(caught.value)

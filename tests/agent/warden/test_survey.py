"""The child tells verdicts and prices of this host; one that dies takes nothing else with it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from agent.kernel.headers import ensure_headers
from agent.warden import survey
from agent.warden.loop import Loop
from agent.warden.survey import Survey
from bpf.catalog import load_catalog
from proto.v1 import tool_pb2 as pb
from proto.v1.agent_pb2 import Verdict


class Listener:
    def __init__(self, cache: Path) -> None:
        self.loop = Loop()
        self.verdicts: dict[str, Verdict] = {}
        self.prices: dict[int, int] = {}
        self.failures: list[str] = []
        self.survey = Survey(self.loop, cache, self.hear, self.prices.update, self.failures.append)

    def hear(self, verdict: Verdict) -> None:
        self.verdicts[verdict.tool] = verdict

    def run(self, headers: str, seconds: float) -> None:
        """Until the prices, which come last, are there."""
        self.survey.start(headers)
        self.loop.call_later(seconds, self.loop.stop)
        self.loop.every(0.05, lambda: self.loop.stop() if self.prices else None)
        self.loop.run()


@pytest.mark.kernel
def test_every_tool_gets_its_verdict_and_every_type_its_price(tmp_path: Path) -> None:
    listener = Listener(tmp_path)
    listener.run(str(ensure_headers(tmp_path / "headers") or ""), 280)
    assert set(listener.verdicts) == set(load_catalog())
    assert {verdict.state for verdict in listener.verdicts.values()} == {Verdict.STATE_WORKS}
    assert listener.prices[pb.PROBE_TYPE_UPROBE] > listener.prices[pb.PROBE_TYPE_RAW_TRACEPOINT] > 0
    assert (tmp_path / "verdicts.json").exists() and (tmp_path / "prices.json").exists()


def test_a_child_that_dies_is_told_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(survey, "python", lambda *_: ["/bin/false"])
    listener = Listener(tmp_path)
    with caplog.at_level(logging.ERROR):
        listener.run("", 2)
    assert listener.verdicts == {} and listener.prices == {}
    assert "restart its agent" in listener.failures[0]
    assert "ended early (exit code 1)" in caplog.text

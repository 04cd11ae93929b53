"""A price explains what a traced program really loses."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator

import pytest

from agent.kernel import measure
from agent.kernel.own_code import OwnCode
from agent.runner.compiler import AttachError
from agent.runner.probes import Held
from proto.v1 import tool_pb2 as pb

pytestmark = pytest.mark.kernel


def test_a_type_that_the_kernel_refuses_has_no_price(headers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(program: int) -> Iterator[Held]:
        raise AttachError(f"cannot attach program {program}")

    timer = next(bench for bench in measure._BENCHES if bench.kind == "perf_event")
    refused = dataclasses.replace(timer, steps=(refuse,))
    monkeypatch.setattr(measure, "_BENCHES", [refused, measure._BENCHES[0]])
    found = measure.measure(headers)
    assert set(found) == {pb.PROBE_TYPE_TRACEPOINT}


def test_the_process_may_run_everywhere_again(headers: str) -> None:
    before = os.sched_getaffinity(0)
    found = measure.measure(headers)
    assert os.sched_getaffinity(0) == before
    done_by_the_kernel = (found[pb.PROBE_TYPE_UPROBE_EMULATED], found[pb.PROBE_TYPE_USDT])
    assert found[pb.PROBE_TYPE_UPROBE] > max(done_by_the_kernel)
    assert min(done_by_the_kernel) > found[pb.PROBE_TYPE_RAW_TRACEPOINT]


def test_where_the_code_to_be_measured_does_not_run_it_has_no_price(
    headers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "_own_code", lambda: OwnCode(b"\x90\xc3", "another"))
    monkeypatch.setattr(measure, "_BENCHES", measure._BENCHES[-1:])
    assert measure.measure(headers) == {}

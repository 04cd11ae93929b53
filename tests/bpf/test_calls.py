"""What is read of a call, and which calls are on a host's list: the browser's tests read the same examples."""

from __future__ import annotations

import json
import time

import pytest

from bpf.calls import LISTED_CHARACTERS, Reads, call_reads, check_listed, is_listed
from bpf.catalog import ROOT
from proto.v1 import tool_pb2 as pb

EXAMPLES = json.loads((ROOT.parent / "frontend/src/pages/start/listed.examples.json").read_text())


def test_what_is_read_is_named() -> None:
    asked = {"function": "c:f", "args": "n:s32,name:str,_,data:bytes[4]", "ret": "answer:hex"}
    assert call_reads(pb.DYNAMIC_CALL, asked) == Reads("name, data", "n, answer", "c:f")
    assert call_reads(pb.DYNAMIC_CALL, {"function": "c:f", "args": "_,_"}) == Reads("", "", "c:f")
    assert call_reads(pb.DYNAMIC_CALL, {"function": "c:f", "args": "", "ret": "", "latency": True}).numbers == ""


def test_a_usdt_probe_shows_all_that_it_has_unless_it_is_told_what() -> None:
    assert call_reads(pb.DYNAMIC_USDT, {"probe": "c:a:b"}) == Reads("", "all arguments (args=_ shows none)", "c:a:b")
    assert call_reads(pb.DYNAMIC_USDT, {"probe": "c:a:b", "args": " "}).numbers
    assert call_reads(pb.DYNAMIC_USDT, {"probe": "c:a:b", "args": "_"}).numbers == ""
    assert call_reads(pb.DYNAMIC_USDT, {"probe": "c:a:b", "args": "s32"}).numbers == "arg1"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["what"])
def test_a_call_is_on_a_list(example: dict[str, object]) -> None:
    assert is_listed(str(example["target"]), list(example["list"])) is example["listed"]  # type: ignore[call-overload]


def test_no_text_makes_the_look_take_long() -> None:
    target = "/" + "a" * 100_000 + ":" + "a" * 100_000 + "b"
    begun = time.process_time()
    assert not is_listed(target, ["/" + "*a" * 200 + "c:*"])
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    "text",
    [
        *("", "c:read", "*:read", "/opt/app", "/opt/app:", "/opt/../bin/bash:*", "/opt/app/:f", "//opt/app:f", ":f"),
        "/" + "a" * LISTED_CHARACTERS + ":f",
    ],
)
def test_an_entry_names_a_file_by_its_whole_path(text: str) -> None:
    with pytest.raises(ValueError, match="must be FILE:FUNCTION or FILE:PROVIDER:PROBE with the whole path"):
        check_listed(text)
    check_listed("/opt/*/server:handle_*")
    check_listed("/usr/bin/python3.11:python:gc__*")

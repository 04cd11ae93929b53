"""Types come back as they were written, and the running kernel's as its own tools show them."""

from __future__ import annotations

import re
import subprocess

import pytest

from agent.kernel.btf import Btf, Kind, Member
from agent.kernel.headers import BTF_PATH
from tests.agent.kernel.btf_blob import BtfBlob


def test_members_bit_fields_and_sizes() -> None:
    blob = BtfBlob()
    number, byte = blob.integer("int", 4), blob.integer("char", 1)
    pair = blob.composite(Kind.STRUCT, "pair", 8, [("a", number, 0), ("b", number, 32)])
    flags = blob.bits("flags", 4, [("low", number, 0, 3), ("high", number, 3, 5), ("whole", byte, 16, 0)])
    btf = Btf(blob.data())
    assert btf[pair].members == (Member("a", number, 0, 0), Member("b", number, 32, 0))
    assert btf[flags].members[1] == Member("high", number, 3, 5)
    assert (btf.size(pair), btf.align(pair), btf.size(flags)) == (8, 4, 4)
    assert btf.find(Kind.STRUCT, "pair") == btf[pair]
    assert btf.find(Kind.STRUCT, "absent") is None


def test_aliases_and_qualifiers_lead_to_what_they_stand_for() -> None:
    blob = BtfBlob()
    number = blob.integer("unsigned int", 4)
    named = blob.to(Kind.TYPEDEF, number, "u32")
    constant = blob.to(Kind.CONST, blob.to(Kind.VOLATILE, named))
    row = blob.array(constant, 7)
    pointer = blob.to(Kind.PTR, row)
    btf = Btf(blob.data())
    assert btf.bare(constant) == btf[named]
    assert (btf.size(row), btf.align(row), btf.size(pointer)) == (28, 4, 8)


def test_types_behind_records_of_every_length_are_found() -> None:
    blob = BtfBlob()
    blob.function(3)
    blob.enum("colour", [("RED", 0), ("BLUE", 7)])
    blob.enum("signed", [("MINUS", -1)], signed=True)
    blob.enum64("wide", [("HUGE", 2**40)])
    blob.to(Kind.FWD, 0, "later", flag=True)
    last = blob.integer("last", 2)
    btf = Btf(blob.data())
    assert [item.values for item in btf.enums()] == [(("RED", 0), ("BLUE", 7)), (("MINUS", -1),), (("HUGE", 2**40),)]
    forward = btf.find(Kind.FWD, "later")
    assert forward and forward.is_union
    assert btf.find(Kind.INT, "last") == btf[last]


def test_a_packed_struct_has_the_alignment_that_its_offsets_allow() -> None:
    blob = BtfBlob()
    long, byte = blob.integer("long", 8), blob.integer("char", 1)
    packed = blob.composite(Kind.STRUCT, "packed", 9, [("tag", byte, 0), ("value", long, 8)])
    btf = Btf(blob.data())
    assert btf.align(packed) == 1


@pytest.mark.parametrize("data", [b"", b"\x9f\xeb", b"ELF!" + bytes(60)])
def test_what_is_not_btf_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not BTF"):
        Btf(data)


@pytest.mark.kernel
def test_the_kernels_own_types_agree_with_bpftool() -> None:
    dump = subprocess.run(
        ["bpftool", "btf", "dump", "file", str(BTF_PATH)], capture_output=True, text=True, check=True
    ).stdout
    header, *lines = dump[dump.index("STRUCT 'task_struct'") :].split("\n", 400)
    assert header.startswith("STRUCT 'task_struct' size=")
    task = Btf(BTF_PATH.read_bytes()).find(Kind.STRUCT, "task_struct")
    assert task and f"size={task.size} vlen={len(task.members)}" in header
    shown = [re.match(r"\t'(.*?)' type_id=(\d+) bits_offset=(\d+)(?: bitfield_size=(\d+))?$", line) for line in lines]
    members = [(m[1], int(m[2]), int(m[3]), int(m[4] or 0)) for m in shown[: len(task.members)] if m]
    ours = [(m.name or "(anon)", m.type, m.bit_offset, m.bit_size) for m in task.members]
    assert members == ours

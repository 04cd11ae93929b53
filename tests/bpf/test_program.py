"""Text and switches for BCC."""

from __future__ import annotations

from bpf.catalog import ROOT, load_tool
from bpf.params import parse_params
from bpf.program import build_program, ring_names
from proto.v1.agent_pb2 import Filters

ENTRY = load_tool(ROOT / "opensnoop")
VALUES = parse_params(ENTRY.tool, {"failed_only": "true", "access": "write"})


def test_numbers_become_switches_and_a_name_only_its_presence() -> None:
    evil = 'x"; system("id")'
    program = build_program(ENTRY, ENTRY.tool.variants[0], VALUES, Filters(pid=7, comm=evil), rate=9)
    numbers = ["-DFAILED_ONLY=1", "-DACCESS=2", "-DFOLDER=0", "-DFS_WANTED=1", "-DFS_PID=7ULL", "-DFS_COMM=1"]
    assert program.cflags == [*numbers, "-DFS_CALLS", "-DFS_FILES", "-DFS_FOLDER", "-DFS_RATE=9ULL"]
    assert evil not in program.text


def test_choices_have_names_in_c() -> None:
    text = build_program(ENTRY, ENTRY.tool.variants[0], VALUES, Filters()).text
    assert "#define ACCESS_ANY 0\n#define ACCESS_READ 1\n#define ACCESS_WRITE 2\n" in text


def test_errors_will_name_their_true_file() -> None:
    text = build_program(ENTRY, ENTRY.tool.variants[0], VALUES, Filters()).text
    for name in (
        "include/types.h",
        "include/filter.h",
        "include/emit.h",
        "include/files.h",
        "include/sockets.h",
        "generated.c",
        "opensnoop/probe.bpf.c",
    ):
        assert f'#line 1 "{name}"\n' in text
    assert text.endswith(ENTRY.source)


def test_optional_targets_that_are_there_are_told() -> None:
    present = ["syscalls:sys_enter_creat"]
    program = build_program(ENTRY, ENTRY.tool.variants[0], VALUES, Filters(), present=present)
    assert "-DHAS_SYS_ENTER_CREAT=1" in program.cflags


def test_rings_have_the_size_they_were_given() -> None:
    names = ring_names(ENTRY.tool, ENTRY.tool.streams[0], VALUES)
    assert names == {"opens_ring_64": 128, "opens_ring_256": 320, "opens_ring_4096": 4160}
    program = build_program(ENTRY, ENTRY.tool.variants[0], VALUES, Filters(), ring_pages={"opens_ring_64": 4096})
    assert "BPF_RINGBUF_OUTPUT(opens_ring_64, 4096);" in program.text

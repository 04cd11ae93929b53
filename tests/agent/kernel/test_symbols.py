"""Frames of living processes get the names that their own symbol tables hold."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.kernel.symbols import Symbols
from tests.workloads.compiled import build, running


@pytest.fixture
def symbols() -> Iterator[Symbols]:
    table = Symbols()
    yield table
    table.close()


def load_address(pid: int, program: Path) -> int:
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return next(int(line.split("-")[0], 16) for line in maps if line.endswith(str(program)))


def function_offsets(program: Path) -> dict[str, int]:
    table = subprocess.run(["nm", str(program)], capture_output=True, text=True, check=True).stdout
    return {name: int(value, 16) for value, name in re.findall(r"^(\w+) [tT] (\w+)$", table, re.MULTILINE)}


def test_user_frames_are_named_root_first(symbols: Symbols, tmp_path: Path) -> None:
    program = build("chain.c", tmp_path)
    offsets = function_offsets(program)
    with running(program, 1) as work:
        base = load_address(work.pid, program)
        stack = [base + offsets["spin"] + 4, base + offsets["chain_left"] + 9, base + offsets["chain_outer"] + 5]
        assert symbols.frames(work.pid, stack, []) == ["chain_outer", "chain_left", "spin"]


def test_a_return_address_behind_the_last_instruction_belongs_to_its_caller(symbols: Symbols, tmp_path: Path) -> None:
    program = build("chain.c", tmp_path)
    offsets = function_offsets(program)
    with running(program, 1) as work:
        right = load_address(work.pid, program) + offsets["chain_right"]
        assert symbols.frames(work.pid, [right, right], []) == ["chain_left", "chain_right"]


def test_a_stripped_program_is_not_guessed_at(symbols: Symbols, tmp_path: Path) -> None:
    program = build("chain.c", tmp_path, "-s")
    with running(program, 1) as work:
        (frame,) = symbols.frames(work.pid, [load_address(work.pid, program) + 0x1200], [])
        assert frame == "chain+0x1200"
        assert symbols.frames(work.pid, [0x10], []) == ["[unknown]"]


def test_an_ended_process_keeps_the_names_found_and_has_no_new_ones(symbols: Symbols, tmp_path: Path) -> None:
    program = build("chain.c", tmp_path)
    with running(program, 1) as work:
        address = load_address(work.pid, program) + function_offsets(program)["spin"]
        assert symbols.frames(work.pid, [address], []) == ["spin"]
    assert symbols.frames(work.pid, [address, 0x20], []) == ["[unknown]", "spin"]


def test_a_prepared_process_is_named_after_its_end(symbols: Symbols, tmp_path: Path) -> None:
    program = build("chain.c", tmp_path)
    with running(program, 1) as work:
        address = load_address(work.pid, program) + function_offsets(program)["chain_left"]
        symbols.prepare(work.pid)
    assert symbols.frames(work.pid, [address], []) == ["chain_left"]
    assert Symbols().frames(work.pid, [address], []) == ["[unknown]"]


def test_kernel_frames_carry_their_mark(symbols: Symbols) -> None:
    lines = Path("/proc/kallsyms").read_text().splitlines()
    address = next(int(line.split()[0], 16) for line in lines if line.endswith(" T vfs_read"))
    assert symbols.frames(1, [], [address]) == ["vfs_read_[k]"]


def test_code_made_at_run_time_is_named_by_its_perf_map(symbols: Symbols) -> None:
    code = """
import ctypes, mmap, os, sys
area = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
address = ctypes.addressof(ctypes.c_char.from_buffer(area))
path = f"/tmp/perf-{os.getpid()}.map"
with open(path, "w") as file:
    file.write(f"{address:x} 80 Main.compiled\\n")
print(os.getpid(), address, flush=True)
sys.stdin.readline()
os.unlink(path)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout
    pid, address = map(int, process.stdout.readline().split())
    assert symbols.frames(pid, [address + 16], []) == ["Main.compiled"]
    process.communicate(b"\n")

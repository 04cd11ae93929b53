"""Reads what binutils say of the same files."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from agent.kernel.elf import ElfFileError, open_elf
from agent.kernel.modules import Module, find_modules
from tests.workloads.compiled import build

ROW = re.compile(r"^\s*\d+: ([0-9a-f]+)\s+(\d+) (FUNC|IFUNC)\s+\S+\s+\S+\s+(\d+) ([^\s@]+)", re.MULTILINE)


def test_the_functions_of_a_library_are_those_that_readelf_lists() -> None:
    (library,) = find_modules("c", -1)
    table = subprocess.check_output(["readelf", "-W", "--dyn-syms", library.path], text=True)
    wanted = {(name, int(address, 16), kind == "IFUNC") for address, _, kind, _, name in ROW.findall(table)}
    assert len(wanted) > 1000
    with open_elf(library) as elf:
        assert wanted <= {(symbol.name, symbol.address, symbol.indirect) for symbol in elf.functions()}


def test_an_address_lies_where_the_program_header_says(tmp_path: Path) -> None:
    program = build("functions.c", tmp_path, "-static-pie")
    module = Module(str(program), str(program))
    with open_elf(module) as elf:
        leaf = next(symbol for symbol in elf.functions() if symbol.name == "leaf")
        offset = elf.file_offset(leaf.address)
        assert offset is not None
        code = subprocess.check_output(
            ["objdump", "-d", "-w", f"--start-address={leaf.address}", f"--stop-address={leaf.address + 8}", program],
            text=True,
        )
        first = bytes.fromhex(re.findall(rf"^\s*{leaf.address:x}:\t((?:[0-9a-f]{{2}} )+)", code, re.MULTILINE)[0])
        assert program.read_bytes()[offset : offset + len(first)] == first
        data = elf.symbol_address("sum")
        assert data is not None
        assert elf.file_offset(data) is None


@pytest.mark.parametrize("damage", [slice(4, 5), slice(16, 64), slice(200, 4000)])
def test_a_damaged_file_is_an_error_and_no_crash(tmp_path: Path, damage: slice) -> None:
    data = bytearray(build("functions.c", tmp_path, "-g").read_bytes())
    data[damage] = b"\xff" * len(data[damage])
    broken = tmp_path / "broken"
    broken.write_bytes(data)
    with pytest.raises(ElfFileError, match=f"^{broken} "), open_elf(Module(str(broken), str(broken))) as elf:
        list(elf.functions())


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(ElfFileError, match="cannot be read: No such file"), open_elf(Module("/gone", f"{tmp_path}/x")):
        pass

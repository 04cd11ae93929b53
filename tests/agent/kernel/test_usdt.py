"""USDT notes as readelf reads them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from agent.kernel.modules import Module
from agent.kernel.usdt import UsdtError, find_sites, operands_of, sites_of
from tests.workloads.compiled import build, running

NOTE = re.compile(
    r"Provider: (\S+)\s+Name: (\S+)\s+Location: (0x\w+), Base: 0x\w+, Semaphore: (0x\w+)\s+Arguments: ?([^\n]*)"
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("probes.c", tmp_path_factory.mktemp("probes"))


def test_every_note_is_found_with_its_arguments(program: Path) -> None:
    text = subprocess.check_output(["readelf", "--notes", "--wide", program], text=True)
    wanted = [
        (f"{provider}:{name}", int(place, 16), tuple(arguments.split()))
        for provider, name, place, _, arguments in NOTE.findall(text)
    ]
    assert len(wanted) == 6
    sites = sites_of(Module(str(program), str(program)))
    assert [(site.probe, site.address, site.arguments) for site in sites] == wanted
    assert all(program.read_bytes()[site.offset] == 0x90 for site in sites)  # nop, where the kernel puts its trap


def test_a_semaphore_lies_in_the_file_where_the_program_looks(program: Path) -> None:
    symbols = subprocess.check_output(["nm", program], text=True)
    address = int(re.findall(r"^(\w+) \w workload_guarded_semaphore$", symbols, re.MULTILINE)[0], 16)
    headers = subprocess.check_output(["readelf", "--segments", "--wide", program], text=True)
    segments = re.findall(r"LOAD\s+(0x\w+) (0x\w+) 0x\w+ (0x\w+)", headers)
    offset, start, _ = next(
        (int(offset, 16), int(start, 16), int(size, 16))
        for offset, start, size in segments
        if int(start, 16) <= address < int(start, 16) + int(size, 16)
    )
    (guarded,) = find_sites(f"{program}:workload:guarded", -1)
    assert guarded.semaphore == address - start + offset


def test_probes_of_a_process(program: Path) -> None:
    with running(program, 1) as work:
        sites = find_sites("*:workload:t*", work.pid)
        assert [site.probe for site in sites] == ["workload:twice", "workload:twice", "workload:text"]
        assert [operand.base for operand in operands_of(sites[2])] == [112, 104]


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        ("c:*:*", "libc.so.6 has no USDT probes; it may have to be built with them"),
        ("/nowhere/app:a:b", "there is no program or library /nowhere/app for this machine"),
        ("/etc/passwd:a:b", "there is no program or library /etc/passwd for this machine"),
    ],
)
def test_errors_say_what_to_do(probe: str, message: str) -> None:
    with pytest.raises(UsdtError, match=message):
        find_sites(probe, -1)


def test_a_probe_that_is_not_there_is_answered_with_those_that_are(program: Path) -> None:
    with pytest.raises(UsdtError, match=r"no USDT probe of .* matches workload:none; it has workload:guarded, "):
        find_sites(f"{program}:workload:none", -1)

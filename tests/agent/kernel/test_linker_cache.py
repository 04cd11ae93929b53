from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agent.kernel.linker_cache import CACHE, linker_cache


def test_it_says_what_ldconfig_prints() -> None:
    listing = subprocess.check_output(["/sbin/ldconfig", "-p"], text=True).splitlines()
    printed = [line.split() for line in listing if "libc6,x86-64" in line]
    assert [(words[0], words[-1]) for words in printed] == list(linker_cache())
    assert "libc.so.6" in dict(linker_cache())


@pytest.mark.parametrize("size", [0, 10, 30, 60, 1000])
def test_a_cache_that_was_cut_gives_what_is_left_of_it(tmp_path: Path, size: int) -> None:
    (tmp_path / "cache").write_bytes(CACHE.read_bytes()[:size])
    assert len(list(linker_cache(tmp_path / "cache"))) <= size // 24


def test_a_host_without_one(tmp_path: Path) -> None:
    assert list(linker_cache(tmp_path / "none")) == []

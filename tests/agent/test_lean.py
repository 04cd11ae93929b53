from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OPENSSL = {"ssl", "_ssl", "_hashlib"}


def imported(*words: str) -> set[str]:
    """By a process of ours that ends when it finds that its host has not joined."""
    command = [sys.executable, "-v", "-m", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "has not joined" in done.stderr
    return set(re.findall(r"^import '(\S+)' #", done.stderr, re.MULTILINE))


@pytest.mark.kernel
def test_the_link_lives_without_openssl(tmp_path: Path) -> None:
    found = imported("agent.link", "--state", str(tmp_path))
    assert {"asyncio", "grpc", "agent.link.client"} <= found
    assert not OPENSSL & found


@pytest.mark.kernel
def test_the_warden_lives_without_openssl(tmp_path: Path) -> None:
    found = imported("agent.cli", "run", "--state", str(tmp_path), "--policy", str(tmp_path / "policy.toml"))
    assert {"hashlib", "agent.warden.daemon"} <= found
    assert not OPENSSL & found


def test_asyncio_and_hashlib_do_without() -> None:
    code = "from agent.lean import without_openssl as lean; lean(); import asyncio, hashlib; print(hashlib.md5().name)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "md5\n"
    assert not done.stderr

"""With Debian's kernel headers installed as if they were this kernel's, no tool reads them, and results stay right."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.kernel.headers import ensure_headers
from bpf.catalog import load_catalog
from tests.agent.runner.harness import HEADERS_CACHE
from tests.e2e.stack import ROOT
from tests.vm import kernels

pytestmark = [pytest.mark.vm, pytest.mark.kernel, pytest.mark.timeout(900)]

# The stock tools print wrong values on these with the headers of another kernel.
SENSITIVE = ["bpf/tcplife", "bpf/exitsnoop", "bpf/runqlat"]
OVERLAY = """
set -e
mount -t tmpfs tmpfs {folder}
mkdir {folder}/upper {folder}/work
mount -t overlay overlay -o lowerdir=/usr/lib,upperdir={folder}/upper,workdir={folder}/work /usr/lib
mkdir -p /usr/lib/modules/{release}
ln -s {built} /usr/lib/modules/{release}/build
ln -s {source} /usr/lib/modules/{release}/source
exec "$@"
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Words before a command that make it see the headers."""
    folders = kernels.headers() / "usr/src"
    (source,), (built,) = (list(folders.glob(f"linux-headers-*-{kind}")) for kind in ("common", "amd64"))
    values = {"folder": tmp_path_factory.mktemp("overlay"), "source": source, "built": built}
    return ["unshare", "--mount", "sh", "-c", OVERLAY.format(release=os.uname().release, **values), "sh"]


def opened(installed: list[str], folder: Path, command: list[str], env: dict[str, str]) -> str:
    log = folder / "opened"
    words = [*installed, "strace", "-f", "-qq", "-e", "trace=open,openat,chdir", "-o", str(log), *command]
    done = subprocess.run(words, cwd=ROOT, env=os.environ | env, capture_output=True, text=True, check=False)
    assert log.exists(), done.stderr
    return log.read_text(errors="replace") + done.stdout


def test_bcc_alone_would_read_them(installed: list[str], tmp_path: Path) -> None:
    code = "from bcc import BPF; BPF(text='int on_it(void *ctx) { return 0; }')"
    said = opened(installed, tmp_path, ["env", "-u", "BCC_KERNEL_SOURCE", sys.executable, "-c", code], {})
    assert f"/lib/modules/{os.uname().release}/build" in said


def test_no_tool_reads_them(installed: list[str], tmp_path: Path) -> None:
    headers = ensure_headers(HEADERS_CACHE)
    words = [sys.executable, "-m", "agent.kernel.preflight", "--cache", str(tmp_path), "--headers", str(headers)]
    said = opened(installed, tmp_path, words, {"PYTHONPATH": str(ROOT)})
    assert f'chdir("{headers}")' in said
    assert "include/fleetscope/kernel.h" in said
    assert f"/lib/modules/{os.uname().release}" not in said
    assert "linux-headers-" not in said
    assert said.count('"STATE_WORKS') == len(load_catalog())


@pytest.mark.parametrize("folder", SENSITIVE)
def test_results_stay_right(installed: list[str], folder: str) -> None:
    words = [*installed, sys.executable, "-m", "pytest", "-q", "-x", folder, "-k", "not stock"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]

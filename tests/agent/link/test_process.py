from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.kernel
def test_a_host_that_has_not_joined_is_told_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "agent.link", "--state", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "has not joined a fleet" in line
    assert str(tmp_path) in line

from __future__ import annotations

import subprocess
import sys

KEEP = """
from agent.capabilities import CAP_SYS_PTRACE, bound, hold
bound({CAP_SYS_PTRACE})
hold({CAP_SYS_PTRACE})
wanted = ("CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs")
print([line.split()[1] for line in open("/proc/self/status") if line.startswith(wanted)])
hold(())
print([line.split()[1] for line in open("/proc/self/status") if line.startswith(wanted)])
try:
    hold({CAP_SYS_PTRACE})
except PermissionError as error:
    print(error)
"""


def test_only_what_is_kept_stays_and_what_is_gone_stays_gone() -> None:
    done = subprocess.run([sys.executable, "-c", KEEP], check=True, capture_output=True, text=True)
    kept, none, refusal = done.stdout.splitlines()
    assert eval(kept) == [f"{1 << 19:016x}"] * 3 + ["0" * 16, "1"]
    assert eval(none)[:2] == ["0" * 16] * 2
    assert "capset: Operation not permitted" in refusal

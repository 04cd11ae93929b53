"""What a runner does to its own process, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys


def output(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()


def test_it_leads_its_group_and_ends_with_its_parent() -> None:
    child = (
        "import time\nfrom agent.runner.process import become_runner\n"
        "become_runner(); print('on', flush=True); time.sleep(60)"
    )
    parent = f"""
import subprocess, sys, os
process = subprocess.Popen([sys.executable, "-c", {child!r}], stdout=subprocess.PIPE)
assert process.stdout.readline() == b"on\\n"
assert os.getpgid(process.pid) == process.pid
print(process.pid, flush=True)
"""
    pid = int(output(parent))
    waiting = (
        "import os, select\n"
        f"try: found = os.pidfd_open({pid})\n"
        "except ProcessLookupError: print('gone')\n"
        "else: print('gone' if select.select([found], [], [], 5)[0] else 'alive')"
    )
    assert output(waiting) == "gone"


def test_capabilities_that_are_not_needed_are_dropped_for_good() -> None:
    found = output(
        "from agent.runner.process import drop_capabilities; drop_capabilities()\n"
        "wanted = ('CapEff', 'CapBnd', 'NoNewPrivs')\n"
        "print(*[line.split()[1] for line in open('/proc/self/status') if line.startswith(wanted)])"
    ).split()
    kept = sum(1 << capability for capability in (2, 19, 34, 38, 39))
    assert [int(found[0], 16), int(found[1], 16), found[2]] == [kept, kept, "1"]


def test_a_file_can_still_be_given_to_the_group_that_was_joined(tmp_path: object) -> None:
    program = (
        "import os\nfrom agent.runner.process import drop_capabilities, join_group\n"
        "join_group(54321); drop_capabilities()\n"
        f"found = os.open({str(tmp_path)!r} + '/file', os.O_CREAT | os.O_WRONLY, 0o640)\n"
        "os.fchown(found, -1, 54321); print(os.fstat(found).st_gid)"
    )
    assert output(program) == "54321"


def test_the_compilers_code_is_given_back_and_works_again() -> None:
    program = (
        "import bcc\nfrom pathlib import Path\nfrom agent.runner.process import forget_compiler\n"
        "def rss(): return int(Path('/proc/self/statm').read_text().split()[1])\n"
        "text = 'BPF_ARRAY(counts, u64, 4);'\n"
        "import os\nfrom agent.kernel.headers import ensure_headers\n"
        "from tests.agent.runner.harness import HEADERS_CACHE\n"
        "os.environ['BCC_KERNEL_SOURCE'] = str(ensure_headers(HEADERS_CACHE))\n"
        "bcc.BPF(text=text).cleanup()\nbefore = rss(); forget_compiler(); after = rss()\n"
        "bcc.BPF(text=text).cleanup()\nprint(before - after > 5000)"
    )
    assert output(program) == "True"


def test_a_runner_is_preferred_to_busy_programs() -> None:
    assert (
        output("import os; from agent.runner.process import take_priority; take_priority(); print(os.nice(0))") == "-10"
    )

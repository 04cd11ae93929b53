"""The numbers are this machine's: compared with those that Python itself was compiled with."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from agent.runner.syscalls import syscall_name
from tests.architecture.tree import ROOT


def test_every_number_of_the_c_library_has_its_name() -> None:
    text = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h").read_text()
    table = {int(number): name for name, number in re.findall(r"#define __NR_(\w+) (\d+)", text)}
    assert len(table) > 300
    # The kernel renamed two calls after bcc's table was made; both names mean the same call.
    old_names = {"umount2": "umount", "_sysctl": "sysctl", "fstatat": "newfstatat", "sendfile": "sendfile64"}
    wrong = {n: (name, syscall_name(n)) for n, name in table.items() if syscall_name(n) != name}
    assert {number: pair for number, pair in wrong.items() if pair[0] not in old_names} == {}


def test_the_names_are_there_without_running_a_program() -> None:
    """BCC's own module runs what the path has under the name ausyscall."""
    watch = (
        "import sys; sys.addaudithook(lambda event, _: event == 'subprocess.Popen' and sys.exit('it runs something'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{watch}\nfrom agent.runner.syscalls import syscall_name; print(syscall_name(257))"],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("openat\n", "")


def test_a_number_newer_than_the_table_is_shown_as_such() -> None:
    assert syscall_name(9999) == "syscall_9999"

"""Headers made from BTF: the offsets that a program gets are the kernel's own, whatever lies in /lib/modules."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agent.kernel.btf import Btf, BtfType, Kind
from agent.kernel.headers import BTF_PATH, ensure_headers

KEY_STRUCTS = [
    "task_struct", "mm_struct", "signal_struct", "cred", "nsproxy", "file", "dentry", "inode", "super_block", "mount",
    "fdtable", "files_struct", "sock", "inet_sock", "tcp_sock", "sk_buff", "socket", "request", "gendisk", "pt_regs",
    "linux_binprm", "tty_struct", "css_set", "cgroup", "kernfs_node", "rq", "sched_entity",
]  # fmt: skip

COMPILE = """
import sys
from bcc import BPF
BPF(text=sys.stdin.read())
"""

PARENT_OF_EXEC = """
import os, subprocess
from bcc import BPF
b = BPF(text='''
BPF_HASH(parents, u32, u32);
RAW_TRACEPOINT_PROBE(sched_process_exec) {
    struct task_struct *task = (struct task_struct *)ctx->args[0];
    u32 pid = bpf_get_current_pid_tgid() >> 32, parent = task->real_parent->tgid;
    parents.update(&pid, &parent);
    return 0;
}''')
child = subprocess.Popen(["/bin/true"])
child.wait()
found = {key.value: value.value for key, value in b["parents"].items()}
assert found[child.pid] == os.getpid(), found
"""


@pytest.fixture(scope="module")
def headers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = ensure_headers(tmp_path_factory.mktemp("headers"))
    assert folder is not None
    return folder


def check_python(code: str, headers: Path, text: str = "", prefix: list[str] | None = None) -> None:
    env = os.environ | {"BCC_KERNEL_SOURCE": str(headers)}
    command = [*(prefix or []), sys.executable, "-c", code]
    done = subprocess.run(command, input=text, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]


def assertions(found: BtfType) -> list[str]:
    tag = f"struct {found.name}"
    lines = [f'_Static_assert(sizeof({tag}) == {found.size}, "size of {tag}");']
    for member in found.members:
        if member.name and not member.bit_size and member.bit_offset % 8 == 0:
            offset, where = member.bit_offset // 8, f"{found.name}.{member.name}"
            lines.append(f'_Static_assert(__builtin_offsetof({tag}, {member.name}) == {offset}, "{where}");')
    return lines


@pytest.mark.kernel
def test_every_offset_of_the_key_structs_is_the_kernels_own(headers: Path) -> None:
    btf = Btf(BTF_PATH.read_bytes())
    lines = [line for name in KEY_STRUCTS if (found := btf.find(Kind.STRUCT, name)) for line in assertions(found)]
    assert len(lines) > 1000
    check_python(COMPILE, headers, "\n".join(lines))


@pytest.mark.kernel
def test_a_wrong_offset_would_be_noticed(headers: Path) -> None:
    wrong = '_Static_assert(__builtin_offsetof(struct task_struct, tgid) == 1, "tgid");'
    with pytest.raises(AssertionError, match="tgid"):
        check_python(COMPILE, headers, wrong)


@pytest.mark.kernel
def test_a_program_reads_the_right_field(headers: Path) -> None:
    check_python(PARENT_OF_EXEC, headers)


@pytest.mark.kernel
def test_poisoned_installed_headers_are_never_read(headers: Path, tmp_path: Path) -> None:
    """The poison is laid over /usr/lib in a mount namespace of its own; a control shows that BCC would take it."""
    build = f"modules/{os.uname().release}/build/include/linux"
    script = f"""
    set -e
    mount -t tmpfs poison {tmp_path}
    mkdir {tmp_path}/upper {tmp_path}/work
    mount -t overlay overlay -o lowerdir=/usr/lib,upperdir={tmp_path}/upper,workdir={tmp_path}/work /usr/lib
    mkdir -p /usr/lib/{build}
    echo '#error poisoned headers' > /usr/lib/{build}/kconfig.h
    exec "$@"
    """
    prefix = ["unshare", "--mount", "sh", "-c", script, "sh"]
    check_python(PARENT_OF_EXEC, headers, prefix=prefix)
    without = ["unshare", "--mount", "sh", "-c", script, "sh", "env", "-u", "BCC_KERNEL_SOURCE"]
    with pytest.raises(AssertionError, match="poisoned headers"):
        check_python(PARENT_OF_EXEC, headers, prefix=without)


def test_the_cache_is_reused_and_a_damaged_one_is_made_again(headers: Path) -> None:
    version = headers / "include/linux/version.h"
    written = version.read_text(), version.stat().st_mtime_ns
    assert ensure_headers(headers.parent) == headers
    assert (version.read_text(), version.stat().st_mtime_ns) == written
    version.write_text("#define LINUX_VERSION_CODE 1\n")
    assert ensure_headers(headers.parent) == headers
    assert version.read_text() == written[0]


def test_many_at_once_leave_one_sound_folder(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(ensure_headers, [tmp_path] * 4))
    assert len(found) == 1
    assert [path.name for path in tmp_path.iterdir()] == [path.name for path in found if path]


def test_without_btf_there_are_no_headers(tmp_path: Path) -> None:
    assert ensure_headers(tmp_path, tmp_path / "absent") is None

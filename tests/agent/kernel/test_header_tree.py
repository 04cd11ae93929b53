"""The whole folder for the running kernel: every struct in it, at every offset."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from agent.kernel.btf import Btf, BtfType, Kind
from agent.kernel.header_tree import make_tree
from agent.kernel.headers import BTF_PATH
from agent.kernel.libbcc import bpf_header, defined_names, library_path

BPF_H = "/virtual/include/bcc/bpf.h"


@pytest.fixture(scope="module")
def btf() -> Btf:
    return Btf(BTF_PATH.read_bytes())


@pytest.fixture(scope="module")
def tree(btf: Btf) -> dict[str, str]:
    taken = defined_names(bpf_header(library_path()))
    return make_tree(btf, taken, "CONFIG_NET=y\nCONFIG_CC_IS_GCC=y\nCONFIG_HZ=250\n", "6.1.0-42-amd64")


def layout(found: BtfType) -> list[str]:
    tag = f"{found.kind.name.lower()} {found.name}"
    lines = [f'_Static_assert(sizeof({tag}) == {found.size}, "size of {tag}");']
    for member in found.members:
        if member.name and not member.bit_size:
            offset = f"__builtin_offsetof({tag}, {member.name}) == {member.bit_offset // 8}"
            lines.append(f'_Static_assert({offset}, "{found.name}.{member.name}");')
    return lines


def test_every_struct_lies_as_in_the_kernel(btf: Btf, tree: dict[str, str], tmp_path: Path) -> None:
    for name, text in tree.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(BPF_H, "bpf.h"))
    (tmp_path / "include/bpf.h").write_text(bpf_header(library_path()))
    tags = re.findall(r"^(struct|union) (\w+) \{", tree["include/fleetscope/kernel.h"], re.MULTILINE)
    types = [found for kind, name in tags if (found := btf.find(Kind[kind.upper()], name))]
    asserts = [line for found in types for line in layout(found)]
    assert len(types) > 250 and len(asserts) > 3000
    source = tmp_path / "layout.c"
    source.write_text("\n".join(["#include <linux/kconfig.h>", *asserts]))
    command = ["gcc", "-fsyntax-only", "-nostdinc", "-I", str(tmp_path / "include"), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    errors = [line for line in done.stderr.splitlines() if "error" in line]
    assert (errors, done.returncode) == ([], 0)


def test_configuration_and_version(tree: dict[str, str]) -> None:
    assert "#define CONFIG_NET 1" in tree["include/fleetscope/config.h"]
    assert "CC_IS_GCC" not in tree["include/fleetscope/config.h"] and "HZ" not in tree["include/fleetscope/config.h"]
    assert f"#define LINUX_VERSION_CODE {6 << 16 | 1 << 8}" in tree["include/linux/version.h"]


def test_every_other_header_leads_to_the_one(tree: dict[str, str]) -> None:
    assert tree["include/linux/sched.h"] == tree["include/uapi/linux/ptrace.h"]
    assert "#include <linux/kconfig.h>" in tree["include/linux/sched.h"]


def test_without_a_configuration_the_least_one_is_taken(btf: Btf) -> None:
    tree = make_tree(btf, defined_names(""), "", "6.18.44")
    assert "#define CONFIG_BPF_SYSCALL 1" in tree["include/fleetscope/config.h"]
    assert f"#define LINUX_VERSION_CODE {6 << 16 | 18 << 8 | 44}" in tree["include/linux/version.h"]

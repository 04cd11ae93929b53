"""The files of a header folder that BCC compiles against, made from the running kernel's types."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from agent.kernel.btf import Btf, Kind
from agent.kernel.c_types import Declarations, Taken

_DATA = Path(__file__).parent / "data"
# BCC force-includes linux/kconfig.h: everything hangs on it, and every other header only leads back to it.
_KCONFIG = """#ifndef FLEETSCOPE_KCONFIG_H
#define FLEETSCOPE_KCONFIG_H
#include "fleetscope/config.h"
#include "fleetscope/plain.h"
#include "/virtual/include/bcc/bpf.h"
#include "fleetscope/kernel.h"
#include "fleetscope/macros.h"
#endif
"""
_REDIRECT = "#pragma once\n#include <linux/kconfig.h>\n"
# Without a readable configuration: what every supported kernel has set.
_LEAST_CONFIG = "CONFIG_BPF_SYSCALL=y\nCONFIG_X86_64=y\nCONFIG_64BIT=y\nCONFIG_ARCH_HAS_SYSCALL_WRAPPER=y\n"
_PLAIN_TYPEDEF = re.compile(r"typedef (?!.*\b(?:struct|union|enum)\b)")


@dataclass(frozen=True, slots=True)
class Wanted:
    typedefs: list[str]
    constants: list[str]
    structs: list[str]


def make_tree(btf: Btf, taken: Taken, config: str, release: str) -> dict[str, str]:
    """Path → content of every file. ``config`` is the kernel's build configuration, or empty."""
    plain, kernel = kernel_types(btf, taken)
    macros = (_DATA / "macros.h").read_text()
    files = {f"include/{path}": _REDIRECT for path in (_DATA / "includes.txt").read_text().split()}
    return files | {
        "include/linux/kconfig.h": _KCONFIG,
        "include/linux/version.h": _version(release),
        "include/fleetscope/config.h": _config(config or _LEAST_CONFIG),
        "include/fleetscope/plain.h": plain,
        "include/fleetscope/kernel.h": kernel,
        "include/fleetscope/macros.h": macros,
    }


def kernel_types(btf: Btf, taken: Taken) -> tuple[str, str]:
    """The plain typedefs, which must stand before bpf.h, and everything else, which needs it."""
    wanted = _wanted()
    made = Declarations(btf, taken)
    for name in wanted.typedefs:
        if found := btf.find(Kind.TYPEDEF, name):
            made.typedef(found)
    plain = [line for line in made.lines if _PLAIN_TYPEDEF.match(line)]
    _declare_enums(btf, made, set(wanted.constants))
    for name in wanted.structs:
        if found := btf.find(Kind.STRUCT, name) or btf.find(Kind.UNION, name):
            made.structure(found)
    seen = set(plain)
    rest = [line for line in made.lines if line not in seen]
    aligned = "#define __aligned_u64 __u64 __attribute__((aligned(8)))"
    return _header([*plain, aligned]), _header([*made.forwards, *rest])


def _declare_enums(btf: Btf, made: Declarations, constants: set[str]) -> None:
    for found in btf.enums():
        if any(name in constants for name, _ in found.values):
            made.enum(found)


def _wanted() -> Wanted:
    document = tomllib.loads((_DATA / "types.toml").read_text())
    return Wanted(**{key: text.split() for key, text in document.items()})


def _header(lines: list[str]) -> str:
    return "\n".join(["#pragma once", *lines, ""])


def _config(text: str) -> str:
    # Compiler facts would be the kernel's compiler's, not clang's.
    names = re.findall(r"^(CONFIG_(?!CC_IS|.*CLANG)\w+)=y$", text, re.MULTILINE)
    return _header([f"#define {name} 1" for name in names])


def _version(release: str) -> str:
    numbers = [int(part) for part in re.findall(r"\d+", release)[:3]]
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    code = (major << 16) + (minor << 8) + min(patch, 255)
    formula = "#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))"
    return _header([f"#define LINUX_VERSION_CODE {code}", formula])

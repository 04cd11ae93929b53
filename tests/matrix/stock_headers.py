"""Headers for the stock tools: ours, made from BTF, and the names that only they need."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

INCLUDES = (
    "linux/delay.h", "linux/init_task.h", "linux/ipc_namespace.h", "linux/irq.h", "linux/irqdesc.h",
    "linux/mnt_namespace.h", "linux/topology.h", "linux/user_namespace.h", "uapi/linux/fcntl.h", "uapi/linux/openat2.h",
)  # fmt: skip
MACROS = Path(__file__).with_name("stock_macros.h")


def stock_headers(ours: Path, folder: Path) -> Path:
    """A copy of the tree under ``folder``, made once."""
    tree = folder / f"{ours.name}-stock"
    if (tree / "done").exists():
        return tree
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(ours, tree)
    for name in INCLUDES:
        (tree / "include" / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / "include" / name).write_text("#pragma once\n#include <linux/kconfig.h>\n")
    macros = tree / "include/fleetscope/macros.h"
    names = {line.split()[1].split("(")[0] for line in macros.read_text().splitlines() if line.startswith("#define ")}
    wanted = [line for line in MACROS.read_text().splitlines() if line.startswith("#define ")]
    # Newer kernels have some of them as enumerators, which BTF carries.
    names |= set(re.findall(r"(\w+) = ", (tree / "include/fleetscope/kernel.h").read_text()))
    more = [line for line in wanted if line.split()[1].split("(")[0] not in names]
    macros.write_text(macros.read_text() + "\n".join(more) + "\n")
    (tree / "done").touch()
    return tree

"""A library with exactly known functions: 23 of C++, by their mangled names, 7 of C, and an alias of one of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

CPP, C = 23, 7
CPP_NAMES = [f"_ZN5gears5Wheel{len(name)}{name}Ei" for name in (f"turn_{number:02d}" for number in range(CPP))]
C_NAMES = [f"gear_{number}" for number in range(C)]
_ALIAS = 'int gear_first(int) __attribute__((alias("gear_0")));\n'


def build_library(folder: Path, name: str = "libgears.so") -> Path:
    source = folder / "gears.c"
    source.write_text("".join(f"int {symbol}(int x) {{ return x; }}\n" for symbol in [*CPP_NAMES, *C_NAMES]) + _ALIAS)
    target = folder / name
    subprocess.run(["gcc", "-shared", "-fPIC", "-O0", "-o", str(target), str(source)], check=True)
    return target


def gears(library: Path, calls: int) -> str:
    """For children: each calls gear_0 with 0, 1, 2 ... so many times."""
    return f"""
import ctypes
gear = ctypes.CDLL({str(library)!r}).gear_0
def act():
    for number in range({calls}): gear(number)
"""

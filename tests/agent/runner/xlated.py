"""What programs call once the kernel has taken them: its own translation, past what source and compiler say."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable

_CALL = re.compile(r"\(85\) call (\w+)#")


def calls(programs: Iterable[int]) -> set[str]:
    """Names of the kernel's functions; programs by id. One without a name stands as ``unknown``."""
    found: set[str] = set()
    for program in programs:
        dump = ["bpftool", "prog", "dump", "xlated", "id", str(program)]
        listing = subprocess.run(dump, capture_output=True, check=True, text=True).stdout
        found |= set(_CALL.findall(listing))
    return found

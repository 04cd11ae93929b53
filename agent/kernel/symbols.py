"""Names for the addresses of a stack, while the process that they belong to still lives. Imports bcc.

Frames are root first; kernel frames end in ``_[k]``. A function without a name is shown as ``module+0x…``, an address
in no known module as ``[unknown]``: nothing is guessed. Programs that write perf maps (Java, Node) get their names from
there.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path, PurePath

from bcc import SymbolCache, lib

from agent.kernel.demangle import demangle

_KERNEL = -1
_MAX_PROCESSES = 256
_REFRESH_SECONDS = 1.0  # a process may load libraries after its first sample
_UNKNOWN = "[unknown]"


class Symbols:
    """Keeps the symbol tables of the processes seen last."""

    def __init__(self) -> None:
        self._kernel = _Process(_KERNEL, 0)
        self._processes: OrderedDict[int, _Process] = OrderedDict()

    def frames(self, pid: int, user: Sequence[int], kernel: Sequence[int]) -> list[str]:
        """Both halves are given as the kernel records them: innermost address first."""
        upper = self._process(pid).names(user) if user else []
        lower = [f"{name}_[k]" for name in self._kernel.names(kernel)]
        return [*reversed(upper), *reversed(lower)]

    def prepare(self, pid: int) -> None:
        """Read the symbol tables of a process now, so that its last stacks can be named after it has ended."""
        self._process(pid).names(_code_addresses(pid))

    def close(self) -> None:
        for process in [*self._processes.values(), self._kernel]:
            process.close()
        self._processes.clear()

    def _process(self, pid: int) -> _Process:
        known, started = self._processes.get(pid), _start_time(pid)
        if known and started in (None, known.started):
            self._processes.move_to_end(pid)
            return known
        if known:
            known.close()
        self._processes[pid] = fresh = _Process(pid, started)
        if len(self._processes) > _MAX_PROCESSES:
            self._processes.popitem(last=False)[1].close()
        return fresh


class _Process:
    def __init__(self, pid: int, started: int | None) -> None:
        self.started = started
        self._pid = pid
        self._table = SymbolCache(pid)
        self._read_at = time.monotonic()
        self._names: dict[int, str] = {}

    def names(self, addresses: Sequence[int]) -> list[str]:
        # All but the innermost are return addresses: one byte back is inside the call, and so inside the caller.
        places = [address - (index > 0) for index, address in enumerate(addresses)]
        return [self._name(place) for place in places]

    def close(self) -> None:
        lib.bcc_free_symcache(self._table.cache, self._pid)

    def _name(self, address: int) -> str:
        if address not in self._names:
            name = self._resolve(address)
            if name == _UNKNOWN and self._refresh():
                name = self._resolve(address)
            if name == _UNKNOWN:
                return name
            self._names[address] = name
        return self._names[address]

    def _resolve(self, address: int) -> str:
        name, offset, module = self._table.resolve(address, demangle=True)
        if name:
            return demangle(name.decode("utf-8", "backslashreplace"))
        if module:
            return f"{PurePath(module.decode('utf-8', 'backslashreplace')).name}+{offset:#x}"
        return _UNKNOWN

    def _refresh(self) -> bool:
        now = time.monotonic()
        if self._pid == _KERNEL or now - self._read_at < _REFRESH_SECONDS or _start_time(self._pid) != self.started:
            return False
        self._read_at = now
        lib.bcc_symcache_refresh(self._table.cache)
        return True


def _code_addresses(pid: int) -> list[int]:
    """One address in each file whose code the process has mapped."""
    try:
        maps = Path(f"/proc/{pid}/maps").read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    found = {}
    for line in maps:
        fields = line.split(maxsplit=5)
        if "x" in fields[1] and len(fields) == 6:
            found[fields[5]] = int(fields[0].split("-")[0], 16)
    return list(found.values())


def _start_time(pid: int) -> int | None:
    """Clock ticks since boot when the process started, which tells it from a later one of the same pid; None: gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[19])

"""Instructions of this process's own, in a file in memory: probes can be put on known ones. Imports bcc."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Callable, Iterator

from agent.runner import probes
from agent.runner.compiler import AttachError
from agent.runner.probes import Held

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
_FAILED = ctypes.c_void_p(-1).value


class OwnCode:
    """Lives as long as the process. Raises AttachError where this machine does not run it."""

    def __init__(self, code: bytes, machine: str) -> None:
        if os.uname().machine != machine:
            raise AttachError(f"the instructions to be measured are of {machine}")
        try:
            self._file = os.memfd_create("fleetscope-measured")
            os.write(self._file, code)
        except OSError as error:
            raise AttachError(f"no file in memory: {error.strerror}") from error
        protection = mmap.PROT_READ | mmap.PROT_EXEC
        self._address = _libc.mmap(None, mmap.PAGESIZE, protection, mmap.MAP_PRIVATE, self._file, 0)
        if self._address == _FAILED:
            raise AttachError(f"a file in memory cannot be run here: {os.strerror(ctypes.get_errno())}")

    def function(self, offset: int) -> Callable[[], None]:
        function: Callable[[], None] = ctypes.CFUNCTYPE(None)(self._address + offset)
        return function

    def attach(self, program: int, offset: int) -> Iterator[Held]:
        """Raises AttachError."""
        places = probes.Places(f"/proc/self/fd/{self._file}", [offset])
        return probes.attach_user_functions(program, places, os.getpid(), at_return=False)

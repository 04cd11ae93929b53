"""What a process that lives as long as the host does without."""

from __future__ import annotations

import sys
from types import ModuleType

_OPENSSL = ("ssl", "_hashlib")


def without_openssl() -> None:
    """Call before anything imports asyncio or hashlib: both load OpenSSL where they can, 4 MiB, and do without it.

    gRPC and cryptography bring what they need of their own; the hashes are then Python's. What is loaded stays.
    """
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]  # None: it cannot be imported
    for name in _OPENSSL:
        modules.setdefault(name, None)

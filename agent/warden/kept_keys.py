"""Keys of rows that left this host encrypted: kept for a while, to read them again where its owner lets somebody.

The server's own key for such rows goes soon after the session; from then on only what is in this folder opens them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

from agent.files import sync_folder, write_atomic

KEY_BYTES = 32
HOUR = 3600


class KeptKeys:
    """One file for each run, which only root reads; its time is that of the run's end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, run_id: bytes) -> bytes:
        """A new key, on disk when this returns. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = os.urandom(KEY_BYTES)
        write_atomic(self._path(run_id), key)
        return key

    def get(self, run_id: bytes) -> bytes | None:
        """None: this host never had it, or has destroyed it."""
        try:
            return self._path(run_id).read_bytes()
        except FileNotFoundError:
            return None

    def ended(self, run_id: bytes) -> None:
        """From now on its time runs."""
        try:
            os.utime(self._path(run_id))
        except FileNotFoundError:
            return

    def destroy(self, run_ids: Iterable[bytes]) -> list[bytes]:
        """Durable when it returns. Those that were there. Raises OSError."""
        found = [run_id for run_id in run_ids if self._path(run_id).exists()]
        for run_id in found:
            self._path(run_id).unlink()
        if found:
            sync_folder(self._folder)
        return found

    def expire(self, hours: int, live: Iterable[bytes]) -> list[bytes]:
        """Destroy what ended so long ago. Raises OSError."""
        kept, before = set(live), time.time() - hours * HOUR
        old = [run_id for run_id, since in self._all() if since < before and run_id not in kept]
        return self.destroy(old)

    def _all(self) -> list[tuple[bytes, float]]:
        if not self._folder.is_dir():
            return []
        with os.scandir(self._folder) as entries:
            # A dot: what a crash left half written.
            return [(bytes.fromhex(e.name), e.stat().st_mtime) for e in entries if not e.name.startswith(".")]

    def _path(self, run_id: bytes) -> Path:
        return self._folder / run_id.hex()

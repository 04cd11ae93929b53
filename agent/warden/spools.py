"""All spools on this host, of live and ended runs: tells link what is there, removes what the server has stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent.warden.run_folder import RunFolder
from proto.v1.agent_pb2 import ActiveRun
from proto.v1.local_pb2 import Spooled


@dataclass(slots=True)
class Spool:
    folder: RunFolder
    spooled: int = 0
    acked: int = 0
    ended: bool = False
    trimmed: int = 0


class Spools:
    def __init__(self, announce: Callable[[Spooled], None]) -> None:
        self._announce = announce
        self._spools: dict[bytes, Spool] = {}

    def add(self, folder: RunFolder, spooled: int = 0, acked: int = 0) -> None:
        self._spools[folder.run_id] = Spool(folder, spooled, acked)
        self._tell(folder.run_id)

    def advance(self, run_id: bytes, spooled: int, *, ended: bool = False) -> None:
        """The spool is on disk up to this seq; ``ended``: that is the run's last frame."""
        spool = self._spools.get(run_id)
        if spool is None or (spooled <= spool.spooled and not ended):
            return
        spool.spooled, spool.ended = max(spooled, spool.spooled), ended
        self._tell(run_id)
        self._remove_if_done(run_id)

    def ack(self, run_id: bytes, seq: int) -> None:
        spool = self._spools.get(run_id)
        if spool is not None and spool.acked < seq <= spool.spooled:
            spool.acked = seq
            self._remove_if_done(run_id)

    def drop(self, run_id: bytes) -> None:
        """Nobody wants the rest."""
        spool = self._spools.pop(run_id, None)
        if spool is not None:
            spool.folder.remove()

    def trim(self) -> None:
        for spool in self._spools.values():
            if spool.acked > spool.trimmed:
                spool.folder.trim(spool.acked)
                spool.trimmed = spool.acked

    def ended(self, run_id: bytes) -> bool:
        return run_id in self._spools and self._spools[run_id].ended

    def active(self) -> list[ActiveRun]:
        return [
            ActiveRun(run_id=run_id, ended=spool.ended, spooled_seq=spool.spooled)
            for run_id, spool in self._spools.items()
        ]

    def announce_all(self) -> None:
        """To a link that has just started."""
        for run_id in list(self._spools):
            self._tell(run_id)

    def unsent(self) -> bool:
        return any(spool.acked < spool.spooled for spool in self._spools.values())

    def unacked(self) -> int:
        """Batches that the server has not said it has stored."""
        return sum(spool.spooled - spool.acked for spool in self._spools.values())

    def size(self) -> int:
        return sum(spool.folder.size() for spool in self._spools.values())

    def _tell(self, run_id: bytes) -> None:
        spool = self._spools[run_id]
        self._announce(Spooled(run_id=run_id, seq=spool.spooled, ended=spool.ended, acked_seq=spool.acked))

    def _remove_if_done(self, run_id: bytes) -> None:
        spool = self._spools[run_id]
        if spool.ended and spool.acked >= spool.spooled:
            self.drop(run_id)

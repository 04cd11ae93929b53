"""Add up the heads of batches, in order of seq, into what is known of a run without opening any body."""

from __future__ import annotations

from dataclasses import dataclass, field

from proto.v1.stream_pb2 import BatchHead, Ledger, RunEnd
from server.tracing.store.declared import declare
from server.tracing.store.model import Damage, RunIndex


@dataclass(slots=True)
class Summary:
    """Sums over consecutive batches; grows by ``add`` and joins on to the next one by ``join``."""

    rows: int = 0
    hits: int = 0
    bytes: int = 0
    first_seq: int = 0
    last_seq: int = 0
    first_row: int = 0
    ledger: Ledger | None = None
    end: RunEnd | None = None
    holes: list[tuple[int, int]] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)
    lost_ns: list[int] = field(default_factory=list)  # when, of each batch that the host declared as damaged

    def add(self, head: BatchHead, size: int) -> None:
        self.join(
            Summary(
                rows=head.rows,
                hits=head.hits,
                bytes=size,
                first_seq=head.seq,
                last_seq=head.seq,
                first_row=head.first_row if head.rows else self.first_row + self.rows,
                ledger=head.ledger if head.HasField("ledger") else None,
                end=head.end if head.HasField("end") else None,
                lost_ns=[head.boot_ns] if head.damaged else [],
            )
        )

    def join(self, later: Summary) -> None:
        if not later.last_seq:
            self.damage += later.damage
            return
        if self.last_seq:
            self._check_seam(later)
        else:
            self.first_seq, self.first_row = later.first_seq, later.first_row
        self.rows += later.rows
        self.hits += later.hits
        self.bytes += later.bytes
        self.last_seq = max(self.last_seq, later.last_seq)
        self.ledger = later.ledger or self.ledger
        self.end = later.end or self.end
        self.holes += later.holes
        self.damage += later.damage
        self.lost_ns += later.lost_ns

    def _check_seam(self, later: Summary) -> None:
        expected = self.last_seq + 1
        if later.first_seq > expected:
            self.holes.append((expected, later.first_seq - 1))
        elif later.first_seq < expected:
            self.damage.append(Damage(later.first_seq, later.first_seq, "it is stored twice"))
        elif later.rows and self._numbered and later.first_row != self.first_row + self.rows:
            self.damage.append(Damage(later.first_seq, later.first_seq, "its row numbers do not follow"))

    @property
    def _numbered(self) -> bool:
        """Nothing is missing, so that the next row's number is known."""
        return not (self.damage or self.holes or self.lost_ns)

    def index(self) -> RunIndex:
        holes = [(1, self.first_seq - 1)] if self.first_seq > 1 else []
        return RunIndex(
            rows=self.rows,
            hits=self.hits,
            first_seq=self.first_seq,
            last_seq=self.last_seq,
            bytes=self.bytes,
            holes=(*holes, *self.holes),
            damage=tuple(self.damage),
            lost_ns=tuple(self.lost_ns),
            ledger=declare(self.ledger, self.hits, self.lost_ns) if self.ledger else None,
            end=self.end,
        )

"""Users whose processes no session of this host sees, whoever asks: left out in the kernel, or the start is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agent.kernel.processes import process_uid
from proto.v1 import tool_pb2 as pb
from proto.v1.agent_pb2 import Filters

# Half of what one run can exclude: whoever starts it may leave out others too.
UIDS_MAX = 32
_UID_NONE = 2**32 - 1  # (uid_t)-1 means "no change" to the kernel and is no user, credentials(7)


@dataclass(frozen=True, slots=True)
class NeverTrace:
    """``uids`` are real user ids, as the kernel knows them outside of user namespaces."""

    uids: tuple[int, ...] = ()

    def forbids(self, tool: pb.Tool) -> str:
        """Why the tool may not run here at all; empty: it can leave these users out."""
        if not self.uids or pb.FILTER_UID in tool.filters:
            return ""
        return (
            f"this host's policy has users who are never traced, and {tool.name} cannot leave anybody out by user; "
            "take a tool with the filter uid, or ask the host's owner about `never_trace.uids`"
        )

    @property
    def note(self) -> str:
        """For whoever sees the session: what is missing in it. Empty: nobody is."""
        shown = ", ".join(map(str, self.uids))
        return f"this host's policy leaves out processes of uid {shown}" if shown else ""

    def forbids_target(self, filters: Filters) -> str:
        """Why nobody may start a session on what the filters name; empty: they may."""
        if filters.HasField("uid") and filters.uid in self.uids:
            return f"this host's policy never traces uid {filters.uid}; its owner can change `never_trace.uids`"
        return next(filter(None, self._forbidden_processes(filters)), "")

    def without(self, filters: Filters) -> Filters:
        """The same filters, that exclude these users too."""
        found = Filters()
        found.CopyFrom(filters)
        found.exclude.uid.extend(uid for uid in self.uids if uid not in filters.exclude.uid)
        return found

    def _forbidden_processes(self, filters: Filters) -> Iterator[str]:
        for name in ("pid", "tid", "ppid"):
            if self.uids and filters.HasField(name):
                number = getattr(filters, name)
                uid = process_uid(number)
                if uid in self.uids:
                    yield (
                        f"{name} {number} belongs to uid {uid}, which this host's policy never traces; its owner can "
                        "change `never_trace.uids`"
                    )


def parse_never_trace(table: dict[str, Any]) -> NeverTrace:
    """Raises ValueError as ``key: why``."""
    uids = table.get("uids", [])
    if not isinstance(uids, list) or not all(_is_uid(uid) for uid in uids):
        raise ValueError("never_trace.uids: must be a list of user ids, as `id -u NAME` shows them")
    if len(uids) > UIDS_MAX:
        raise ValueError(f"never_trace.uids: at most {UIDS_MAX} users fit, not {len(uids)}")
    return NeverTrace(tuple(sorted(set(uids))))


def _is_uid(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _UID_NONE

"""Whom no session of this host sees, whoever asks: left out in the kernel, or the start is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from agent.kernel.hidden import HiddenError, is_hidden
from agent.kernel.processes import process_uid
from proto.v1 import tool_pb2 as pb
from proto.v1.agent_pb2 import Filters, Hidden

# Half of what one run can exclude: whoever starts it may leave out others too.
UIDS_MAX = 32
PATHS_MAX = 32
PATH_BYTES_MAX = 255
_UID_NONE = 2**32 - 1  # (uid_t)-1 means "no change" to the kernel and is no user, credentials(7)
# What a tool must be able to filter by to leave somebody out, by the key of the list.
_NEEDS = {
    "uids": (pb.FILTER_UID, "user"),
    "cgroups": (pb.FILTER_CGROUP, "control group"),
    "binaries": (pb.FILTER_PID, "program"),
}


@dataclass(frozen=True, slots=True)
class NeverTrace:
    """``uids`` are real user ids, as the kernel knows them outside of user namespaces; ``cgroups`` paths below the root
    of cgroup v2, with all that lies below; ``binaries`` paths of programs."""

    uids: tuple[int, ...] = ()
    cgroups: tuple[str, ...] = ()
    binaries: tuple[str, ...] = ()

    @property
    def hidden(self) -> Hidden | None:
        """None: nobody but users."""
        return Hidden(cgroups=self.cgroups, binaries=self.binaries) if self.cgroups or self.binaries else None

    def forbids(self, tool: pb.Tool) -> str:
        """Why the tool may not run here at all; empty: it can leave out all of them."""
        for key, (needed, word) in _NEEDS.items():
            if getattr(self, key) and needed not in tool.filters:
                return (
                    f"this host's policy never traces some {key}, and {tool.name} cannot leave anybody out by {word}; "
                    f"take another tool, or ask the host's owner about `never_trace.{key}`"
                )
        return ""

    @property
    def note(self) -> str:
        """For whoever sees the session: what is missing in it. Empty: nobody is."""
        words = {"uid": map(str, self.uids), "control group": self.cgroups, "program": self.binaries}
        told = [
            f"{word} {', '.join(shown)}"
            for word, shown in ((word, list(some)) for word, some in words.items())
            if shown
        ]
        return f"this host's policy leaves out processes of {'; of '.join(told)}" if told else ""

    def forbids_target(self, filters: Filters) -> str:
        """Why nobody may start a session on what the filters name; empty: they may."""
        if filters.HasField("uid") and filters.uid in self.uids:
            return f"this host's policy never traces uid {filters.uid}; its owner can change `never_trace.uids`"
        try:
            return next(filter(None, self._forbidden_processes(filters)), "")
        except HiddenError as error:
            return str(error)

    def without(self, filters: Filters) -> Filters:
        """The same filters, that exclude these users too."""
        found = Filters()
        found.CopyFrom(filters)
        found.exclude.uid.extend(uid for uid in self.uids if uid not in filters.exclude.uid)
        return found

    def _forbidden_processes(self, filters: Filters) -> Iterator[str]:
        for name in ("pid", "tid", "ppid"):
            if not filters.HasField(name):
                continue
            number = getattr(filters, name)
            uid = process_uid(number) if self.uids else None
            if uid in self.uids:
                yield (
                    f"{name} {number} belongs to uid {uid}, which this host's policy never traces; its owner can "
                    "change `never_trace.uids`"
                )
            if self.hidden and is_hidden(number, self.hidden):
                yield (
                    f"{name} {number} is a process that this host's policy never traces; its owner can change "
                    "`never_trace.cgroups` and `never_trace.binaries`"
                )


def parse_never_trace(table: dict[str, Any]) -> NeverTrace:
    """Raises ValueError as ``key: why``."""
    uids = table.get("uids", [])
    if not isinstance(uids, list) or not all(_is_uid(uid) for uid in uids):
        raise ValueError("never_trace.uids: must be a list of user ids, as `id -u NAME` shows them")
    if len(uids) > UIDS_MAX:
        raise ValueError(f"never_trace.uids: at most {UIDS_MAX} users fit, not {len(uids)}")
    return NeverTrace(tuple(sorted(set(uids))), _paths(table, "cgroups"), _paths(table, "binaries"))


def _paths(table: dict[str, Any], key: str) -> tuple[str, ...]:
    paths = table.get(key, [])
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise ValueError(f"never_trace.{key}: must be a list of paths in quotes")
    if len(paths) > PATHS_MAX:
        raise ValueError(f"never_trace.{key}: at most {PATHS_MAX} paths fit, not {len(paths)}")
    for path in paths:
        if why := _unusable(path):
            raise ValueError(f"never_trace.{key}: {path!r} {why}")
    return tuple(sorted(set(paths)))


def _unusable(path: str) -> str:
    if not path.startswith("/") or path != str(PurePosixPath(path)) or path.startswith("//") or ".." in path.split("/"):
        return "must begin with / and have neither .. nor a doubled or closing slash in it"
    if path == "/" or "\0" in path:
        return "is no path of a file or control group of its own"
    if len(path.encode("utf-8", "surrogateescape")) > PATH_BYTES_MAX:
        return f"is longer than {PATH_BYTES_MAX} bytes"
    return ""


def _is_uid(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _UID_NONE

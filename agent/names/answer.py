"""From a question to its answer: who knows this kind of name, and the bounds of every answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agent.kernel.hidden import HiddenError, is_hidden
from agent.kernel.processes import process_uid
from agent.names.found import Found, NotAnswered
from agent.names.functions import functions
from agent.names.libraries import libraries
from agent.names.processes import processes, program_names, users
from agent.names.terminals import terminals
from agent.names.tracepoints import tracepoint_fields, tracepoints
from agent.names.usdt import usdt_probes
from agent.names.workloads import containers, pods, units
from proto.v1 import tool_pb2 as pb
from proto.v1.agent_pb2 import Ask, Name, Names

NAMES_MAX = 200
BYTES_MAX = 256 * 1024
TEXT_MAX = 512

KINDS: Mapping[int, Callable[[Ask], Found]] = {
    pb.NAME_KIND_PROCESS: processes,
    pb.NAME_KIND_COMM: program_names,
    pb.NAME_KIND_LIBRARY: libraries,
    pb.NAME_KIND_FUNCTION: functions,
    pb.NAME_KIND_USDT: usdt_probes,
    pb.NAME_KIND_TRACEPOINT: tracepoints,
    pb.NAME_KIND_FIELD: tracepoint_fields,
    pb.NAME_KIND_PTY: terminals,
    pb.NAME_KIND_USER: users,
    pb.NAME_KIND_CONTAINER: containers,
    pb.NAME_KIND_POD: pods,
    pb.NAME_KIND_UNIT: units,
}


def answer(ask: Ask) -> Names:
    """Never raises for what is asked: the reason is the answer then."""
    ask.limit = min(ask.limit or NAMES_MAX, NAMES_MAX)
    names = Names(ask_id=ask.ask_id)
    try:
        if ask.kind not in KINDS:
            raise NotAnswered("this host's agent has no such names; upgrade it")
        if ask.pid and ask.never_uids and process_uid(ask.pid) in ask.never_uids:
            raise NotAnswered(f"pid {ask.pid} belongs to a user whom this host's policy never traces; choose another")
        if ask.pid and is_hidden(ask.pid, ask.hidden):
            raise NotAnswered(f"pid {ask.pid} is a process that this host's policy never traces; choose another")
        found = KINDS[ask.kind](ask)
    except (NotAnswered, HiddenError) as error:
        names.error = str(error)
        return names
    names.total = found.total
    if found.meant is not None:
        names.meant = found.meant
    room = BYTES_MAX
    for name in map(_cut, found.names):
        room -= name.ByteSize() + 8
        if room < 0:
            break
        names.names.append(name)
    return names


def _cut(name: Name) -> Name:
    """What is told beside a name may be cut. A value that is too long is none: half of it means something else."""
    if len(name.value) > TEXT_MAX:
        return Name(label=f"{name.value[:TEXT_MAX]}…", detail="too long to be used from here")
    return Name(
        value=name.value,
        label=_short(name.label),
        detail=_short(name.detail),
        since_wall_ns=name.since_wall_ns,
        risk=name.risk,
        shape=name.shape,
    )


def _short(text: str) -> str:
    return text if len(text) <= TEXT_MAX else f"{text[: TEXT_MAX - 1]}…"

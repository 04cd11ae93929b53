"""Attaches loaded programs. An attachment is a BPF link and, mostly, the perf event behind it: both are descriptors, so
it ends when they are closed, also by death. Nothing is written to tracefs and nothing pinned. Needs Linux 5.8; before
5.15, where perf events have no links, the event alone holds the program.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bcc import lib

from agent.runner.compiler import AttachError

TRACEFS = (Path("/sys/kernel/tracing"), Path("/sys/kernel/debug/tracing"))
_DEVICES = Path("/sys/bus/event_source/devices")

_PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
_BPF = {"x86_64": 321, "aarch64": 280}
_BPF_LINK_CREATE = 28
_BPF_PERF_EVENT = 41
UPROBE_MULTI = 48
_LINK_CREATE_SIZE = 64
_LINK_CREATE_PERF = struct.Struct("=IIIIQ")  # program, event, attach type, flags, cookie
_LINK_CREATE_MULTI = struct.Struct("=IIIIQQQQIII")  # ..., path, offsets, counters, cookies, count, flags, pid

# struct perf_event_attr of linux/perf_event.h
_ATTR_SIZE = 128
_ATTR_HEAD = struct.Struct("=IIQQ")  # type, size, config, sample_period or sample_freq
_ATTR_CONFIG, _ATTR_FLAGS, _ATTR_CONFIG1 = 8, 40, 56
_COUNTER_SHIFT = 32
_FLAG_FREQ = 1 << 10
_PERF_TYPE_SOFTWARE, _PERF_TYPE_TRACEPOINT = 1, 2
_PERF_COUNT_SW_CPU_CLOCK = 0
_PERF_FLAG_FD_CLOEXEC = 8
# Probes on one place must agree on its counter (kernel/events/uprobes.c); bcc 0.26 leaves its own to chance.
_TAKEN = "; another tracer, like one of bcc-tools, may hold the same place in its own way: end that one first"
_PERF_EVENT_IOC_SET_BPF = 0x40042408

# arch_uprobe_analyze_insn() of arch/x86/kernel/uprobes.c: ENOTSUPP, which has no name outside the kernel, or ENOEXEC.
_UNTRACEABLE = (524, errno.ENOEXEC)

_libc = ctypes.CDLL(None, use_errno=True)

Attr = ctypes.Array[ctypes.c_char]


class UntraceableError(AttachError):
    """The kernel takes no probe there."""


@dataclass(frozen=True, slots=True)
class Held:
    """Closing ``link`` detaches; ``event`` is what it was attached to, -1 for none."""

    link: int
    event: int = -1


@dataclass(frozen=True, slots=True)
class Places:
    """In one program or library. In the probe bpf_get_attach_cookie() gives ``first`` plus the index of the offset.
    ``counters``: for each place where the counter is that the kernel keeps above 0 meanwhile, 0 for none; none at all
    when empty.
    """

    path: str
    offsets: Sequence[int]
    first: int = 0
    file: str = ""  # what people know the path by, when that is something else
    counters: Sequence[int] = ()

    @property
    def name(self) -> str:
        return self.file or self.path

    @property
    def cookies(self) -> range:
        return range(self.first, self.first + len(self.offsets))

    def part(self, start: int, end: int) -> Places:
        counters = self.counters[start:end]
        return Places(self.path, self.offsets[start:end], self.first + start, self.file, counters)


def attach_tracepoint(program: int, target: str) -> Held:
    what = f"tracepoint {target}"
    try:
        number = int((_tracefs() / "events" / target.replace(":", "/") / "id").read_text())
    except OSError as error:
        raise AttachError(f"cannot attach to {what}: this kernel has none of that name") from error
    return _hold(program, _attr(_PERF_TYPE_TRACEPOINT, number), what)


def attach_raw_tracepoint(program: int, target: str) -> Held:
    return Held(_checked(lib.bpf_attach_raw_tracepoint(program, target.encode()), f"raw tracepoint {target}"))


def attach_kernel_function(program: int, target: str, *, at_return: bool) -> Held:
    name = ctypes.create_string_buffer(target.encode())
    what = f"kernel function {target}"
    return _hold(program, _probe_attr("kprobe", name, 0, what, at_return=at_return), what)


def attach_user_functions(program: int, places: Places, pid: int, *, at_return: bool) -> Iterator[Held]:
    """pid -1: every process that maps the file, also later ones. One attachment for each place."""
    path = ctypes.create_string_buffer(os.fsencode(places.path))
    counters = places.counters or [0] * len(places.offsets)
    for cookie, offset, counter in zip(places.cookies, places.offsets, counters, strict=True):
        what = f"{places.name}+{offset:#x}"
        attr = _probe_attr("uprobe", path, offset, what, at_return=at_return)
        _set_counter(attr, counter)
        try:
            held = _hold(program, attr, what, pid=pid, cookie=cookie)
        except AttachError as error:
            raise AttachError(f"{error}{_TAKEN if ctypes.get_errno() == errno.EINVAL else ''}") from error
        yield held


def attach_user_functions_at_once(program: int, places: Places, pid: int, *, at_return: bool) -> Held:
    """The same as one attachment (Linux 6.6), for a program loaded as ``UPROBE_MULTI``: a hundred functions are
    detached in the time of one, also when the process is killed."""
    path = ctypes.create_string_buffer(os.fsencode(places.path))
    count = len(places.offsets)
    offsets, cookies = (ctypes.c_uint64 * count)(*places.offsets), (ctypes.c_uint64 * count)(*places.cookies)
    create = ctypes.create_string_buffer(_LINK_CREATE_SIZE)
    counters = (ctypes.c_uint64 * count)(*places.counters)
    kept = ctypes.addressof(counters) if any(places.counters) else 0
    pointers = [ctypes.addressof(path), ctypes.addressof(offsets), kept, ctypes.addressof(cookies)]
    _LINK_CREATE_MULTI.pack_into(create, 0, program, 0, UPROBE_MULTI, 0, *pointers, count, int(at_return), max(pid, 0))
    return Held(_checked(_bpf_link_create(create), f"{count} functions of {places.name}"))


def attach_timer(program: int, frequency: int, cpu: int) -> Held:
    """``frequency`` times a second while the CPU works."""
    attr = _attr(_PERF_TYPE_SOFTWARE, _PERF_COUNT_SW_CPU_CLOCK, frequency)
    struct.pack_into("=Q", attr, _ATTR_FLAGS, _FLAG_FREQ)
    return _hold(program, attr, f"timer on CPU {cpu}", cpu=cpu)


def has_tracepoint(target: str) -> bool:
    return (_tracefs() / "events" / target.replace(":", "/")).is_dir()


def online_cpus() -> list[int]:
    cpus: list[int] = []
    for part in Path("/sys/devices/system/cpu/online").read_text().strip().split(","):
        first, _, last = part.partition("-")
        cpus += range(int(first), int(last or first) + 1)
    return cpus


def _tracefs() -> Path:
    return next((root for root in TRACEFS if (root / "events").is_dir()), TRACEFS[0])


def _attr(kind: int, config: int, frequency: int = 0) -> Attr:
    attr = ctypes.create_string_buffer(_ATTR_SIZE)
    _ATTR_HEAD.pack_into(attr, 0, kind, _ATTR_SIZE, config, frequency)
    return attr


def _probe_attr(device: str, name: Attr, offset: int, what: str, *, at_return: bool) -> Attr:
    """The kernel reads the name when the event is opened: it must live until then."""
    try:
        kind = int((_DEVICES / device / "type").read_text())
        return_bit = int((_DEVICES / device / "format/retprobe").read_text().strip().removeprefix("config:"))
    except OSError as error:
        raise AttachError(f"cannot attach to {what}: this kernel was built without {device}s") from error
    attr = _attr(kind, int(at_return) << return_bit)
    struct.pack_into("=QQ", attr, _ATTR_CONFIG1, ctypes.addressof(name), offset)
    return attr


def _set_counter(attr: Attr, counter: int) -> None:
    """PERF_UPROBE_REF_CTR_OFFSET_BITS of include/linux/trace_events.h: the upper half of config."""
    (config,) = struct.unpack_from("=Q", attr, _ATTR_CONFIG)
    struct.pack_into("=Q", attr, _ATTR_CONFIG, config | counter << _COUNTER_SHIFT)


def _hold(program: int, attr: Attr, what: str, *, pid: int = -1, cpu: int = 0, cookie: int = 0) -> Held:
    """Tracepoints and functions are asked for on one CPU and fire on all of them."""
    machine = os.uname().machine
    cpu = -1 if pid > 0 else cpu
    flags = ctypes.c_ulong(_PERF_FLAG_FD_CLOEXEC)
    event = _checked(_libc.syscall(_PERF_EVENT_OPEN[machine], attr, pid, cpu, -1, flags), what)
    create = ctypes.create_string_buffer(_LINK_CREATE_SIZE)
    _LINK_CREATE_PERF.pack_into(create, 0, program, event, _BPF_PERF_EVENT, 0, cookie)
    try:
        link = _bpf_link_create(create)
        if link < 0 and ctypes.get_errno() == errno.EINVAL:
            return _hold_without_link(program, event)
        return Held(_checked(link, what), event)
    except AttachError:
        os.close(event)
        raise


def _hold_without_link(program: int, event: int) -> Held:
    """Before Linux 5.15, where no program can ask for the cookie either. Closing the event detaches."""
    try:
        fcntl.ioctl(event, _PERF_EVENT_IOC_SET_BPF, program)
    except OSError as error:
        raise AttachError(f"cannot attach to a perf event: {error.strerror}") from error
    return Held(event)


def _bpf_link_create(attributes: Attr) -> int:
    return int(_libc.syscall(_BPF[os.uname().machine], _BPF_LINK_CREATE, attributes, len(attributes)))


def _checked(descriptor: int, what: str) -> int:
    if descriptor < 0:
        error = ctypes.get_errno()
        if error in _UNTRACEABLE:
            raise UntraceableError(f"cannot attach to {what}: the kernel cannot put a probe on its first instruction")
        raise AttachError(f"cannot attach to {what}: {os.strerror(error) if error else 'the kernel has no such probe'}")
    return descriptor

"""From a tool and what a person asked for to running probes: compile, load, attach, hold.

Used by the runner and by the agent's trial of a tool (does this kernel take it?), which attaches and closes at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from agent.kernel.facts import preemption
from agent.kernel.functions import Function
from agent.kernel.hazards import user_function_hazard
from agent.kernel.modules import Module
from agent.runner import copies, probes, selection
from agent.runner.compiler import AttachError, Compiled, program_types
from agent.runner.found_targets import FoundTargets
from agent.runner.hiding import Hiding
from agent.runner.listing import Loaded
from agent.runner.map_access import update_map
from agent.runner.map_memory import check_memory
from agent.runner.probes import Held, Places
from agent.runner.resolved import Resolved
from agent.runner.scan import stack_bytes
from agent.runner.terminals import no_terminal, terminal_numbers
from agent.runner.user_functions import attach_functions, check_mapped, told
from bpf.catalog import CatalogTool
from bpf.emitters import stack_tables
from bpf.layout import is_on
from bpf.params import BUFFER_DEFAULT, ROW_KINDS
from bpf.program import Program, Values, build_program, ring_names
from proto.v1 import tool_pb2 as pb
from proto.v1.agent_pb2 import Filters

__all__ = ["AttachError", "Attachment", "Request", "attach", "choose_variant"]

PAGE = os.sysconf("SC_PAGE_SIZE")
RING_BYTES_LARGE_CLASS = 8 * 1024 * 1024
RING_BYTES_MIN = 1024 * 1024
RING_MEMORY_SHARE = 64
DEFAULT_FREQUENCY = 49
CLOSERS = 64

_KIND = {
    pb.PROBE_TYPE_TRACEPOINT: "tracepoint",
    pb.PROBE_TYPE_RAW_TRACEPOINT: "raw_tracepoint",
    pb.PROBE_TYPE_UPROBE: "kprobe",
    pb.PROBE_TYPE_USDT: "kprobe",
    pb.PROBE_TYPE_URETPROBE: "kprobe",
    pb.PROBE_TYPE_KPROBE: "kprobe",
    pb.PROBE_TYPE_KRETPROBE: "kprobe",
    pb.PROBE_TYPE_PERF_TIMER: "perf_event",
}
_USER_FUNCTION = (pb.PROBE_TYPE_UPROBE, pb.PROBE_TYPE_URETPROBE, pb.PROBE_TYPE_USDT)


@dataclass(frozen=True, slots=True)
class Request:
    """What is to run. ``headers``: kernel source tree made from BTF, or empty. ``rate`` is in events a second,
    ``buffer`` and what all maps may take in bytes; 0: no limit, and a size that fits. ``skip_families`` are not traced
    unless a filter names one of them, ``own_pids`` never; nor what these fork. ``targets``: what the filters mean on
    this host. ``hiding``: whom its policy never shows. ``trial``: only to see whether it can be attached; a function of
    any process stands for those of special libraries. ``resolved``: what was found out about columns that the manifest
    cannot know; ``entry`` is then as it is compiled.
    """

    entry: CatalogTool
    values: Values
    filters: Filters
    headers: str = ""
    rate: int = 0
    buffer: int = 0
    map_bytes: int = 0
    skip_families: Sequence[int] = ()
    own_pids: Sequence[int] = ()
    targets: FoundTargets = field(default_factory=FoundTargets)
    hiding: Hiding | None = None
    trial: bool = False
    resolved: Resolved | None = None


@dataclass(slots=True)
class Attachment:
    """Everything that a run holds in the kernel, as descriptors."""

    variant: pb.Variant
    maps: dict[str, int] = field(default_factory=dict)
    programs: dict[str, int] = field(default_factory=dict)
    program_types: dict[str, pb.ProbeType] = field(default_factory=dict)
    probes: list[Held] = field(default_factory=list)
    at_once: set[str] = field(default_factory=set)
    functions: list[Function] = field(default_factory=list)
    left_out: set[int] = field(default_factory=set)
    places: dict[str, list[Places]] = field(default_factory=dict)
    modules: dict[str, list[Module]] = field(default_factory=dict)
    ring_bytes: dict[str, int] = field(default_factory=dict)
    loaded: Loaded | None = None
    copies: dict[str, copies.Copy] = field(default_factory=dict)
    again: dict[str, Callable[[], int]] = field(default_factory=dict)
    _events: list[int] = field(default_factory=list)
    _used: dict[str, pb.ProbeType] = field(default_factory=dict)

    def program(self, probe: pb.Probe, function: int, kind: pb.ProbeType) -> int:
        """The program of a probe as it is for a function. Hits of another ``kind`` have another price, so they get a
        program of their own: the kernel counts by program. Raises AttachError."""
        name = program_name(probe)
        key = self._key(name, function, kind)
        if key not in self.programs:
            self.programs[key] = self.copies[name](function) if name in self.copies else self.again[name]()
        self.program_types[key] = kind
        return self.programs[key]

    def _key(self, name: str, function: int, kind: pb.ProbeType) -> str:
        if name in self.copies:
            return f"{name} {function}" if function else name
        return name if self._used.setdefault(name, kind) == kind else f"{name} {pb.ProbeType.Name(kind)}"

    def detach(self) -> None:
        """When this returns no program runs any more; ``close`` takes down what is behind."""
        _close_all([held.link for held in self.probes])
        self._events += [held.event for held in self.probes if held.event >= 0]
        self.probes.clear()

    def close(self) -> None:
        """When this returns nothing of it is left in the kernel."""
        self.detach()
        _close_all(self._events)
        self._events.clear()
        for descriptor in (*self.programs.values(), *self.maps.values()):
            os.close(descriptor)
        self.programs.clear()
        self.maps.clear()


def choose_variant(tool: pb.Tool, name: str) -> pb.Variant:
    """The named one, or the best when the name is empty. Raises AttachError."""
    for variant in tool.variants:
        if name in ("", variant.name):
            return variant
    raise AttachError(f"{tool.name} has no variant {name}; it has {', '.join(v.name for v in tool.variants)}")


def attach(
    request: Request, variant: pb.Variant, before_probes: Callable[[Attachment], None] = lambda _: None
) -> Attachment:
    """All probes of the variant or none. ``before_probes`` is called when everything else stands.

    Raises AttachError.
    """
    held, compiled = Attachment(variant), None
    try:
        wanted = [probe for probe in variant.probes if _wanted(request, probe)]
        compiled = _compile_and_load(request, _program(request, variant, wanted, held), wanted, held)
        selection.fill(held.maps, request.filters, request.targets)
        if request.hiding:
            request.hiding.prepare(held.maps)
        _fill_resolved(request, held)
        for program, event in selection.hooks(held.maps).items():
            held.probes.append(probes.attach_raw_tracepoint(held.programs[program], event))
        selection.fill_skipped(held.maps, request.filters, request.skip_families, request.own_pids)
        if request.hiding:
            request.hiding.fill(held.maps)
        before_probes(held)
        for probe in wanted:
            for attached in _attach(request, probe, held):
                held.probes.append(attached)
        check_mapped(request, [_target(request, probe) for probe in wanted if probe.mapped], held)
        held.variant = told(variant, held)
    except BaseException:
        held.close()
        raise
    finally:
        held.again.clear()
        if compiled:
            compiled.close()
    return held


def _compile_and_load(request: Request, program: Program, wanted: Sequence[pb.Probe], held: Attachment) -> Compiled:
    """What the caller closes when it needs no more copies of a program."""
    compiled = None
    try:
        compiled = Compiled(program, request.headers)
        check_memory(compiled.map_names(), request.map_bytes)
        _take_maps(request, compiled, held)
        held.loaded = Loaded.of(program, compiled)
        _load(compiled, wanted, held)
        for name, kind in held.program_types.items():
            held.loaded.add(name, kind, compiled.instructions(name))
    except BaseException as error:
        if compiled:
            compiled.close()
        if isinstance(error, AttachError):
            error.program = program
        raise
    return compiled


def _program(request: Request, variant: pb.Variant, wanted: Sequence[pb.Probe], held: Attachment) -> Program:
    held.ring_bytes = ring_sizes(_rings(request), _memory_bytes(), asked=request.buffer, rate=request.rate)
    return build_program(
        request.entry,
        variant,
        request.values,
        request.filters,
        groups=request.hiding.selection(request.targets.selection) if request.hiding else request.targets.selection,
        rate=request.rate,
        present=[probe.target for probe in wanted if probe.optional],
        ring_pages={name: size // PAGE for name, size in held.ring_bytes.items()},
        defines=[*(request.resolved.defines if request.resolved else ()), *_terminal(request), *_hidden(request)],
    )


def _hidden(request: Request) -> list[str]:
    return request.hiding.defines if request.hiding else []


def _terminal(request: Request) -> list[str]:
    """Of a tool with a terminal among its parameters. Raises AttachError."""
    for param in request.entry.tool.params:
        if param.type == pb.PARAM_TYPE_TERMINAL:
            found = no_terminal() if request.trial else terminal_numbers(str(request.values[param.name]))
            return [f"{name}={number}ULL" for name, number in found.items()]
    return []


def _rings(request: Request) -> dict[str, int]:
    """Name and record size, the one that needs most room first: of events the smallest class, of bytes, which come in
    bulk, the largest."""
    rings: dict[str, int] = {}
    for stream in request.entry.tool.streams:
        if stream.kind in ROW_KINDS:
            found = ring_names(request.entry.tool, stream, request.values)
            rings |= dict(reversed(found.items())) if stream.kind == pb.KIND_BYTES else found
    return rings


def ring_sizes(records: Mapping[str, int], memory: int, *, asked: int = 0, rate: int = 0) -> dict[str, int]:
    """Bytes of each ring; ``records`` are their names and record sizes, ``rate`` the most events/s.

    Unless asked for otherwise a ring holds a second of a limited rate, and without a limit BUFFER_DEFAULT, a third of a
    second of what one core can generate, which a busy machine may keep us waiting. Half of that for each further one,
    down to 8 MiB, and less on a small host.
    """
    first = asked or _held_by_rate(records, rate) or BUFFER_DEFAULT
    least = min(first, RING_BYTES_LARGE_CLASS)
    sizes = {name: max(first >> index, least) for index, name in enumerate(records)}
    for name in [*reversed(sizes)] * 12:
        if sum(sizes.values()) > memory // RING_MEMORY_SHARE and sizes[name] > RING_BYTES_MIN:
            sizes[name] //= 2
    return sizes


def _held_by_rate(records: Mapping[str, int], rate: int) -> int:
    """0: the rate has no limit."""
    if not rate or not records:
        return 0
    second = rate * max(records.values())
    return min(max(1 << (second - 1).bit_length(), RING_BYTES_MIN), BUFFER_DEFAULT)


def _take_maps(request: Request, compiled: Compiled, held: Attachment) -> None:
    names = ["fs_counters", *held.ring_bytes, *(request.resolved.maps if request.resolved else ())]
    for stream in request.entry.tool.streams:
        if stream.kind not in ROW_KINDS:
            names.append(stream.name)
        if stream.kind == pb.KIND_STACKS:
            names += stack_tables(stream)
    for name in names:
        held.maps[name] = compiled.map_fd(name)
    for name in selection.MAPS:
        try:
            held.maps[name] = compiled.map_fd(name)
        except KeyError:
            continue  # depends on the filters


def _load(compiled: Compiled, wanted: Sequence[pb.Probe], held: Attachment) -> None:
    kinds = program_types()
    for program in selection.hooks(held.maps):
        held.programs[program] = compiled.load(program, kinds["raw_tracepoint"])
        held.program_types[program] = pb.PROBE_TYPE_RAW_TRACEPOINT
    for probe in wanted:
        function = program_name(probe)
        if probe.type not in _KIND:
            raise AttachError(f"this agent cannot attach {pb.ProbeType.Name(probe.type).lower()} probes")
        if function not in held.programs:
            kind = kinds[_KIND[probe.type]]
            at_once = _load_at_once(compiled, function, kind) if probe.type in _USER_FUNCTION else None
            if at_once is not None:
                held.at_once.add(function)
            held.programs[function] = _load_one(compiled, function, kind, held) if at_once is None else at_once
            held.program_types[function] = probe.type
            expected = () if at_once is None else (probes.UPROBE_MULTI,)
            held.again[function] = partial(compiled.load_again, function, kind, *expected)
            _check_hazard(compiled, function, probe)


def _check_hazard(compiled: Compiled, function: str, probe: pb.Probe) -> None:
    if probe.type not in _USER_FUNCTION:
        return
    depth = stack_bytes(compiled.instructions(function))
    if why := user_function_hazard(os.uname().release, preemption(), depth):
        raise AttachError(f"{function} {why}")


def _load_at_once(compiled: Compiled, function: str, kind: int) -> int | None:
    """For all functions with one attachment; None when this kernel cannot do that yet."""
    try:
        return compiled.load(function, kind, probes.UPROBE_MULTI)
    except AttachError:
        return None


def _load_one(compiled: Compiled, function: str, kind: int, held: Attachment) -> int:
    program, copy = copies.load(compiled, function, kind)
    if copy:
        held.copies[function] = copy
    return program


def program_name(probe: pb.Probe) -> str:
    if probe.program:
        return probe.program
    if probe.type == pb.PROBE_TYPE_TRACEPOINT:
        return f"tracepoint__{probe.target.replace(':', '__')}"
    return f"raw_tracepoint__{probe.target}"


def _fill_resolved(request: Request, held: Attachment) -> None:
    for name, values in request.resolved.maps.items() if request.resolved else ():
        for index, value in enumerate(values):
            update_map(held.maps[name], index.to_bytes(4, "little"), value)


def _attach(request: Request, probe: pb.Probe, held: Attachment) -> Iterator[Held]:
    program = held.programs[program_name(probe)]
    if probe.type == pb.PROBE_TYPE_TRACEPOINT:
        yield probes.attach_tracepoint(program, _target(request, probe))
    elif probe.type == pb.PROBE_TYPE_RAW_TRACEPOINT:
        yield probes.attach_raw_tracepoint(program, probe.target)
    elif probe.type == pb.PROBE_TYPE_PERF_TIMER:
        frequency = int(request.values.get("frequency", DEFAULT_FREQUENCY))
        yield from (probes.attach_timer(program, frequency, cpu) for cpu in probes.online_cpus())
    elif probe.type in (pb.PROBE_TYPE_KPROBE, pb.PROBE_TYPE_KRETPROBE):
        yield probes.attach_kernel_function(program, probe.target, at_return=probe.type == pb.PROBE_TYPE_KRETPROBE)
    else:
        yield from attach_functions(request, probe, held, _target(request, probe))


def _target(request: Request, probe: pb.Probe) -> str:
    return str(request.values[probe.target[1:]]) if probe.target.startswith("$") else probe.target


def _wanted(request: Request, probe: pb.Probe) -> bool:
    if not is_on(probe.when, request.entry.tool, request.values):
        return False
    return not probe.optional or probe.type != pb.PROBE_TYPE_TRACEPOINT or probes.has_tracepoint(probe.target)


def _close_all(descriptors: Sequence[int]) -> None:
    """At once: the kernel waits for all CPUs at each of them, 40 ms and more, and those waits can be shared."""
    if descriptors:
        with ThreadPoolExecutor(min(len(descriptors), CLOSERS)) as pool:
            list(pool.map(os.close, descriptors))


def _memory_bytes() -> int:
    return PAGE * os.sysconf("SC_PHYS_PAGES")

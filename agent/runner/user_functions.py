"""Attaches to functions of programs and libraries: finds them, tells them apart, leaves out what takes no probe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from agent.kernel.first_instruction import emulated
from agent.kernel.functions import Function, FunctionsError, find_functions
from agent.kernel.modules import file_identity
from agent.runner import copies, probes
from agent.runner.compiler import AttachError
from agent.runner.found_targets import TargetError
from agent.runner.mapped import find_mapped, mapped_modules, nothing_mapped
from agent.runner.probes import Held, Places, UntraceableError
from proto.v1 import tool_pb2 as pb

if TYPE_CHECKING:
    from agent.runner.attach import Attachment, Request

ANYWHERE = "c:getppid"


def attach_functions(request: Request, probe: pb.Probe, held: Attachment, target: str) -> Iterator[Held]:
    """To all that ``target`` means. The index of a function is its cookie, the same at entry and return. Raises
    AttachError."""
    if target not in held.places:
        held.places[target] = _find(request, probe, target, held)
        _check_told_apart(held)
    for places in held.places[target]:
        yield from _attach_places(request, probe, places, held)


def _check_told_apart(held: Attachment) -> None:
    if held.copies and len(held.functions) > copies.MAX_FUNCTIONS:
        raise AttachError(
            f"{len(held.functions)} functions match, and before Linux 5.15 at most {copies.MAX_FUNCTIONS} can be told "
            "apart; name fewer"
        )


def _find(request: Request, probe: pb.Probe, target: str, held: Attachment) -> list[Places]:
    """One for each file; what is found is added to ``held``. Raises AttachError."""
    if probe.mapped and not request.trial:
        library, _, name = target.rpartition(":")
        if library not in held.modules:
            held.modules[library] = mapped_modules(library, _pids(request))
        mapped = list(find_mapped(held.modules[library], name, len(held.functions)))
        held.functions += [function for _, function in mapped]
        return [places for places, _ in mapped]
    places: list[Places] = []
    known = set()
    for path, members in _files(ANYWHERE if probe.mapped else target, request):
        identity = file_identity(path)
        if identity not in known:
            known.add(identity)
            for part in _by_first_instruction(path, members, probe):
                offsets, counters = [function.offset for function in part], [function.counter for function in part]
                places.append(Places(path, offsets, len(held.functions), part[0].file, counters))
                held.functions += part
    return places


def _by_first_instruction(path: str, members: list[Function], probe: pb.Probe) -> Iterator[list[Function]]:
    """Functions whose hits have one price together. All USDT probes stand on the same instruction."""
    if probe.type == pb.PROBE_TYPE_USDT:
        yield members
        return
    parts: dict[bool, list[Function]] = {}
    for function, cheap in zip(members, emulated(path, [function.offset for function in members]), strict=True):
        parts.setdefault(cheap, []).append(function)
    yield from parts.values()


def _kind(probe: pb.Probe, places: Places) -> pb.ProbeType:
    """What hits of a probe at these places are priced as."""
    if probe.type == pb.PROBE_TYPE_UPROBE and emulated(places.path, places.offsets[:1]) == [True]:
        return pb.PROBE_TYPE_UPROBE_EMULATED
    return probe.type


def _files(target: str, request: Request) -> Iterator[tuple[str, list[Function]]]:
    """The functions of each file that the run's targets have. Raises AttachError."""
    known = request.resolved.functions if request.resolved else ()
    try:
        found = known or find_functions(target, *_pids(request))
    except FunctionsError as error:
        raise AttachError(str(error)) from error
    yield from ((path, list(inside)) for path, inside in groupby(found, key=lambda function: function.path))


def _pids(request: Request) -> list[int]:
    """Raises AttachError."""
    try:
        return request.targets.pids(request.filters)
    except TargetError as error:
        raise AttachError(str(error)) from error


def check_mapped(request: Request, targets: Sequence[str], held: Attachment) -> None:
    """Of functions that may be absent, one at least must be there. Raises AttachError."""
    if targets and not any(held.places[target] for target in targets):
        raise AttachError(nothing_mapped(targets, _pids(request)))


def _attach_places(request: Request, probe: pb.Probe, places: Places, held: Attachment) -> Iterator[Held]:
    pid = -1 if request.filters.follow else request.filters.pid or -1
    at_return, kind = probe.type == pb.PROBE_TYPE_URETPROBE, _kind(probe, places)
    if probe.program in held.at_once:
        try:
            program = held.program(probe, places.first, kind)
            yield from _at_once(program, places, pid, held, at_return=at_return)
            return
        except AttachError:
            # A kernel before 6.6 loads such a program and refuses only this; one by one it takes the program as well.
            held.at_once.discard(probe.program)
    for index in range(len(places.offsets)):
        try:
            one, part = held.program(probe, places.first + index, kind), places.part(index, index + 1)
            yield from probes.attach_user_functions(one, part, pid, at_return=at_return)
        except UntraceableError:
            held.left_out.add(places.first + index)


def _at_once(program: int, places: Places, pid: int, held: Attachment, *, at_return: bool) -> Iterator[Held]:
    """All of them but those that take no probe: one such refuses all that it is together with."""
    count = len(places.offsets)
    try:
        yield probes.attach_user_functions_at_once(program, places, pid, at_return=at_return)
    except UntraceableError:
        if count == 1:
            held.left_out.add(places.first)
            return
        for part in (places.part(0, count // 2), places.part(count // 2, count)):
            yield from _at_once(program, part, pid, held, at_return=at_return)


def found_text(held: Attachment) -> str:
    """How much a pattern meant here, for people: 7 functions of /usr/lib/libc.so.6. Empty for other tools."""
    kept = [function for index, function in enumerate(held.functions) if index not in held.left_out]
    if not kept:
        return ""
    probed = any(probe.type == pb.PROBE_TYPE_USDT for probe in held.variant.probes)
    what = ("place" if probed else "function") + ("s" if len(kept) > 1 else "")
    files = list({function.path: function.file or function.path for function in kept}.values())
    return f"{len(kept)} {what} of {files[0] if len(files) == 1 else f'{len(files)} files'}"


def told(variant: pb.Variant, held: Attachment) -> pb.Variant:
    """The variant as it is attached: with what it does not see here. Raises AttachError when nothing is left."""
    if not held.left_out:
        return variant
    names = ", ".join(held.functions[index].name for index in sorted(held.left_out))
    why = f"the kernel cannot put a probe on the first instruction of {names}"
    if len(held.left_out) == len(held.functions):
        raise AttachError(f"nothing is left to trace: {why}")
    attached = pb.Variant()
    attached.CopyFrom(variant)
    attached.loses = "; ".join(filter(None, (variant.loses, why)))
    return attached

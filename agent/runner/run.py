"""One run from its configuration to its closed books. Imports bcc."""

from __future__ import annotations

import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from agent.clock import boot_ns, wall_ns
from agent.kernel.hidden import hidden_pids
from agent.runner.attach import AttachError, Attachment, Request, attach, choose_variant
from agent.runner.channel import Channel, WardenGone
from agent.runner.ends import final_end, run_end
from agent.runner.family import Family
from agent.runner.found_targets import TargetError, check_sockets, find_targets
from agent.runner.hiding import Hiding
from agent.runner.ledger import Ledger
from agent.runner.listing import refused
from agent.runner.prepare import PrepareError, load_request
from agent.runner.process import drop_capabilities, forget_compiler, join_group, take_priority, visit_cpus
from agent.runner.resolve import resolve
from agent.runner.signals import Termination
from agent.runner.spool import Spool
from agent.runner.targets import Targets
from agent.runner.user_functions import found_text
from proto import frame
from proto.v1 import stream_pb2
from proto.v1.agent_pb2 import RunUpdate
from proto.v1.local_pb2 import RunnerConfig, RunnerToWarden

if TYPE_CHECKING:
    from agent.runner.live import Live
    from proto.encryption import RunEncryptor

CLOSE_SECONDS = 1.0
SETTLE_SECONDS = 0.002
WATCHES = {"FS_SWITCHES", "FS_WATCH"}
RECORD_SECONDS = 60.0
_CLOCK_TRIES = 5


def run(config: RunnerConfig, channel: Channel) -> None:
    """Returns when the books are closed. Raises SpoolFull when the end cannot be written."""
    termination = Termination()
    join_group(config.spool_gid)
    # Arrow is imported while the compiler works: together they are most of the time to the first row.
    imports = threading.Thread(target=__import__, args=("agent.runner.streams",))
    imports.start()
    try:
        _check_patterns(config)
        encryptor = _encryptor(config)
        hidden = hidden_pids(config.hidden)
        targets = Targets(find_targets(config.envelope.filters, hidden_pids=hidden))
        hiding = Hiding(config.hidden, targets.found) if config.HasField("hidden") else None
        request = _request(config, targets, hiding)
        _tell_targets(config, channel, targets)
        variant = choose_variant(request.entry.tool, config.variant)
        held = attach(
            request, variant, lambda held: _before_probes(config, channel, termination, request, targets, held)
        )
    except (AttachError, PrepareError, TargetError, OSError) as error:
        _refuse(config, channel, error)
        return
    finally:
        imports.join()
    _trace(config, channel, termination, targets, request, held, encryptor)


def _check_patterns(config: RunnerConfig) -> None:
    """Before anything is attached. Raises PrepareError."""
    if config.redaction.patterns:
        from agent.runner.redact import Redactor

        Redactor([], config.redaction)


def _encryptor(config: RunnerConfig) -> RunEncryptor | None:
    """Also before anything is attached. Raises PrepareError."""
    if not config.data_key:
        return None
    from proto.encryption import EncryptionError, RunEncryptor

    try:
        return RunEncryptor(config.run_id, config.envelope.payload_key, config.data_key)
    except EncryptionError as error:
        raise PrepareError(str(error)) from error


def _tell_targets(config: RunnerConfig, channel: Channel, targets: Targets) -> None:
    """Early: the warden puts them on record while the compiler works."""
    if targets.found:
        _tell(channel, RunUpdate(run_id=config.run_id, targets=targets.found.message()))


def _before_probes(
    config: RunnerConfig,
    channel: Channel,
    termination: Termination,
    request: Request,
    targets: Targets,
    held: Attachment,
) -> None:
    """Raises PrepareError or TargetError, and then nothing is attached."""
    filters = config.envelope.filters
    if targets.found and not channel.wait_until_recorded(RECORD_SECONDS, termination.descriptor):
        raise PrepareError("the run was stopped before it began: its targets were not on this host's record yet")
    if filters.follow:
        root = next(found.process for found in targets.found.processes if found.filter == "pid")
        targets.family = Family(root, held.maps)
        targets.family.fill()
    if request.hiding:
        targets.unhidden = partial(request.hiding.over, held.maps)
    if why := targets.over():
        raise TargetError(f"{why} before the run began")


def _request(config: RunnerConfig, targets: Targets, hiding: Hiding | None) -> Request:
    entry, values = load_request(config)
    check_sockets(entry.tool, targets.found)
    request = Request(
        entry,
        values,
        config.envelope.filters,
        headers=config.headers_dir,
        rate=config.limits.events_per_second,
        buffer=config.limits.buffer_bytes,
        map_bytes=config.map_bytes,
        skip_families=list(config.skip_families),
        own_pids=list(config.own_pids),
        targets=targets.found,
        hiding=hiding,
    )
    return resolve(request)


def _trace(
    config: RunnerConfig,
    channel: Channel,
    termination: Termination,
    targets: Targets,
    request: Request,
    held: Attachment,
    encryptor: RunEncryptor | None,
) -> None:
    from agent.runner.batcher import Batcher
    from agent.runner.live import Live
    from agent.runner.redact import Redactor
    from agent.runner.room import room_of
    from agent.runner.streams import open_readers, run_schema

    started = boot_ns()
    schema = run_schema(request, held.variant)
    schema.attached = found_text(held)
    if encryptor is not None:
        schema.encryption.CopyFrom(encryptor.wrapped)
    ledger = Ledger(held.maps["fs_counters"], held.programs.values(), room_of(request, held))
    redactor = Redactor(schema.streams, config.redaction)
    batcher = Batcher(config.run_id, list(schema.streams), config.limits, _spool(config), ledger, redactor, encryptor)
    readers = open_readers(request, held)
    take_priority()
    drop_capabilities()
    forget_compiler()
    deadline = started + config.limits.duration_ms * 1_000_000 if config.limits.duration_ms else 0
    _settle(held)
    live = Live(config.run_id, channel, readers, batcher, termination, targets, deadline)
    try:
        _announce(channel, live.update(RunUpdate.STATE_ATTACHED), schema, held)
        _list(channel, live.update(RunUpdate.STATE_ATTACHED), held)
        end = live.run()
    except WardenGone as error:
        end = run_end(stream_pb2.END_CAUSE_AGENT_STOPPED, f"the agent stopped: {error}")
    _settle(held)
    held.detach()
    _drain(live, ledger)
    end = final_end(end, batcher.reached, config.limits)
    batcher.end(end)
    _tell(channel, live.update(RunUpdate.STATE_ENDED, end))
    held.close()


def _settle(held: Attachment) -> None:
    """Let bpf/include/watch.h know who runs on each CPU: what a CPU hides shows at the next switch it does not hide."""
    if WATCHES & set(held.variant.defines):
        visit_cpus()


def _announce(channel: Channel, update: RunUpdate, schema: stream_pb2.RunSchema, held: Attachment) -> None:
    update.schema.CopyFrom(schema)
    update.boot_ns, update.wall_ns = clock_anchor()
    message = RunnerToWarden(update=update, program_types=[held.program_types[name] for name in held.programs])
    channel.send(message, [held.maps["fs_counters"], *held.programs.values()])


def _list(channel: Channel, update: RunUpdate, held: Attachment) -> None:
    """After the first word: nobody waits for it."""
    if held.loaded is not None:
        update.listing = held.loaded.packed()
        channel.send(RunnerToWarden(update=update))


def clock_anchor() -> tuple[int, int]:
    """The same moment on boot and wall clock: of a few tries the one that was interrupted least."""
    tries = []
    for _ in range(_CLOCK_TRIES):
        before, wall, after = boot_ns(), wall_ns(), boot_ns()
        tries.append((after - before, (before + after) // 2, wall))
    _, boot, wall = min(tries)
    return boot, wall


def _drain(live: Live, ledger: Ledger) -> None:
    """A probe of another CPU may be in its last microseconds: read until nothing is in flight any more."""
    deadline = time.monotonic() + CLOSE_SECONDS
    while True:
        time.sleep(SETTLE_SECONDS)
        while sum(reader.drain() for reader in live.readers):
            live.store(final=False)  # one ring may hold more than was read, from before what another one gave
        live.store(final=True)
        ledger.read_kernel()
        if ledger.balance() == 0 or time.monotonic() > deadline:
            return


def _refuse(config: RunnerConfig, channel: Channel, error: Exception) -> None:
    end = run_end(stream_pb2.END_CAUSE_FAILED, str(error))
    spool = _spool(config)
    head = stream_pb2.BatchHead(run_id=config.run_id, seq=1, ledger=stream_pb2.Ledger(), end=end)
    head.boot_ns, head.wall_ns = clock_anchor()
    spool.append(1, frame.encode(head), always=True)
    spool.close()
    update = RunUpdate(run_id=config.run_id, state=RunUpdate.STATE_ENDED, end=end, spooled_seq=1)
    update.listing = refused(error)
    update.ledger.SetInParent()
    _tell(channel, update)


def _tell(channel: Channel, update: RunUpdate) -> None:
    try:
        channel.send(RunnerToWarden(update=update))
    except WardenGone:
        return  # the books are on the disk; whoever comes next reads them there


def _spool(config: RunnerConfig) -> Spool:
    return Spool(Path(config.spool_dir), config.spool_bytes, config.spool_gid)

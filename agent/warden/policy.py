"""The host's own policy file: what may be traced here, whoever asks. What it does not understand, it refuses."""

from __future__ import annotations

import hashlib
import os
import stat
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.warden.approvals import HOURS_MAX, Approvals, Person, parse_keys
from agent.warden.never_trace import NeverTrace, parse_never_trace
from agent.warden.redaction_policy import RedactionPolicy, parse_redaction
from bpf.calls import LISTED_MAX, check_listed
from bpf.params import BUFFER_MIN
from proto.shortform import enum_choices, enum_short
from proto.signatures import Site
from proto.v1 import tool_pb2 as pb
from proto.v1.tool_pb2 import NameKind, Risk

RISKS = {"S0": Risk.RISK_S0, "S1": Risk.RISK_S1, "S2": Risk.RISK_S2, "S3": Risk.RISK_S3}
# What names of a kind may reveal, by the same classes as tools.
NAMES_RISK: dict[int, str] = {
    NameKind.NAME_KIND_TRACEPOINT: "S0",
    NameKind.NAME_KIND_FIELD: "S0",
    NameKind.NAME_KIND_PROCESS: "S1",
    NameKind.NAME_KIND_COMM: "S1",
    NameKind.NAME_KIND_FUNCTION: "S1",
    NameKind.NAME_KIND_USDT: "S1",
    NameKind.NAME_KIND_PTY: "S1",
    NameKind.NAME_KIND_USER: "S1",
    NameKind.NAME_KIND_CONTAINER: "S1",
    NameKind.NAME_KIND_UNIT: "S1",
    NameKind.NAME_KIND_POD: "S1",
    NameKind.NAME_KIND_LIBRARY: "S2",
}


class PolicyError(ValueError):
    """The policy cannot be used; until it can, every start is refused. The text is ``file: key: why``."""


@dataclass(frozen=True, slots=True)
class HostLimits:
    """The most that one run gets on this host; 0: no limit. ``budget_permille`` is of all CPUs."""

    duration_ms: int = 86_400_000
    rows: int = 0
    bytes: int = 0
    events_per_second: int = 0
    budget_permille: int = 100
    buffer_bytes: int = 256 << 20
    map_bytes: int = 1 << 30
    runs: int = 8
    spool_bytes: int = 1 << 30
    runner_memory_bytes: int = 512 << 20


@dataclass(frozen=True, slots=True)
class Policy:
    remote: bool = True
    risks: frozenset[str] = frozenset({"S0", "S1", "S2"})
    allow: tuple[str, ...] = ("*",)
    deny: tuple[str, ...] = ()
    names_deny: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    limits: HostLimits = field(default_factory=HostLimits)
    approvals: Approvals = field(default_factory=Approvals)
    redaction: RedactionPolicy = field(default_factory=RedactionPolicy)
    never_trace: NeverTrace = field(default_factory=NeverTrace)
    digest: bytes = b""

    def forbids(self, tool: str, risk: int) -> str:
        """Why the tool may not run here; empty: it may."""
        name = next((name for name, number in RISKS.items() if number == risk), "unknown")
        if name not in self.risks:
            return f"this host's policy does not allow risk class {name}; its owner can add it to `risk`"
        if tool in self.deny:
            return f"this host's policy denies {tool}; its owner can take it out of `tools.deny`"
        if "*" not in self.allow and tool not in self.allow:
            return f"this host's policy does not allow {tool}; its owner can add it to `tools.allow`"
        return ""

    def forbids_tool(self, tool: pb.Tool) -> str:
        """The same, as far as the manifest says: also tools that would see whom nobody may trace."""
        return self.forbids(tool.name, tool.risk) or self.never_trace.forbids(tool)

    def forbids_names(self, kind: int) -> str:
        """Why the server may not be told names of this kind; empty: it may."""
        name, risk = enum_short(NameKind.DESCRIPTOR, kind), NAMES_RISK.get(kind, "unknown")
        if risk not in self.risks:
            return f"this host's policy does not allow risk class {risk}; its owner can add it to `risk`"
        if name in self.names_deny or "*" in self.names_deny:
            return f"this host's policy denies names of the kind {name}; its owner can take it out of `names.deny`"
        return ""


def load_policy(path: Path, *, required: bool = True) -> Policy:
    """The policy, or the default one where the file is missing and not required. Raises PolicyError."""
    try:
        data = _read_trusted(path)
    except FileNotFoundError:
        if not required:
            return Policy()
        raise PolicyError(f"{path}: is missing; copy the example policy.toml there, owned by root") from None
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return parse_policy(tomllib.loads(data.decode()), hashlib.sha256(data).digest())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PolicyError(f"{path}: is not TOML: {error}") from error
    except PolicyError as error:
        raise PolicyError(f"{path}: {error}") from error


def parse_policy(document: dict[str, Any], digest: bytes = b"") -> Policy:
    """Raises PolicyError as ``key: why``."""
    _known(
        document,
        "",
        {"remote", "risk", "tools", "names", "numbers", "limits", "approvals", "people", "never_trace", "redaction"},
    )
    tools = _table(document, "tools", {"allow", "deny"})
    default = Policy()
    return Policy(
        remote=_switch(document),
        risks=frozenset(_risks(document)) if "risk" in document else default.risks,
        allow=_names(tools, "tools.allow", default.allow),
        deny=_names(tools, "tools.deny", default.deny),
        names_deny=_name_kinds(_table(document, "names", {"deny"})),
        numbers=_numbers(_table(document, "numbers", {"allow"})),
        limits=_limits(_table(document, "limits", set(_LIMITS))),
        approvals=_approvals(document),
        redaction=_redaction(_table(document, "redaction", {"off", "patterns", "reveal"})),
        never_trace=_never_trace(_table(document, "never_trace", {"uids", "cgroups", "binaries"})),
        digest=digest,
    )


def _redaction(table: dict[str, Any]) -> RedactionPolicy:
    try:
        return parse_redaction(table)
    except ValueError as error:
        raise PolicyError(str(error)) from error


def _read_trusted(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise PolicyError(f"{path}: is not a regular file")
        if status.st_uid != 0:
            raise PolicyError(f"{path}: is owned by uid {status.st_uid}, not by root; run `chown root {path}`")
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            mode = stat.S_IMODE(status.st_mode)
            raise PolicyError(f"{path}: others may write to it (mode {mode:o}); run `chmod go-w {path}`")
        return file.read()


def _known(table: dict[str, Any], prefix: str, keys: set[str]) -> None:
    for key in table:
        if key not in keys:
            raise PolicyError(f"{prefix}{key}: is not known; the keys are {', '.join(sorted(keys))}")


def _table(document: dict[str, Any], name: str, keys: set[str]) -> dict[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise PolicyError(f"{name}: must be a table, written as [{name}]")
    _known(table, f"{name}.", keys)
    return table


def _switch(document: dict[str, Any]) -> bool:
    value = document.get("remote", "on")
    if value not in ("on", "off"):
        raise PolicyError(f'remote: must be "on" or "off", not {value!r}')
    return bool(value == "on")


def _risks(document: dict[str, Any]) -> tuple[str, ...]:
    names = _names({"risk": document["risk"]}, "risk", ())
    for name in names:
        if name not in RISKS:
            raise PolicyError(f"risk: {name!r} is no risk class; they are {', '.join(RISKS)}")
    return names


def _names(table: dict[str, Any], key: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = table.get(key.rpartition(".")[2])
    if value is None:
        return default
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise PolicyError(f"{key}: must be a list of names in quotes")
    return tuple(value)


def _name_kinds(table: dict[str, Any]) -> tuple[str, ...]:
    known = ["*", *enum_choices(NameKind.DESCRIPTOR)]
    for name in (names := _names(table, "names.deny", ())):
        if name not in known:
            raise PolicyError(f"names.deny: {name!r} is no kind of name; they are {', '.join(known)}")
    return names


def _numbers(table: dict[str, Any]) -> tuple[str, ...]:
    listed = _names(table, "numbers.allow", ())
    if len(listed) > LISTED_MAX:
        raise PolicyError(f"numbers.allow: at most {LISTED_MAX} fit; * stands for any letters")
    for one in listed:
        try:
            check_listed(one)
        except ValueError as error:
            raise PolicyError(f"numbers.allow: {error}") from error
    return listed


def _approvals(document: dict[str, Any]) -> Approvals:
    table = _table(document, "approvals", {"needed", "hours", "keep_hours", "rp_id", "origin"})
    default = Approvals()
    hours = _at_least_one("approvals.hours", table.get("hours", default.hours))
    if hours > HOURS_MAX:
        raise PolicyError(f"approvals.hours: must be at most {HOURS_MAX}")
    approvals = Approvals(
        needed=_whole("approvals.needed", table.get("needed", default.needed)),
        hours=hours,
        keep_hours=_at_least_one("approvals.keep_hours", table.get("keep_hours", default.keep_hours)),
        site=Site(_text(table, "approvals.rp_id"), _text(table, "approvals.origin")),
        people=_people(document),
    )
    try:
        approvals.check()
    except ValueError as error:
        raise PolicyError(str(error)) from error
    return approvals


def _people(document: dict[str, Any]) -> dict[str, Person]:
    names = document.get("people", {})
    if not isinstance(names, dict):
        raise PolicyError("people: must be tables, written as [people.NAME]")
    found: dict[str, Person] = {}
    for name, table in names.items():
        if name.casefold() in found:
            raise PolicyError(f"people.{name}: is there twice; case tells no names apart")
        found[name.casefold()] = _person(name, table)
    return found


def _person(name: str, table: Any) -> Person:
    if not isinstance(table, dict):
        raise PolicyError(f"people.{name}: must be a table, written as [people.{name}]")
    _known(table, f"people.{name}.", {"request", "approve", "keys", "break_glass"})
    try:
        keys, glass = (
            parse_keys(f"people.{name}.{key}", _names(table, f"people.{key}", ())) for key in ("keys", "break_glass")
        )
    except ValueError as error:
        raise PolicyError(str(error)) from error
    request, approve = (_yes(f"people.{name}.{key}", table.get(key, True)) for key in ("request", "approve"))
    return Person(name, request, approve, keys, glass)


def _never_trace(table: dict[str, Any]) -> NeverTrace:
    try:
        return parse_never_trace(table)
    except ValueError as error:
        raise PolicyError(str(error)) from error


def _text(table: dict[str, Any], key: str) -> str:
    value = table.get(key.rpartition(".")[2], "")
    if not isinstance(value, str):
        raise PolicyError(f"{key}: must be text in quotes")
    return value


def _yes(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise PolicyError(f"{key}: must be true or false, not {value!r}")
    return value


def _whole(key: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise PolicyError(f"{key}: must be a whole number, 0 or more, not {value!r}")
    return value


def _at_least_one(key: str, value: Any) -> int:
    if _whole(key, value) == 0:
        raise PolicyError(f"{key}: must be at least 1")
    return int(value)


def _percent(key: str, value: Any) -> int:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0.1 <= value <= 100:
        raise PolicyError(f"{key}: must be a number from 0.1 to 100, not {value!r}")
    return round(value * 10)


def _buffer(key: str, value: Any) -> int:
    """The kernel makes rings of powers of two only: the next lower one."""
    size = _whole(key, value)
    if size < BUFFER_MIN:
        raise PolicyError(f"{key}: must be at least {BUFFER_MIN}")
    return int(1 << (size.bit_length() - 1))


_LIMITS: dict[str, tuple[str, Callable[[str, Any], int]]] = {
    "duration_seconds": ("duration_ms", lambda key, value: _whole(key, value) * 1000),
    "rows": ("rows", _whole),
    "bytes": ("bytes", _whole),
    "events_per_second": ("events_per_second", _whole),
    "budget_percent": ("budget_permille", _percent),
    "buffer_bytes": ("buffer_bytes", _buffer),
    "map_bytes": ("map_bytes", _whole),
    "runs": ("runs", _at_least_one),
    "spool_bytes": ("spool_bytes", _at_least_one),
    "runner_memory_bytes": ("runner_memory_bytes", _at_least_one),
}


def _limits(table: dict[str, Any]) -> HostLimits:
    values = {}
    for key, value in table.items():
        name, parse = _LIMITS[key]
        values[name] = parse(f"limits.{key}", value)
    return HostLimits(**values)

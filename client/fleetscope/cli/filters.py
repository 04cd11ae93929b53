"""The common filters of `start`, and how a session's target is shown."""

from collections.abc import Callable
from typing import Any, cast

import click

from fleetscope.cli.completion import complete_name
from fleetscope.models import Filters, ResolvedGroup, ResolvedProcess, Session

_PID = click.IntRange(1)
# Name, type, what it stands for in the help.
_FILTERS: tuple[tuple[str, click.ParamType[Any], str, str], ...] = (
    ("container", click.STRING, "NAME", "this container: name, or the beginning of its id"),
    ("pod", click.STRING, "[NS/]NAME", "the containers of this Kubernetes pod"),
    ("unit", click.STRING, "UNIT", "this systemd unit, like nginx.service"),
    ("pid", _PID, "N", "this process, by its number on the host"),
    ("ppid", _PID, "N", "children of this process"),
    ("tid", _PID, "N", "this thread"),
    ("uid", click.IntRange(0), "N", "this user"),
    ("comm", click.STRING, "NAME", "programs of exactly this name"),
    ("cgroup", click.IntRange(1), "ID", "this cgroup v2 id and what is below it"),
)
# Those whose values are names that a host can be asked for, and of which kind.
_NAMED = {"pid": "process", "ppid": "process", "comm": "comm", "uid": "user"} | {
    name: name for name in ("container", "pod", "unit")
}
_FOLLOW = "With --pid: also its children, theirs and so on."


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, kind, metavar, meaning in reversed(_FILTERS):
        command = _option(f"--not-{name}", name, kind, metavar, f"Not {meaning}.", multiple=True)(command)
    command = click.option("--follow", is_flag=True, help=_FOLLOW)(command)
    for name, kind, metavar, meaning in reversed(_FILTERS):
        command = _option(f"--{name}", name, kind, metavar, f"Only {meaning}.")(command)
    return command


def _option(
    option: str, name: str, kind: click.ParamType[Any], metavar: str, meaning: str, *, multiple: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    offer = complete_name(_NAMED[name]) if name in _NAMED else None
    return click.option(option, type=kind, metavar=metavar, multiple=multiple, help=meaning, shell_complete=offer)


def filters_of(options: dict[str, Any]) -> Filters:
    """What was given on the command line."""
    given = {name: options[name] for name, *_ in _FILTERS if options[name] is not None}
    if options["follow"]:
        given["follow"] = True
    excluded = {name: list(options[f"not_{name}"]) for name, *_ in _FILTERS if options[f"not_{name}"]}
    if excluded:
        given["exclude"] = excluded
    return cast("Filters", given)


def target_text(session: Session) -> str:
    """Whom the session is about: what the hosts found, and the filters that need no finding out."""
    groups = [group for run in session["runs"] for group in run["targets"]["groups"]]
    processes = [process for run in session["runs"] for process in run["targets"]["processes"]]
    found = _found(groups, processes)
    resolved = {group["filter"] for group in groups} | {process["filter"] for process in processes}
    filters = dict(session["filters"])
    excluded = cast("dict[str, list[object]]", filters.pop("exclude", {}))
    plain = [f"{name} {value}" for name, value in filters.items() if name not in resolved and name != "follow"]
    negated = [f"not {name} {value}" for name, values in excluded.items() for value in values]
    following = ["and children"] if filters.get("follow") else []
    return ", ".join([*dict.fromkeys(found), *following, *plain, *negated]) or "whole host"


def _found(groups: list[ResolvedGroup], processes: list[ResolvedProcess]) -> list[str]:
    texts = [_group_text(group) for group in groups if not group["excluded"]]
    for process in processes:
        number = process["tid"] or process["pid"]
        if not process["excluded"]:
            texts.append(f"{process['filter']} {number} {process['comm']}")
    return [text for text in texts if text]


def _group_text(group: ResolvedGroup) -> str:
    if not group["container"]:
        return (
            ""
            if group["filter"] == "pod"
            else f"{group['filter']} {group['path'].rpartition('/')[2] or group['cgroup']}"
        )
    name = "/".join(part for part in (group["namespace"], group["pod"], group["name"]) if part)
    return f"container {name} {group['container'][:12]}" if name else f"container {group['container'][:12]}"

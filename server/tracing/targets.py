"""From what a person wrote to the exact hosts, and whether each of them can do it now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import QuerySet

from bpf.catalog import CatalogTool
from server.errors import Conflict, Invalid
from server.fleet.models import Host, HostVerdict
from server.fleet.switch import fleet_switch

_LISTED = 10


def resolve(names: list[str], labels: Mapping[str, str], among: QuerySet[Host]) -> list[Host]:
    """Named hosts and those with all the labels; the only host when nothing was asked. Raises Invalid or Conflict.

    ``among``: those of which the person may know; others do not exist for them.
    """
    joined = list(among.filter(revoked_at=None))
    if not joined and Host.objects.filter(revoked_at=None).exists():
        raise Conflict("there are hosts, but none that your grants select; an admin can grant them", field="hosts")
    if not joined:
        raise Conflict("no host has joined yet; run `fleetscope hosts token` and start the command it prints on a host")
    if not names and not labels:
        return [_only(joined)]
    by_name = {key: host for host in joined for key in (str(host.id), host.name)}
    found = {host.id: host for host in (_named(name, by_name) for name in names)}
    if labels:
        found.update({host.id: host for host in _labelled(labels, joined)})
    return sorted(found.values(), key=lambda host: host.name)


def check_ready(hosts: list[Host], tool: CatalogTool) -> None:
    """Raises Conflict naming every host that cannot run the tool now, and why: then nothing starts anywhere."""
    off = fleet_switch()
    if off.off:
        raise Conflict(
            f"tracing is switched off for the whole fleet by {off.changed_by}: {off.reason or 'no reason given'}"
        )
    verdicts = {row.host_id: row for row in HostVerdict.objects.filter(host__in=hosts, tool=tool.tool.name)}
    problems = [problem for host in hosts if (problem := _problem(host, verdicts.get(host.id), tool))]
    if problems:
        raise Conflict("; ".join(problems), field="hosts")


def _only(joined: list[Host]) -> Host:
    if len(joined) > 1:
        raise Invalid(f"say which host: {_list(host.name for host in joined)}", field="hosts")
    return joined[0]


def _named(name: str, by_name: Mapping[str, Host]) -> Host:
    """A name wins over an id that looks the same."""
    host = by_name.get(name) or by_name.get(name.lower())
    if host is None:
        names = sorted({host.name for host in by_name.values()})
        raise Invalid(f"there is no host {name[:253]!r} that you may see; there are {_list(names)}", field="hosts")
    return host


def _labelled(labels: Mapping[str, str], joined: list[Host]) -> list[Host]:
    found = [host for host in joined if labels.items() <= host.all_labels.items()]
    if not found:
        wanted = ", ".join(f"{key}={value}" for key, value in labels.items())
        raise Invalid(f"no host has the labels {wanted}; `fleetscope hosts` lists them", field="labels")
    return found


def _problem(host: Host, verdict: HostVerdict | None, tool: CatalogTool) -> str:
    if host.state == "offline":
        seen = f"last seen {host.last_seen:%Y-%m-%d %H:%M:%S} UTC" if host.last_seen else "never seen"
        return f"{host.name} is offline ({seen}); start its agent or leave it out"
    if host.switched_off:
        return (
            f"{host.name} is switched off: {host.switch_reason or 'no reason given'}; an admin can switch it on again"
        )
    if host.remote_off:
        return (
            f"{host.name} itself allows no tracing now: switched off there, or by its own policy or a mistake in it; "
            f"`fleetscope-agent status` on it says which"
        )
    return _verdict_problem(host, verdict, tool)


def _verdict_problem(host: Host, verdict: HostVerdict | None, tool: CatalogTool) -> str:
    name = tool.tool.name
    if verdict is None:
        return f"{host.name} has no {name}; upgrade its agent" if host.verdicts.exists() else ""
    if verdict.digest != tool.digest.hex():
        return f"{host.name} has another version of {name}; upgrade its agent or the server"
    if verdict.state == "refused":
        return f"{host.name} cannot run {name}: {verdict.reason}"
    if verdict.state == "forbidden":
        return f"{host.name} does not allow {name}: {verdict.reason}"
    return ""


def _list(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return ", ".join(listed[:_LISTED]) + more

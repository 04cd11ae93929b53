"""Containers, pods and units of systemd, by the names that a start takes."""

from __future__ import annotations

from agent.kernel.hidden import within
from agent.kernel.workloads import Workloads
from agent.names.found import Found, best
from proto.v1.agent_pb2 import Ask, Name


def containers(ask: Ask) -> Found:
    """The text of the column ``container``, with its runtime."""
    known = [place.container for place in _shown(ask).containers if place.container]
    known.sort(key=lambda container: container.text)
    found = best(known, ask.text, lambda container: (container.text, container.id))
    names = [
        Name(value=container.text, detail=" ".join(filter(None, (container.runtime, container.id[:12]))))
        for container in found[: ask.limit]
    ]
    return Found(names, len(found))


def pods(ask: Ask) -> Found:
    return _plain(ask, _shown(ask).pods)


def units(ask: Ask) -> Found:
    return _plain(ask, _shown(ask).unit_names)


def _shown(ask: Ask) -> Workloads:
    """Without the control groups of which this host tells nothing."""
    return Workloads(left_out=lambda group: within(group, ask.hidden))


def _plain(ask: Ask, known: list[str]) -> Found:
    found = best(known, ask.text, lambda name: (name,))
    return Found([Name(value=name) for name in found[: ask.limit]], len(found))

"""USDT probes of ``LIB:provider:probe``, found exactly as a run finds them."""

from __future__ import annotations

from collections.abc import Sequence

from agent.capabilities import hold
from agent.kernel.modules import Module
from agent.kernel.usdt import Site, UsdtError, matching, sites_of
from agent.names.found import Found, NotAnswered, best
from agent.names.functions import NOTHING, modules_of
from agent.names.libraries import libraries
from proto.v1.agent_pb2 import Ask, Name


def usdt_probes(ask: Ask) -> Found:
    """Before the colon libraries are offered. ``meant`` is the number of probes that a run would attach to."""
    library, colon, text = ask.text.partition(":")
    if not colon:
        found = libraries(ask)
        return Found([Name(value=f"{name.value}:", detail=name.detail) for name in found.names], found.total)
    sites = _sites(modules_of(library, ask.pid))
    hold(())  # from here on only what was read is looked at
    if not sites:
        raise NotAnswered(f"{library} has no USDT probes; programs have them only when they were built with them")
    known = {probe: _detail([site for site in sites if site.probe == probe]) for probe in _probes(sites)}
    meant = _probes(matching(sites, text))
    fitting = meant if "*" in text else best(known, text, lambda probe: (probe, probe.partition(":")[2]))
    names = [Name(value=f"{library}:{probe}", label=probe, detail=known[probe]) for probe in fitting[: ask.limit]]
    return Found(names, len(fitting), len(meant))


def _sites(modules: Sequence[Module]) -> list[Site]:
    """Raises NotAnswered when none of them can be read."""
    found: list[Site] = []
    unread = 0
    for module in modules:
        try:
            found += sites_of(module)
        except UsdtError:
            unread += 1
    if unread == len(modules):
        raise NotAnswered(NOTHING)
    return found


def _probes(sites: list[Site]) -> list[str]:
    return sorted({site.probe for site in sites})


def _detail(sites: list[Site]) -> str:
    arguments = max(len(site.arguments) for site in sites)
    told = f"{arguments} argument{'' if arguments == 1 else 's'}"
    return told if len(sites) == 1 else f"{told}, in {len(sites)} places"

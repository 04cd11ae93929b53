"""Tools as the API shows them: the manifest in its short form, and the verdict of every host."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.http import HttpRequest
from ninja import Router

from bpf.catalog import CatalogTool
from bpf.manifest import manifest_json
from server.accounts.auth import person
from server.accounts.models import User
from server.accounts.policy import Action, require
from server.catalog.tools import catalogue, find
from server.fleet.models import HostVerdict
from server.fleet.rights import hosts_for

router = Router(tags=["tools"])


@router.get("", response=list[dict[str, Any]])
def list_tools(request: HttpRequest) -> list[dict[str, Any]]:
    actor = person(request)
    require(actor, Action.TOOL_VIEW)
    verdicts = _verdicts(actor)
    return [_tool(tool, verdicts[name]) for name, tool in catalogue().items()]


@router.get("/{name}", response=dict[str, Any])
def get_tool(request: HttpRequest, name: str) -> dict[str, Any]:
    """With the BPF program and the tool's page."""
    actor = person(request)
    require(actor, Action.TOOL_VIEW)
    tool = find(name)
    readme = tool.folder / "README.md"
    text = readme.read_text("utf-8") if readme.exists() else ""
    return {**_tool(tool, _verdicts(actor, name)[name]), "source": tool.source, "readme": text}


def _tool(tool: CatalogTool, verdicts: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {**manifest_json(tool.tool), "digest": tool.digest.hex(), "verdicts": verdicts}


def _verdicts(actor: User, name: str | None = None) -> defaultdict[str, dict[str, dict[str, str]]]:
    found: defaultdict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    rows = HostVerdict.objects.filter(host__in=hosts_for(actor).filter(revoked_at=None)).select_related("host")
    for row in rows.filter(tool=name) if name else rows:
        found[row.tool][row.host.name] = {"state": row.state, "variant": row.variant, "reason": row.reason}
    return found

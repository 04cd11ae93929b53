"""The tools of this host's agent."""

from __future__ import annotations

import logging
from pathlib import Path

from bpf.catalog import ROOT, CatalogTool, load_tool, tool_folders
from bpf.manifest import ManifestError

log = logging.getLogger(__name__)


def usable_tools(root: Path = ROOT) -> dict[str, CatalogTool]:
    """All tools by name; one that is broken is left out aloud and does not take the others along."""
    found = {}
    for folder in tool_folders(root):
        try:
            found[folder.name] = load_tool(folder)
        except ManifestError as error:
            log.error("%s; the tool is left out", error)
    return found

"""The catalogue, read once a process."""

from __future__ import annotations

import difflib
from functools import cache

from bpf.catalog import CatalogTool, load_catalog
from server.errors import NotFound


@cache
def catalogue() -> dict[str, CatalogTool]:
    """All tools by name. Raises ManifestError."""
    return load_catalog()


def find(name: str) -> CatalogTool:
    """Raises NotFound with the nearest name."""
    tools = catalogue()
    if name in tools:
        return tools[name]
    close = difflib.get_close_matches(name, tools, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(tools) or 'none'}"
    raise NotFound(f"there is no tool {name[:64]!r}; {hint}", field="tool")

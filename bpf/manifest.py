"""Reads ``tool.toml``, the single source of truth of a tool, strictly: an unknown key, a wrong enum value or a missing
help text is an error that names the file, the key and the reason.

Needs only the standard library and protobuf, so that the small root process of the agent can use it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bpf.containers import with_containers
from bpf.params import ParamError, parse_filters, parse_limits, parse_params
from bpf.rules import broken_rules
from proto.shortform import ShortFormError, fill, to_dict
from proto.v1.tool_pb2 import Tool

__all__ = [
    "ManifestError",
    "ParamError",
    "load_manifest",
    "manifest_json",
    "parse_filters",
    "parse_limits",
    "parse_manifest",
    "parse_params",
]


class ManifestError(ValueError):
    """The manifest cannot be used. The text is ``file: key: why``."""


def load_manifest(path: Path) -> Tool:
    """Raises ManifestError."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ManifestError(f"{path}: cannot be read as TOML: {error}") from error
    return parse_manifest(data, path)


def parse_manifest(data: Mapping[str, Any], path: Path) -> Tool:
    """With the columns that every tool has. Raises ManifestError."""
    tool = Tool()
    try:
        fill(tool, _flat(data))
    except ShortFormError as error:
        raise ManifestError(f"{path}: {error}") from error
    for problem in broken_rules(tool, path.parent.name):
        raise ManifestError(f"{path}: {problem}")
    return with_containers(tool)


def manifest_json(tool: Tool) -> dict[str, Any]:
    """The manifest as the API shows it: snake_case names, short enums, every field present, integers as numbers."""
    return to_dict(tool)


def _flat(data: Mapping[str, Any]) -> dict[str, Any]:
    head = data.get("tool")
    if not isinstance(head, dict):
        raise ShortFormError("tool: the table [tool] is missing")
    rest = {key: value for key, value in data.items() if key != "tool"}
    twice = sorted(head.keys() & rest.keys())
    if twice:
        raise ShortFormError(f"tool.{twice[0]}: also given as a table of its own; keep one")
    return {**head, **rest}

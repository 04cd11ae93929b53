"""``fleetscope-agent status``: the warden's answer for people and for programs."""

from __future__ import annotations

import json
from typing import Any

from agent.config import AgentPaths
from agent.warden.status import ask

_COLUMNS = ("user", "tool", "state", "since", "seen", "stored", "lost", "cpu", "session", "approved", "reason")


def status(paths: AgentPaths, output: str) -> str:
    """Raises OSError when no warden answers."""
    answer = ask(paths.status_socket)
    return json.dumps(answer, indent=2) + "\n" if output == "json" else table(answer)


def table(answer: dict[str, Any]) -> str:
    server = answer["server"]
    lines = [f"server: {'connected' if server['connected'] else 'not connected, ' + _plain(server['message'])}"]
    if answer["off"]:
        lines.append(_plain(answer["off"]))
    if not answer["runs"]:
        lines.append("nobody is tracing here now")
    else:
        lines.extend(_aligned([list(_COLUMNS), *(_row(run) for run in answer["runs"])]))
    return "\n".join(lines) + "\n"


def _row(run: dict[str, Any]) -> list[str]:
    return [_plain(str(value)) for value in ({**run, "cpu": f"{run['host_percent']:.1f}%"}[name] for name in _COLUMNS)]


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _plain(text: str) -> str:
    """What others typed may not move the cursor of this terminal."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)

"""Which package may import which: one allowlist, read from the import statements themselves."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, product_modules

OURS = {"agent", "bpf", "proto", "server", "fleetscope"}

# proto <- bpf <- {agent, server}; agent and server never meet; the client talks to the public API alone.
ALLOWED = {
    "proto": {"proto"},
    "bpf": {"bpf", "proto"},
    "agent": {"agent", "bpf", "proto"},
    "server": {"server", "bpf", "proto"},
    "client": {"fleetscope"},
}

# Inside the server: who may know whom (besides itself, settings, env, keys and the wiring in asgi, urls and __main__).
SERVER_ALLOWED = {
    "accounts": {"audit"},
    "audit": set(),
    "catalog": {"accounts", "audit", "fleet"},
    "fleet": {"accounts", "audit", "catalog"},
    "webhooks": {"accounts", "audit"},
    "consent": {"accounts", "audit", "fleet", "webhooks"},
    "tracing": {"accounts", "audit", "catalog", "consent", "fleet"},
    "templates": {"accounts", "audit", "fleet", "tracing"},
    "live": {"accounts", "audit", "tracing"},
    "ingest": {"audit", "catalog", "consent", "fleet", "tracing", "live"},
}

# What must never be loaded where a small or an unprivileged process lives.
HEAVY = {"numpy", "pyarrow", "bcc"}
LIGHT_FOLDERS = ("agent/link", "agent/warden")


def imports_of(path: Path) -> set[str]:
    """Dotted names that a module imports, wherever the statement stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("path", product_modules(), ids=str)
def test_a_module_imports_only_what_its_package_may_know(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports_of(path)}
    assert roots & OURS <= ALLOWED[path.parts[0]], f"{path} imports {roots & OURS}"
    assert "tests" not in roots, f"{path} imports from the tests"


@pytest.mark.parametrize("path", [p for p in product_modules() if len(p.parts) > 2 and p.parts[0] == "server"], ids=str)
def test_a_server_app_imports_only_the_apps_below_it(path: Path) -> None:
    app = path.parts[1]
    names = {name.split(".")[1] for name in imports_of(path) if name.startswith("server.")}
    others = (names & set(SERVER_ALLOWED)) - {app}
    assert others <= SERVER_ALLOWED[app], f"{path} imports {others - SERVER_ALLOWED[app]}"


@pytest.mark.parametrize("path", [p for p in product_modules() if str(p).startswith(LIGHT_FOLDERS)], ids=str)
def test_link_and_warden_stay_light(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports_of(path)} & HEAVY


def test_the_allowlists_name_every_app_and_package() -> None:
    apps = {path.parts[1] for path in product_modules() if path.parts[0] == "server" and len(path.parts) > 2}
    assert apps <= set(SERVER_ALLOWED)
    assert {path.parts[0] for path in product_modules()} <= set(ALLOWED)

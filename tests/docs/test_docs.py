"""What the documentation says about files, commands and settings is so."""

import re
import tomllib
from pathlib import Path

import pytest

from agent.warden.policy import parse_policy
from bpf.catalog import load_catalog
from fleetscope.cli import fleetscope
from tests.e2e.stack import ROOT

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
TEXTS = {str(page.relative_to(ROOT)): page.read_text() for page in PAGES}


@pytest.mark.parametrize("name", TEXTS)
def test_links_lead_somewhere(name: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", TEXTS[name])
    missing = [t for t in targets if not t.startswith("http") and not (ROOT / name).parent.joinpath(t).exists()]
    assert not missing


def test_every_page_is_reached_from_the_index() -> None:
    seen: set[Path] = set()
    queue = [ROOT / "docs/README.md"]
    while queue:
        page = queue.pop()
        if page in seen or not page.is_file() or page.suffix != ".md":
            continue
        seen.add(page)
        links = re.findall(r"\]\(([^)#]+)", page.read_text())
        queue += [(page.parent / link).resolve() for link in links if not link.startswith("http")]
    assert {page for page in PAGES if page.parent != ROOT} <= seen


@pytest.mark.parametrize("name", TEXTS)
def test_commands_that_are_shown_exist(name: str) -> None:
    shown = re.findall(r"^\$ \S*\bfleetscope ([a-z]+)", TEXTS[name], re.MULTILINE)
    assert set(shown) <= set(fleetscope.commands)


def test_tools_that_the_first_screen_names_are_in_the_catalogue() -> None:
    table = TEXTS["README.md"].partition("| about | tools |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`([a-z]+)`", table))
    assert named and named <= set(load_catalog())


def test_make_targets_that_are_named_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for text in TEXTS.values() for target in re.findall(r"`?make ([a-z-]+)\b`", text)}
    assert named and named <= targets


def test_the_policies_that_are_shown_and_shipped_are_valid() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", TEXTS["docs/how-to/host-policy.md"], re.DOTALL)
    for text in (example, (ROOT / "packaging/policy.toml").read_text()):
        assert parse_policy(tomllib.loads(text)).limits.budget_permille == 100


def test_variables_of_the_environment_are_the_ones_the_server_reads() -> None:
    named = set(re.findall(r"^\| `([A-Z_]+)`", TEXTS["docs/how-to/team.md"], re.MULTILINE))
    read = set(re.findall(r'"([A-Z][A-Z_]+)"', (ROOT / "server/env.py").read_text()))
    assert named == read & named
    assert {name for name in read if name.startswith("FLEETSCOPE_")} <= named

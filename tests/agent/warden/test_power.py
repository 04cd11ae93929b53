from __future__ import annotations

from pathlib import Path

import pytest

from agent.config import AgentPaths
from agent.warden.power import Power, Switch, switch_off, switch_on


@pytest.fixture
def paths(tmp_path: Path) -> AgentPaths:
    (tmp_path / "policy.toml").write_text("")
    (tmp_path / "policy.toml").chmod(0o644)
    return AgentPaths(tmp_path, tmp_path / "policy.toml")


def _write(paths: AgentPaths, text: str) -> None:
    draft = paths.policy.with_name("draft")
    draft.write_text(text)
    draft.chmod(0o644)
    draft.replace(paths.policy)


def test_a_changed_policy_counts_at_the_next_look(paths: AgentPaths) -> None:
    power = Power(paths)
    assert (power.off, power.off_reason) == (False, "")
    _write(paths, 'remote = "off"')
    power.refresh()
    assert 'remote = "off"' in power.off_reason
    assert power.off


def test_a_broken_policy_refuses_starts_but_ends_no_run(paths: AgentPaths) -> None:
    power = Power(paths)
    _write(paths, "remote = maybe")
    power.refresh()
    assert not power.off
    assert "this host's policy cannot be used" in power.off_reason
    _write(paths, "")
    power.refresh()
    assert power.off_reason == ""


def test_the_switch_names_who_and_why_and_survives_restarts(paths: AgentPaths) -> None:
    switch_off(paths.switch, Switch("ada", "maintenance", 7))
    power = Power(paths)
    assert power.off
    assert "by ada: maintenance" in power.off_reason
    assert switch_on(paths.switch)
    assert not switch_on(paths.switch)
    power.refresh()
    assert not power.off


def test_a_switch_that_cannot_be_read_is_off(paths: AgentPaths) -> None:
    paths.switch.write_text("{")
    assert Power(paths).off

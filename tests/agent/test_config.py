from __future__ import annotations

from pathlib import Path

from agent.config import AgentPaths


def test_everything_but_the_policy_lies_in_the_state_folder() -> None:
    paths = AgentPaths(Path("/state"), Path("/etc/policy.toml"))
    inside = [
        paths.identity, paths.runs, paths.audit, paths.cache,
        paths.seen_ids, paths.switch, paths.status_socket, paths.lock,
    ]  # fmt: skip
    assert all(path.parent == Path("/state") for path in inside)
    assert len(set(inside)) == len(inside)
    assert paths.policy == Path("/etc/policy.toml")

"""What is known of each tool on this host: the kernel's verdict from preflight, under the policy's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agent.warden.policy import Policy
from bpf.catalog import CatalogTool
from proto.v1.agent_pb2 import Verdict


class Verdicts:
    """``tell`` hears of every change."""

    def __init__(self, catalog: Mapping[str, CatalogTool], policy: Policy, tell: Callable[[Verdict], None]) -> None:
        self._catalog, self._policy, self._tell = catalog, policy, tell
        self._kernel: dict[str, Verdict] = {}
        self._told: dict[str, bytes] = {}

    def add(self, verdict: Verdict) -> None:
        """From preflight. One of another catalogue than ours says nothing."""
        known = self._catalog.get(verdict.tool)
        if known is not None and known.digest == verdict.tool_digest:
            self._kernel[verdict.tool] = verdict
            self._publish(verdict.tool)

    def untried(self, why: str) -> None:
        """The check ended early: the tools it did not come to are not known to work."""
        for name, known in self._catalog.items():
            if name not in self._kernel:
                self.add(Verdict(tool=name, tool_digest=known.digest, state=Verdict.STATE_REFUSED, reason=why))

    def use_policy(self, policy: Policy) -> None:
        self._policy = policy
        for tool in self._catalog:
            self._publish(tool)

    def all(self) -> list[Verdict]:
        return [self.of(tool) for tool in self._catalog]

    def of(self, tool: str) -> Verdict:
        known = self._catalog[tool]
        if reason := self._policy.forbids_tool(known.tool):
            return Verdict(tool=tool, tool_digest=known.digest, state=Verdict.STATE_FORBIDDEN, reason=reason)
        checking = Verdict(tool=tool, tool_digest=known.digest, state=Verdict.STATE_CHECKING)
        return self._kernel.get(tool, checking)

    def variant(self, tool: str) -> str:
        """Which way to attach preflight found; empty: not known yet, the runner tries them in order."""
        verdict = self._kernel.get(tool)
        return verdict.variant if verdict is not None else ""

    def _publish(self, tool: str) -> None:
        verdict = self.of(tool)
        data = verdict.SerializeToString(deterministic=True)
        if self._told.get(tool) != data:
            self._told[tool] = data
            self._tell(verdict)

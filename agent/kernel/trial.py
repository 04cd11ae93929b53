"""Loads and attaches a tool for a moment, aimed at a child of its own. Imports bcc."""

from __future__ import annotations

import subprocess
from types import TracebackType

from agent.runner.attach import AttachError, Request, attach
from agent.runner.resolve import resolve
from bpf.catalog import CatalogTool
from bpf.manifest import parse_params
from proto.v1 import tool_pb2 as pb
from proto.v1.agent_pb2 import Filters, Verdict

# What a parameter that has no default is given: something that every process has.
SAMPLES = {
    pb.PARAM_TYPE_FUNCTION: "c:getppid",
    pb.PARAM_TYPE_PATH: "/bin/sh",
    pb.PARAM_TYPE_TERMINAL: "tty1",
    pb.PARAM_TYPE_INT: "1",
    pb.PARAM_TYPE_DURATION: "1s",
    pb.PARAM_TYPE_TRACEPOINT: "sched:sched_process_exit",
    pb.PARAM_TYPE_USDT: "c:any:probe",
}


class Trial:
    """Keeps one child for all tools: it lives until this ends, and ends when this dies."""

    def __init__(self, headers: str) -> None:
        self._headers = headers

    def __enter__(self) -> Trial:
        self._child = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._child.stdin and self._child.stdout
        # Its answer shows that it is cat already, with its libraries, and no copy of this process.
        self._child.stdin.write(b"\n")
        self._child.stdin.flush()
        self._child.stdout.readline()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.communicate()

    def of(self, entry: CatalogTool) -> Verdict:
        """The first variant that attaches, or why none does."""
        verdict = Verdict(tool=entry.tool.name, tool_digest=entry.digest)
        refusals = {}
        for variant in entry.tool.variants:
            refusal = self._refusal(entry, variant)
            if refusal is None:
                verdict.state = Verdict.STATE_WORKS_WITH_LOSS if variant.loses else Verdict.STATE_WORKS
                verdict.variant, verdict.reason = variant.name, variant.loses
                return verdict
            refusals[variant.name] = refusal
        verdict.state = Verdict.STATE_REFUSED
        verdict.reason = _joined(refusals)
        return verdict

    def _refusal(self, entry: CatalogTool, variant: pb.Variant) -> str | None:
        filters = Filters(pid=self._child.pid) if pb.FILTER_PID in entry.tool.filters else Filters()
        values = parse_params(entry.tool, _params(entry.tool, variant))
        request = Request(entry, values, filters, self._headers, trial=True)
        try:
            attach(resolve(request), variant).close()
        except AttachError as error:
            return str(error)
        return None


def _params(tool: pb.Tool, variant: pb.Variant) -> dict[str, str]:
    """Values with which every probe of the variant is attached."""
    values = {param.name: SAMPLES[param.type] for param in tool.params if param.required}
    for probe in variant.probes:
        name, _, choice = probe.when.partition("|")[0].partition("=")
        if name:
            values[name] = choice or _switched_on(tool, name)
    return values


def _switched_on(tool: pb.Tool, name: str) -> str:
    choices = next(param.choices for param in tool.params if param.name == name)
    return str(choices[1]) if choices else "true"


def _joined(refusals: dict[str, str]) -> str:
    if len(refusals) == 1:
        return next(iter(refusals.values()))
    return "; ".join(f"{name}: {why}" for name, why in refusals.items())

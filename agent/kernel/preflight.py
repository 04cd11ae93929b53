"""May each tool run on this host? Decided by loading and attaching it: what a kernel claims to support is no proof.

``python -m agent.kernel.preflight --cache DIR --headers DIR`` prints a verdict a line, as JSON, as soon as it is known.
It runs as a process of its own: a crash of the compiler costs a verdict and no tracing, and its memory goes with it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from agent.files import write_atomic
from agent.kernel.facts import preemption
from agent.kernel.headers import kernel_build_id
from agent.kernel.libbcc import library_path
from bpf.catalog import CatalogTool, load_catalog
from proto.v1.agent_pb2 import Verdict

NICENESS = 19
_LASTING = (Verdict.STATE_WORKS, Verdict.STATE_WORKS_WITH_LOSS)


def verdicts(catalog: Mapping[str, CatalogTool], headers: str, cache: Path) -> Iterator[Verdict]:
    """One for each tool. ``headers``: the folder made from BTF, empty without; ``cache``: a folder that lasts.

    What worked once on this build of the kernel is not tried again; a refusal is, because its cause may have gone.
    """
    memory = _Memory(cache / "verdicts.json")
    known = {entry.digest: memory.find(entry) for entry in catalog.values()}
    yield from (verdict for verdict in known.values() if verdict)
    untried = [entry for entry in catalog.values() if not known[entry.digest]]
    if not untried:
        return
    from agent.kernel.trial import Trial  # loads the compiler: 100 MB that a warm cache saves

    with Trial(headers) as trial:
        for entry in untried:
            verdict = trial.of(entry)
            memory.keep(verdict)
            yield verdict


class _Memory:
    """The verdicts that last, for this build of the kernel, the way it was booted, and this build of BCC."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._host = f"{kernel_build_id()} {library_path().resolve().name} {preemption()}"
        self._verdicts = self._read()

    def find(self, entry: CatalogTool) -> Verdict | None:
        verdict = self._verdicts.get(entry.tool.name)
        return verdict if verdict and verdict.tool_digest == entry.digest else None

    def keep(self, verdict: Verdict) -> None:
        self._verdicts.pop(verdict.tool, None)
        if verdict.state in _LASTING:
            self._verdicts[verdict.tool] = verdict
        items = [MessageToDict(item) for item in self._verdicts.values()]
        write_atomic(self._path, json.dumps({"host": self._host, "verdicts": items}).encode())

    def _read(self) -> dict[str, Verdict]:
        try:
            document = json.loads(self._path.read_bytes())
            found = [ParseDict(item, Verdict()) for item in document["verdicts"]]
        except (OSError, ValueError, KeyError, TypeError, ParseError):
            return {}  # none yet, or not ours: trying again is always right
        return {verdict.tool: verdict for verdict in found} if document["host"] == self._host else {}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="agent.kernel.preflight")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--headers", default="")
    options = parser.parse_args(arguments)
    os.nice(NICENESS)
    options.cache.mkdir(parents=True, exist_ok=True)
    for verdict in verdicts(load_catalog(), options.headers, options.cache):
        sys.stdout.write(json.dumps(MessageToDict(verdict, preserving_proto_field_name=True)) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

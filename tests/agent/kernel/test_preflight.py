"""Verdicts are what this kernel really does with a tool, and last until kernel, tool or library change."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agent.kernel.preflight import verdicts
from bpf.catalog import ROOT, CatalogTool, load_catalog
from proto.v1.agent_pb2 import Verdict

pytestmark = pytest.mark.kernel

KPROBE_VARIANT = """
[[variant]]
name = "kernel"
defines = ["FS_CALLS", "FS_FILES", "FS_FOLDER"]

[[variant.probe]]
type = "kprobe"
target = "no_such_kernel_function"
program = "on_open"
"""
KPROBE_PROGRAM = "\nint on_open(struct pt_regs *ctx) { return 0; }\n"


def tool_folder(root: Path, name: str) -> Path:
    """A copy of a tool in a catalogue of its own."""
    shutil.copytree(ROOT / "include", root / "include", dirs_exist_ok=True)
    shutil.copytree(ROOT / name, root / name)
    return root / name


def replace_variants(folder: Path, text: str) -> None:
    path = folder / "tool.toml"
    manifest = path.read_text()
    start, end = manifest.index("[[variant]]"), manifest.index("[[stream]]")
    path.write_text(manifest[:start] + text + "\n" + manifest[end:])


def judge(root: Path, headers: str, cache: Path) -> dict[str, Verdict]:
    return {verdict.tool: verdict for verdict in verdicts(load_catalog(root), headers, cache)}


def test_the_command_prints_a_verdict_for_every_tool(headers: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "agent.kernel.preflight", "--cache", str(tmp_path), "--headers", headers]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["tool"] for line in lines} == set(load_catalog())
    assert {line["state"] for line in lines} == {"STATE_WORKS"}, lines


def test_a_tool_that_the_kernel_refuses_is_refused_with_the_reason(headers: str, tmp_path: Path) -> None:
    folder = tool_folder(tmp_path, "opensnoop")
    replace_variants(folder, KPROBE_VARIANT)
    source = folder / "probe.bpf.c"
    source.write_text(source.read_text() + KPROBE_PROGRAM)
    verdict = judge(tmp_path, headers, tmp_path)["opensnoop"]
    assert verdict.state == Verdict.STATE_REFUSED
    assert verdict.reason.startswith("cannot attach to kernel function no_such_kernel_function: ")
    assert "\n" not in verdict.reason


def test_the_next_variant_is_taken_and_its_loss_told(headers: str, tmp_path: Path) -> None:
    folder = tool_folder(tmp_path, "opensnoop")
    manifest = (folder / "tool.toml").read_text()
    usable = manifest[manifest.index("[[variant]]") : manifest.index("[[stream]]")]
    lossy = usable.replace('name = "syscalls"', 'name = "syscalls"\nloses = "files opened by io_uring"', 1)
    replace_variants(folder, KPROBE_VARIANT + lossy)
    source = folder / "probe.bpf.c"
    source.write_text(source.read_text() + KPROBE_PROGRAM)
    verdict = judge(tmp_path, headers, tmp_path)["opensnoop"]
    assert (verdict.state, verdict.variant) == (Verdict.STATE_WORKS_WITH_LOSS, "syscalls")
    assert verdict.reason == "files opened by io_uring"


def test_an_error_in_the_program_is_named_with_its_place(headers: str, tmp_path: Path) -> None:
    source = tool_folder(tmp_path, "syscount") / "probe.bpf.c"
    source.write_text(source.read_text() + "\nint broken(void) { return nothing_here; }\n")
    verdict = judge(tmp_path, headers, tmp_path)["syscount"]
    assert verdict.state == Verdict.STATE_REFUSED
    assert "probe.bpf.c" in verdict.reason and "nothing_here" in verdict.reason and "\n" not in verdict.reason


def test_what_worked_is_remembered_until_the_tool_changes(
    headers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tool_folder(tmp_path, "profile")
    first = judge(tmp_path, headers, tmp_path)["profile"]
    assert first.state == Verdict.STATE_WORKS
    monkeypatch.setattr("agent.kernel.trial.Trial.of", tried)
    assert judge(tmp_path, headers, tmp_path)["profile"] == first
    (folder / "probe.bpf.c").write_text((folder / "probe.bpf.c").read_text() + "// changed\n")
    assert judge(tmp_path, headers, tmp_path)["profile"].reason == "tried again"


def tried(trial: object, entry: CatalogTool) -> Verdict:
    state = Verdict.STATE_REFUSED
    return Verdict(tool=entry.tool.name, tool_digest=entry.digest, state=state, reason="tried again")


def test_a_refusal_is_tried_again(headers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool_folder(tmp_path, "profile")
    with monkeypatch.context() as patched:
        patched.setattr("agent.kernel.trial.Trial.of", tried)
        assert judge(tmp_path, headers, tmp_path)["profile"].state == Verdict.STATE_REFUSED
    assert judge(tmp_path, headers, tmp_path)["profile"].state == Verdict.STATE_WORKS


def test_a_damaged_memory_is_no_memory(headers: str, tmp_path: Path) -> None:
    tool_folder(tmp_path, "profile")
    (tmp_path / "verdicts.json").write_text('{"host": 1, "verdicts": [{"tool": 7}]}')
    assert judge(tmp_path, headers, tmp_path)["profile"].state == Verdict.STATE_WORKS

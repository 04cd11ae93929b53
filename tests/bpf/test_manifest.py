"""Manifests are read strictly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bpf.catalog import ROOT, tool_folders
from bpf.manifest import ManifestError, load_manifest, manifest_json, parse_manifest
from proto.v1 import tool_pb2 as pb
from tests.bpf.manifests import EVENTS, TOP, changed

FILE = Path("/catalogue/sample/tool.toml")


@pytest.mark.parametrize("folder", list(tool_folders()), ids=lambda folder: folder.name)
def test_every_tool_of_the_catalogue_is_read(folder: Path) -> None:
    assert load_manifest(folder / "tool.toml").name == folder.name


@pytest.mark.parametrize("data", [EVENTS, TOP])
def test_tables_become_the_message(data: dict[str, Any]) -> None:
    tool = parse_manifest(data, FILE)
    assert (tool.risk, tool.task) == (pb.RISK_S1, pb.TASK_MEANING_CALLER)
    assert [param.name for param in tool.params] == ["failed_only", "mode", "least", "depth"]
    assert tool.variants[0].probes[0].type == pb.PROBE_TYPE_TRACEPOINT
    assert tool.limits.budget_permille.max == 1000


def test_the_api_form_is_complete() -> None:
    shown = manifest_json(parse_manifest(EVENTS, FILE))
    assert shown["filters"] == ["pid", "comm"]
    assert shown["streams"][0]["columns"][2]["classes"] == [64, 256]
    assert shown["limits"]["rows"] == {"default": 0, "max": 0}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("tool.nmae", "x", "nmae: unknown key"),
        ("tool.risk", "s9", "risk: 's9' is not one of s0, s1, s2, s3"),
        ("tool", None, r"the table \[tool\] is missing"),
        ("tool.limits", {}, "limits: also given"),
        ("tool.name", "other", "not the folder's name"),
        ("stream.0.column.1.help", None, "stream rows.column pid.help: missing"),
    ],
)
def test_an_error_names_file_key_and_reason(path: str, value: object, message: str) -> None:
    with pytest.raises(ManifestError, match=f"^{FILE}: .*{message}"):
        parse_manifest(changed(EVENTS, path, value), FILE)


def test_a_file_that_is_no_toml_is_an_error_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "tool.toml"
    file.write_text("[tool\n")
    with pytest.raises(ManifestError, match="cannot be read as TOML"):
        load_manifest(file)
    with pytest.raises(ManifestError, match="cannot be read"):
        load_manifest(ROOT / "no_such_tool" / "tool.toml")

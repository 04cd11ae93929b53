"""Tools are found by walking, and a digest tells one version from another."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bpf.catalog import ROOT, include_files, load_catalog, load_tool
from bpf.manifest import ManifestError


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "include", tmp_path / "include")
    shutil.copytree(ROOT / "opensnoop", tmp_path / "opensnoop")
    return tmp_path


def test_every_folder_with_a_manifest_is_a_tool(catalogue: Path) -> None:
    (catalogue / "not_a_tool").mkdir()
    shutil.copytree(ROOT / "_template", catalogue / "_template")
    assert list(load_catalog(catalogue)) == ["opensnoop"]
    assert {"opensnoop", "execsnoop", "syscount", "funclatency", "profile"} <= set(load_catalog())


@pytest.mark.parametrize("name", ["opensnoop/tool.toml", "opensnoop/probe.bpf.c", "include/emit.h"])
def test_the_digest_covers_all_that_decides_what_a_tool_does(catalogue: Path, name: str) -> None:
    before = load_tool(catalogue / "opensnoop").digest
    with (catalogue / name).open("a") as file:
        file.write("\n")
    assert load_tool(catalogue / "opensnoop").digest != before


def test_a_readme_does_not_change_the_digest(catalogue: Path) -> None:
    before = load_tool(catalogue / "opensnoop").digest
    (catalogue / "opensnoop/README.md").write_text("other")
    assert load_tool(catalogue / "opensnoop").digest == before


def test_a_tool_without_program_is_an_error(catalogue: Path) -> None:
    (catalogue / "opensnoop/probe.bpf.c").unlink()
    with pytest.raises(ManifestError, match=r"probe.bpf.c: cannot be read"):
        load_tool(catalogue / "opensnoop")


def test_the_shared_headers_are_all_there_are() -> None:
    assert {path.name for path in include_files()} == {path.name for path in (ROOT / "include").iterdir()}

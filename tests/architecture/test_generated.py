"""Committed generated code is what its generator makes today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, tracked


@pytest.fixture(scope="module")
def regenerated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("gen")
    protos = [str(path) for path in tracked("proto/v1/*.proto")]
    flags = [f"--{kind}_out={out}" for kind in ("python", "pyi", "grpc_python")]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", "-I", ".", *flags, *protos], cwd=ROOT, check=True)
    return out


@pytest.mark.parametrize("path", tracked("proto/v1/*_pb2*"), ids=str)
def test_python_messages_match_the_proto_files(path: Path, regenerated: Path) -> None:
    assert (ROOT / path).read_text() == (regenerated / path).read_text(), "run `make gen` and commit what it writes"

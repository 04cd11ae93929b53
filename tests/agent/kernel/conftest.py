"""One header folder for all tests of this folder."""

from __future__ import annotations

import pytest

from agent.kernel.headers import ensure_headers


@pytest.fixture(scope="session")
def headers(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = ensure_headers(tmp_path_factory.mktemp("headers"))
    assert folder is not None, "these tests need a kernel with BTF"
    return str(folder)

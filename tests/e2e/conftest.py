"""The stack that most end-to-end tests share: one start for the whole run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    (folder / "home").mkdir()
    running = Stack(data=folder / "var", home=folder / "home")
    running.start()
    yield running
    running.stop()

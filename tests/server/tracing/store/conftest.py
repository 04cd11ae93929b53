from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from server.tracing.store.layout import RunFolder
from tests.server.tracing.rows import SCHEMA


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """Of a run that has sent its schema."""
    folder = RunFolder.of(tmp_path, UUID(int=1), UUID(int=2))
    folder.pin(SCHEMA)
    return folder

from __future__ import annotations

from pathlib import Path

import pytest

from agent.warden import headers
from agent.warden.headers import Headers
from agent.warden.loop import Loop


def _make(cache: Path) -> Headers:
    loop = Loop()
    made = Headers(loop, cache, loop.stop)
    made.start()
    loop.call_later(60, loop.stop)
    loop.run()
    return made


@pytest.mark.kernel
def test_a_child_makes_the_headers_and_says_where(tmp_path: Path) -> None:
    made = _make(tmp_path)
    assert made.known
    assert (Path(made.path) / "include").is_dir()
    assert Path(made.path).parent == tmp_path
    assert _make(tmp_path).path == made.path


def test_a_child_that_dies_leaves_no_headers_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(headers, "python", lambda *_: ["/bin/false"])
    made = _make(tmp_path)
    assert made.known and made.path == ""
    assert "kernel headers could not be made (exit code 1)" in caplog.text

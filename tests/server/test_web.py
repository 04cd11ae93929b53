from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from server import web


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text('<script nonce="{{ csp_nonce }}" src="/static/assets/a-1.js"></script>')
    (folder / "assets/a-1.js").write_text("1")
    (tmp_path / "secret").write_text("not for anyone")
    monkeypatch.setattr(web, "DIST", folder)
    return folder


@pytest.mark.parametrize("path", ["/", "/sessions/1234", "/hosts", "/apis"])
def test_the_page_carries_the_nonce_of_its_policy(client: Client, dist: Path, path: str) -> None:
    answer = client.get(path)
    nonce = answer.content.decode().split('nonce="')[1].split('"')[0]
    assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]
    assert "csrftoken" in answer.cookies


def test_without_a_build_the_page_says_so(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "DIST", tmp_path)
    answer = client.get("/")
    assert answer.status_code == 503
    assert b"make run" in answer.content


def test_assets_are_kept_for_ever(client: Client, dist: Path) -> None:
    answer = client.get("/static/assets/a-1.js")
    assert answer.content == b"1"
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["../secret", "assets/../../secret", "%2e%2e/secret", "assets", "none.js"])
def test_nothing_outside_is_served(client: Client, dist: Path, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404


def test_the_documentation_of_the_api_brings_its_own_files(client: Client) -> None:
    assert client.get("/api/docs").status_code == 200
    assert client.get("/static/ninja/swagger-ui.css").status_code == 200

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import postgres, redis

ROOT = Path(__file__).resolve().parents[2]
SHOW = (
    "import json; from server import settings as s;"
    "names = ('SESSION_COOKIE_SECURE', 'ALLOWED_ORIGINS', 'ALLOWED_HOSTS', 'DATABASES');"
    "print(json.dumps({name: str(getattr(s, name)) for name in names}))"
)


def shown(tmp_path: Path, **variables: str) -> str:
    env = {**os.environ, "FLEETSCOPE_DATA": str(tmp_path), **variables}
    command = [sys.executable, "-c", SHOW]
    return subprocess.run(command, env=env, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_https_makes_cookies_secure_and_the_origin_exact(tmp_path: Path) -> None:
    text = shown(tmp_path, FLEETSCOPE_HTTP="https://trace.example", FLEETSCOPE_HTTP_LISTEN="0.0.0.0:8000")
    assert '"SESSION_COOKIE_SECURE": "True"' in text
    assert '"ALLOWED_ORIGINS": "[\'https://trace.example\']"' in text
    assert "0.0.0.0" not in text.split("ALLOWED_HOSTS")[1].split("DATABASES")[0]


def test_settings_do_not_need_the_secrets_of_web(tmp_path: Path) -> None:
    assert "sqlite3" in shown(tmp_path)
    assert not list(tmp_path.rglob("secret_key"))


def test_a_server_behind_tls_passes_djangos_check_for_deployment(tmp_path: Path) -> None:
    """With the control that the same check complains without TLS."""
    check = "from server import keys, settings; keys.ensure_web(settings.ENV.keys);"
    check += "from django.core.management import execute_from_command_line as run;"
    check += "run(['manage', 'check', '--deploy', '--fail-level', 'WARNING'])"
    for address, ok in (("https://trace.example", True), ("http://trace.example:8000", False)):
        own = {"FLEETSCOPE_DATA": str(tmp_path), "FLEETSCOPE_HTTP": address}
        env = {**os.environ, **own, "DJANGO_SETTINGS_MODULE": "server.settings"}
        done = subprocess.run([sys.executable, "-c", check], env=env, cwd=ROOT, capture_output=True, text=True)
        assert (done.returncode == 0) == ok, done.stderr
        assert ("SESSION_COOKIE_SECURE" in done.stderr) != ok


@pytest.mark.team
@pytest.mark.timeout(1500)
def test_the_servers_tests_pass_on_postgresql_and_redis() -> None:
    """The same tests, in the shape of a team; those of the store need no database, and which check keeps whom out does
    not hang on it.
    """
    whole = [f"tests/server/{name}" for name in ("accounts", "audit", "catalog", "consent", "fleet", "ingest")]
    parts = ("api", "dispatch", "lifecycle", "lookup", "progress", "reconcile", "start", "targets")
    tracing = [f"tests/server/tracing/test_{name}.py" for name in parts]
    options = ["-q", "-m", "not team", "-p", "no:cacheprovider", "--ignore=tests/server/accounts/test_each_check.py"]
    command = [sys.executable, "-m", "pytest", *options, *whole, *tracing]
    with postgres(durable=False) as database, redis() as channels:
        env = {**os.environ, "DATABASE_URL": database, "CHANNEL_URL": channels}
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:]

"""The compose file and the images, read as data: it takes no container engine to see that they start what is tested."""

import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from provision import ROOT
from server.__main__ import _parser as server_parser

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
IMAGES = {name: (ROOT / f"packaging/Dockerfile.{name}").read_text() for name in ("server", "agent")}


@pytest.mark.parametrize("role", ["migrate", "web", "ingest"])
def test_the_server_roles_are_subcommands_that_exist(role: str) -> None:
    assert SERVICES[role]["command"] == ["python", "-m", "server", role]
    assert server_parser().parse_args([role]).run == role


@pytest.mark.parametrize("role", ["web", "ingest"])
def test_both_roles_get_the_database_the_channel_and_the_same_segments(role: str) -> None:
    env = SERVICES[role]["environment"]
    assert env["DATABASE_URL"].startswith("postgresql://fleetscope_app:${POSTGRES_APP_PASSWORD:?")
    assert env["CHANNEL_URL"] == "redis://redis:6379/0"
    assert f"segments:{env['FLEETSCOPE_SEGMENTS']}" in SERVICES[role]["volumes"]


def test_only_migrate_is_the_owner_of_the_database() -> None:
    owner = SERVICES["migrate"]["environment"]["DATABASE_OWNER_URL"]
    assert owner.startswith("postgresql://fleetscope:${POSTGRES_PASSWORD:?")
    given = [name for name, service in SERVICES.items() if "{POSTGRES_PASSWORD" in str(service)]
    assert given == ["migrate", "postgres"]


def test_every_variable_given_is_one_that_the_server_reads() -> None:
    known = set(re.findall(r'"([A-Z][A-Z_]+)"', (ROOT / "server/env.py").read_text()))
    openid = re.findall(r'f"\{_PREFIX\}([A-Z_]+)"', (ROOT / "server/oidc_settings.py").read_text())
    known |= {f"FLEETSCOPE_OIDC_{name}" for name in openid}
    for role in ("migrate", "web", "ingest"):
        assert set(SERVICES[role]["environment"]) <= known


def test_neither_role_sees_the_secrets_of_the_other() -> None:
    web, ingest = SERVICES["web"]["volumes"], SERVICES["ingest"]["volumes"]
    assert "web-keys:/data/server/keys/web" in web and "web-keys" not in str(ingest)
    assert "ingest-keys:/data/server/keys/ingest" in ingest and "ingest-keys" not in str(web)
    assert "public-keys:/data/server/keys/public" in web and "public-keys:/data/server/keys/public" in ingest


def test_the_providers_secret_is_a_file_of_web_alone() -> None:
    given = {name: service["secrets"] for name, service in SERVICES.items() if "secrets" in service}
    assert given == {"web": list(COMPOSE["secrets"])}
    (name,) = given["web"]
    variable = "FLEETSCOPE_OIDC_CLIENT_SECRET_FILE"
    assert SERVICES["web"]["environment"][variable] == f"${{{variable}:+/run/secrets/{name}}}"
    assert [role for role in SERVICES if variable in SERVICES[role].get("environment", {})] == ["web"]


def test_no_password_is_written_down_and_databases_are_not_published() -> None:
    assert SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    assert "ports" not in SERVICES["postgres"] and "ports" not in SERVICES["redis"]


def test_every_volume_is_declared() -> None:
    named = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert {name for name in named if not name.startswith((".", "/"))} == set(COMPOSE["volumes"])


def test_the_agent_is_privileged_sees_the_host_and_starts_only_when_asked() -> None:
    agent = SERVICES["agent"]
    assert agent["profiles"] == ["agent"]
    assert agent["privileged"] and agent["pid"] == "host" and agent["cgroup"] == "host"
    targets = {volume.split(":")[1] for volume in agent["volumes"]}
    assert {"/sys/kernel/tracing", "/sys/kernel/debug", "/sys/fs/cgroup", "/var/lib/fleetscope"} <= targets


def test_files_that_are_mounted_exist() -> None:
    for volume in SERVICES["agent"]["volumes"]:
        source = volume.split(":")[0]
        assert not source.startswith("./") or (ROOT / source).is_file()


@pytest.mark.parametrize("name", sorted(IMAGES))
def test_an_image_copies_only_what_exists_and_what_its_program_imports(name: str) -> None:
    copied = [
        line.split()[1:-1] for line in IMAGES[name].splitlines() if line.startswith("COPY ") and "--from" not in line
    ]
    sources = {source for sources in copied for source in sources}
    assert all((ROOT / source).exists() for source in sources)
    assert {"proto", "bpf", "packaging", "pyproject.toml", name} <= sources


@pytest.mark.parametrize("name", sorted(IMAGES))
def test_an_image_installs_the_group_of_its_program(name: str) -> None:
    assert f"packaging/setup.py packages {name}" in IMAGES[name]
    assert name in tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]


def test_what_the_images_copy_is_not_ignored() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {"agent", "bpf", "frontend", "packaging", "proto", "server", "pyproject.toml"} == allowed


def test_the_server_image_does_not_run_as_root() -> None:
    assert re.search(r"^USER fleetscope$", IMAGES["server"], re.MULTILINE)


@pytest.mark.kernel
def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    unit = (ROOT / "packaging/systemd/fleetscope-agent.service").read_text()
    assert shlex.split(re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)[0]) == ["/usr/bin/fleetscope-agent", "run"]
    # The command is looked for on the disk: any that exists will do to check the rest.
    copy = tmp_path / "fleetscope-agent.service"
    copy.write_text(unit.replace("/usr/bin/fleetscope-agent run", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert "fleetscope-agent.service" not in done.stderr, done.stderr

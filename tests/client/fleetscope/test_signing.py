import subprocess
from pathlib import Path

import pytest

from fleetscope.errors import FleetscopeError
from fleetscope.signing import NAMESPACE, checked, sign
from proto.specification import NAMESPACE as SIGNED_ON_HOSTS


def test_the_namespace_is_the_one_that_hosts_check() -> None:
    assert NAMESPACE == SIGNED_ON_HOSTS


def test_exactly_the_bytes_are_signed(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    (tmp_path / "made").write_text(sign("text\n", key))
    check = ["ssh-keygen", "-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(tmp_path / "made")]
    assert subprocess.run(check, input=b"text\n", capture_output=True).returncode == 0
    assert subprocess.run(check, input=b"text", capture_output=True).returncode != 0


def test_a_key_that_cannot_sign_is_named(tmp_path: Path) -> None:
    with pytest.raises(FleetscopeError, match=r"could not sign with .*/missing"):
        sign("text", tmp_path / "missing")


@pytest.mark.parametrize("text", ["a\x1b[2J", "\u202e", "a\tb", "\x7f"])
def test_what_a_terminal_would_not_show_as_it_is_is_not_signed(text: str) -> None:
    assert checked('{\n  "a": 1\n}\n')
    with pytest.raises(FleetscopeError, match="do not sign it"):
        checked(text)

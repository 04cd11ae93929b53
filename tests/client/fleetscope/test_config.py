import stat
from pathlib import Path

import pytest

from fleetscope import config
from fleetscope.errors import FleetscopeError, NotSignedIn


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "FLEETSCOPE_URL", "FLEETSCOPE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_without_a_login_the_local_server_is_meant_and_nobody_is_signed_in() -> None:
    assert config.current_url() == "http://localhost:8000"
    with pytest.raises(NotSignedIn, match="fleetscope login http://localhost:8000"):
        config.token_for("http://localhost:8000")


def test_a_login_is_kept_for_its_user_only_and_makes_its_server_the_current_one(home: Path) -> None:
    path = config.store_login("http://one:8000", "first")
    config.store_login("http://two:8000", "second")
    assert path == home / ".config/fleetscope/config.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert config.current_url() == "http://two:8000"
    assert config.token_for("http://one:8000") == "first"


def test_the_environment_overrides_the_stored_login(monkeypatch: pytest.MonkeyPatch) -> None:
    config.store_login("http://one:8000", "first")
    monkeypatch.setenv("FLEETSCOPE_URL", "other:9000/")
    monkeypatch.setenv("FLEETSCOPE_TOKEN", "given")
    assert config.current_url() == "http://other:9000"
    assert config.token_for("http://other:9000") == "given"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 1}', '{"url": "http://x", "servers": {"http://x": "text"}}'])
def test_a_damaged_file_is_named_with_what_to_do(text: str) -> None:
    path = config.store_login("http://one:8000", "first")
    path.write_text(text)
    with pytest.raises(FleetscopeError, match=r"config\.json.*fleetscope login"):
        config.token_for("http://one:8000")


def test_a_login_that_cannot_be_stored_says_so(home: Path) -> None:
    (home / ".config").write_text("in the way")
    with pytest.raises(FleetscopeError, match="FLEETSCOPE_TOKEN"):
        config.store_login("http://one:8000", "first")


@pytest.mark.parametrize("token", ["fst1.abc\n", "fst1.\xfc"])
def test_a_token_that_no_header_can_carry_is_refused_without_showing_it(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEETSCOPE_TOKEN", token)
    with pytest.raises(NotSignedIn, match="FLEETSCOPE_TOKEN is no token") as refused:
        config.token_for("http://one:8000")
    assert "fst1" not in str(refused.value)


def test_only_the_token_that_was_ended_is_forgotten() -> None:
    config.store_login("http://one:8000", "kept")
    config.forget_login("http://one:8000", "another")
    assert config.token_for("http://one:8000") == "kept"
    config.forget_login("http://one:8000", "kept")
    with pytest.raises(NotSignedIn):
        config.token_for("http://one:8000")

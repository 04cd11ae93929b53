from __future__ import annotations

from server.accounts.credentials import CodeFailures, Passkey, RecoveryCode, SignInRule, Totp


def test_things_say_what_they_are_and_no_secret() -> None:
    things = [
        Passkey(name="laptop"),
        Totp(secret=b"s"),
        RecoveryCode(digest="d"),
        CodeFailures(count=2),
        SignInRule(role="admin"),
    ]
    assert [str(thing) for thing in things] == [
        "passkey laptop",
        "authenticator app",
        "recovery code",
        "2 wrong codes",
        "admin needs a second factor",
    ]

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.utils import timezone

from server.accounts import codes
from server.accounts.credentials import CodeFailures, RecoveryCode, Totp
from server.accounts.models import User
from server.errors import Invalid, TooMany
from tests.server.accounts.signing_in import code_of


@pytest.fixture
def ann(user: Callable[..., User]) -> User:
    return user("viewer", "ann")


def with_app(person: User) -> str:
    secret = codes.new_secret()
    codes.confirm(person, secret, code_of(secret, 0))
    return secret


def test_a_code_works_once_and_none_before_it_afterwards(ann: User) -> None:
    secret = with_app(ann)
    assert codes.use(ann, code_of(secret, 0)) is None  # confirmed with it
    spaced = code_of(secret)[:3] + " " + code_of(secret)[3:]
    assert codes.use(ann, spaced) == "totp"
    assert codes.use(ann, code_of(secret)) is None


@pytest.mark.parametrize("code", ["", "000", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "x" * 64])
def test_what_is_no_code_is_none(ann: User, code: str) -> None:
    with_app(ann)
    assert codes.use(ann, code) is None


def test_a_code_of_long_ago_or_of_later_is_none(ann: User) -> None:
    secret = codes.new_secret()
    for periods in (-4, 4):
        with pytest.raises(Invalid, match="clock"):
            codes.confirm(ann, secret, code_of(secret, periods))
    assert not Totp.objects.exists()


def test_the_secret_is_not_in_the_database(ann: User) -> None:
    secret = with_app(ann)
    assert secret.encode() not in bytes(Totp.objects.get().secret)


def test_a_recovery_code_works_once_however_it_is_typed(ann: User) -> None:
    first, second, *_ = made = codes.new_recovery_codes(ann)
    assert len(set(made)) == codes.RECOVERY_CODES
    assert codes.use(ann, first.upper()) == "recovery"
    assert codes.use(ann, first) is None
    assert codes.use(ann, second.replace("-", " ")) == "recovery"
    assert not RecoveryCode.objects.filter(digest__contains=first).exists()


def test_new_recovery_codes_end_the_old_ones(ann: User) -> None:
    old = codes.new_recovery_codes(ann)
    codes.new_recovery_codes(ann)
    assert codes.use(ann, old[0]) is None


def test_guessing_is_locked_out_longer_and_longer(ann: User) -> None:
    secret = with_app(ann)
    locked = []
    for _ in range(9):
        assert codes.use(ann, "wrong") is None
        failures = CodeFailures.objects.get()
        if failures.locked_until:
            locked.append(round((failures.locked_until - timezone.now()).total_seconds() / 60))
            with pytest.raises(TooMany, match="too many wrong codes"):
                codes.use(ann, code_of(secret))
            CodeFailures.objects.update(locked_until=timezone.now() - datetime.timedelta(seconds=1))
    assert locked == [1, 2, 4, 8, 16]
    assert codes.use(ann, code_of(secret)) == "totp"
    assert CodeFailures.objects.get().count == 0


def test_one_persons_wrong_codes_lock_nobody_else(ann: User, user: Callable[..., User]) -> None:
    bob = user("viewer", "bob")
    secret = with_app(bob)
    for _ in range(codes.FREE_FAILURES):
        codes.use(ann, "wrong")
    assert codes.use(bob, code_of(secret)) == "totp"


def test_the_qr_code_is_a_picture_that_the_page_may_show(ann: User) -> None:
    address = codes.address(ann, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    assert address.startswith("otpauth://totp/Fleetscope%20localhost:ann?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    assert codes.qr_code(address).startswith("data:image/svg+xml")

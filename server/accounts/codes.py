"""Codes of an authenticator app (RFC 6238) and recovery codes: each works once, and guessing them is locked out."""

from __future__ import annotations

import base64
import datetime
import hashlib
import secrets
import time

import pyotp
import segno
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from server.accounts.credentials import CodeFailures, RecoveryCode, Totp
from server.accounts.models import User
from server.errors import Invalid, TooMany

ISSUER = "Fleetscope"
PERIOD = 30  # seconds, RFC 6238's
DRIFT = 1  # periods that a phone's clock may be off, to either side
RECOVERY_CODES = 10
FREE_FAILURES = 5
MAX_LOCK = datetime.timedelta(hours=1)
_RECOVERY_BYTES = 10  # 80 bits


def new_secret() -> str:
    return pyotp.random_base32()


def address(user: User, secret: str) -> str:
    """What the QR code holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=f"{ISSUER} {settings.ENV.http.host}")


def qr_code(text: str) -> str:
    """As the address of an SVG picture, dark on light whatever the page's theme: scanners want it so."""
    return str(segno.make(text, error="m").svg_data_uri(scale=5, border=3, light="#fff", dark="#000"))


def confirm(user: User, secret: str, code: str) -> None:
    """Keep the secret once a first code shows that the app has it. Raises Invalid."""
    step = _matching_step(secret, code, after=0)
    if step is None:
        raise Invalid("the code does not fit; check the phone's clock and type the newest code", field="code")
    Totp.objects.update_or_create(
        user=user, defaults={"secret": _box().encrypt(secret.encode()), "last_step": step, "created_at": timezone.now()}
    )


def new_recovery_codes(user: User) -> list[str]:
    """Replaces the old ones; shown once."""
    codes = [_grouped(secrets.token_bytes(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=_digest(code)) for code in codes])
    return codes


def use(user: User, code: str) -> str | None:
    """What the code was, `totp` or `recovery`, and used up by this; None if it fits nothing. Raises TooMany.

    Not to be called in a transaction: what it counts has to stay when the sign-in fails.
    """
    with transaction.atomic():
        failures, _ = CodeFailures.objects.select_for_update().get_or_create(user=user)
        _check_unlocked(failures)
        found = _use_totp(user, code) or _use_recovery(user, code)
        failures.count = 0 if found else failures.count + 1
        failures.locked_until = timezone.now() + _lock(failures.count) if failures.count >= FREE_FAILURES else None
        failures.save()
    return found


def _check_unlocked(failures: CodeFailures) -> None:
    now = timezone.now()
    if failures.locked_until and failures.locked_until > now:
        minutes = -(-(failures.locked_until - now).seconds // 60)
        raise TooMany(
            f"too many wrong codes: none is taken for {minutes} min; use a passkey, wait, or ask an admin for a reset"
        )


def _lock(failures: int) -> datetime.timedelta:
    """1 minute after the fifth wrong code in a row, twice as long after each further one."""
    return min(datetime.timedelta(minutes=2 ** min(failures - FREE_FAILURES, 10)), MAX_LOCK)


def _use_totp(user: User, code: str) -> str | None:
    totp = Totp.objects.select_for_update().filter(user=user).first()
    if totp is None:
        return None
    step = _matching_step(_box().decrypt(bytes(totp.secret)).decode(), code, after=totp.last_step)
    if step is None:
        return None
    totp.last_step, totp.last_used_at = step, timezone.now()
    totp.save(update_fields=["last_step", "last_used_at"])
    return "totp"


def _use_recovery(user: User, code: str) -> str | None:
    used, _ = RecoveryCode.objects.filter(user=user, digest=_digest(code)).delete()
    return "recovery" if used else None


def _matching_step(secret: str, code: str, after: int) -> int | None:
    totp, now = pyotp.TOTP(secret, interval=PERIOD), int(time.time()) // PERIOD
    typed = "".join(code.split())
    steps = [step for step in range(now - DRIFT, now + DRIFT + 1) if step > after]
    # All of them are compared, each in constant time: how long it takes tells nothing.
    fitting = [step for step in steps if secrets.compare_digest(totp.generate_otp(step).encode(), typed.encode())]
    return fitting[0] if fitting else None


def _grouped(raw: bytes) -> str:
    text = base64.b32encode(raw).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _digest(code: str) -> str:
    return hashlib.sha256("".join(code.lower().split()).replace("-", "").encode()).hexdigest()


def _box() -> Fernet:
    key = HKDF(hashes.SHA256(), 32, salt=None, info=b"fleetscope totp 1").derive(str(settings.SECRET_KEY).encode())
    return Fernet(base64.urlsafe_b64encode(key))

"""What a person proves with beside a password, and of whom the proof is demanded."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Passkey(models.Model):
    """A WebAuthn credential. The server holds the public half, so it can check a signature and never make one."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=64)
    credential = models.BinaryField()  # the authenticator's AAGUID, the credential's id and its COSE key, as attested
    credential_id = models.CharField(max_length=1400, unique=True)  # base64url without padding
    sign_count = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"passkey {self.name}"


class Totp(models.Model):
    """An authenticator app's secret, encrypted with a key that is not in the database."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="totp")
    secret = models.BinaryField()
    last_step = models.BigIntegerField(default=0)  # of the last code that was taken: each works once
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return "authenticator app"


class RecoveryCode(models.Model):
    """Works once. Random enough that a plain digest tells nothing."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="accounts_recovery_code_once")]

    def __str__(self) -> str:
        return "recovery code"


class CodeFailures(models.Model):
    """Wrong codes in a row, after a right password: a code is short, so guessing has to become hopeless."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="code_failures")
    count = models.IntegerField(default=0)
    locked_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.count} wrong codes"


class Identity(models.Model):
    """Somebody at an OpenID provider. Never deleted: else a second account could take it and agree with the first."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    linked = models.BooleanField(default=True)  # False: taken off; signs nobody in, and stays this account's
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="accounts_identity_of_one_account"),
            models.UniqueConstraint(
                fields=["user", "issuer"], condition=models.Q(linked=True), name="accounts_one_linked_identity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"


class SignInRule(models.Model):
    """A role whose people must have a second factor."""

    role = models.CharField(max_length=16, unique=True)

    def __str__(self) -> str:
        return f"{self.role} needs a second factor"

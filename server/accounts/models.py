"""People, their teams and what is granted; tokens of command lines, and where signing in failed and succeeded."""

from __future__ import annotations

import datetime

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from server.accounts import browsers as browsers  # Django finds an app's models through this module
from server.accounts import credentials as credentials

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._@-]*$"  # ASCII alone: SQLite folds the case of no other letter
NAME_LENGTH = 64
TOKEN_DAYS = 90
DEFAULT_TEAM = "default"


class Role(models.TextChoices):
    """What a grant lets its holder do; `server.accounts.rules` says what that is."""

    VIEWER = "viewer"
    TRACER = "tracer"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Risk(models.IntegerChoices):
    """What a session may reveal; docs/concepts/risk.md."""

    S0 = 0
    S1 = 1
    S2 = 2
    S3 = 3


class Scope(models.TextChoices):
    """How far an API token reaches into what its owner may; `server.accounts.roles` says what each holds."""

    READ = "read"
    TRACE = "trace"
    PEOPLE = "people"
    ALL = "all"


class UserManager(BaseUserManager["User"]):
    def by_name(self, username: str) -> User | None:
        """The active person of this name, in whatever case it is written."""
        return self.filter(username__iexact=username, is_active=True).first()


class User(AbstractBaseUser):
    """A person. Never deleted, only made inactive: sessions and the audit name them. Case tells no names apart."""

    username = models.CharField(max_length=NAME_LENGTH, unique=True)
    is_active = models.BooleanField(default=True)
    # The password was printed by the server and signs in once; the person has not chosen an own one.
    one_time = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    token: ApiToken | None = None  # by which this person came in
    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("username"), name="accounts_one_name_in_any_case")]

    def __str__(self) -> str:
        return self.username


def in_token_days() -> datetime.datetime:
    return timezone.now() + datetime.timedelta(days=TOKEN_DAYS)


class Team(models.Model):
    """Owns sessions, and has members, to whom everything goes that is granted to it. Case tells no names apart."""

    name = models.CharField(max_length=NAME_LENGTH)
    members = models.ManyToManyField(User, related_name="teams")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="accounts_one_team_in_any_case")]

    def __str__(self) -> str:
        return self.name


def default_team() -> int:
    """Owns what nobody said a team for; there from the beginning."""
    team, _ = Team.objects.get_or_create(name=DEFAULT_TEAM)
    return team.pk


class Grant(models.Model):
    """One role for one person or the members of one team. A bound that is null does not bind."""

    person = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="grants")
    holders = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="held")
    role = models.CharField(max_length=16, choices=Role.choices)
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="grants")  # null: every team
    host_names = models.JSONField(default=list)  # with host_labels both empty: every host
    host_labels = models.JSONField(default=dict)  # a host has to have all of them
    risk = models.SmallIntegerField(choices=Risk.choices, default=Risk.S2)
    max_seconds = models.PositiveIntegerField(null=True)
    max_rows = models.BigIntegerField(null=True)
    max_budget_permille = models.PositiveIntegerField(null=True)
    max_hosts = models.PositiveIntegerField(null=True)
    break_glass = models.BooleanField(default=False)  # a tracer's: also to start what needs agreement without it
    # Of an OpenID provider, at each sign-in of whom it gives and takes the grant; null: people made it here.
    identity = models.ForeignKey(credentials.Identity, null=True, on_delete=models.CASCADE, related_name="grants")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(person=None, holders__isnull=False) | models.Q(person__isnull=False, holders=None),
                name="accounts_grant_has_one_holder",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} for {self.person or self.holders}"


class ApiToken(models.Model):
    """A bearer token. Only its digest is kept: the token itself is shown once. It bounds what its owner may."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(default=in_token_days)
    scope = models.CharField(max_length=8, choices=Scope.choices, default=Scope.ALL)
    risk = models.SmallIntegerField(choices=Risk.choices, default=Risk.S3)  # the highest class that it reaches

    def __str__(self) -> str:
        return f"{self.user.username}: {self.name}"


class FailedLogin(models.Model):
    """One wrong password; counted for the rate limit, then forgotten."""

    username = models.CharField(max_length=64, db_index=True)
    address = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.username} from {self.address}"


class KnownPlace(models.Model):
    """Where a person signed in lately: guessers elsewhere do not lock them out there."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="places")
    address = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "address"], name="accounts_place_known_once")]

    def __str__(self) -> str:
        return f"{self.user.username} from {self.address}"

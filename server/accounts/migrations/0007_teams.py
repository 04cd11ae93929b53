"""Teams and grants in place of one role for each person. Nobody's rights change: all that exists is of one team."""

import django.db.models.deletion
from django.conf import settings
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models.functions import Lower

EVERYTHING = 3  # risk class S3, which a role did not bound


def grant_roles(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    User, Team, Grant = (apps.get_model("accounts", name) for name in ("User", "Team", "Grant"))
    team, _ = Team.objects.get_or_create(name="default")
    for user in User.objects.order_by("pk"):
        team.members.add(user)
        role = "viewer" if user.role == "viewer" else "tracer"
        Grant.objects.create(person=user, role=role, team=team, risk=EVERYTHING)
        if user.role == "admin":
            Grant.objects.create(person=user, role="admin", team=None, risk=EVERYTHING)
            Grant.objects.create(person=user, role="approver", team=team, risk=EVERYTHING)


def roles_again(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    User, Grant = (apps.get_model("accounts", name) for name in ("User", "Grant"))
    for role in ("tracer", "admin"):
        User.objects.filter(pk__in=Grant.objects.filter(role=role).values("person")).update(role=role)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_token_expiry")]

    operations = [
        migrations.CreateModel(
            name="Team",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("members", models.ManyToManyField(related_name="teams", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [models.UniqueConstraint(Lower("name"), name="accounts_one_team_in_any_case")],
            },
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[(role, role.title()) for role in ("viewer", "tracer", "approver", "auditor", "admin")],
                        max_length=16,
                    ),
                ),
                ("host_names", models.JSONField(default=list)),
                ("host_labels", models.JSONField(default=dict)),
                ("risk", models.SmallIntegerField(choices=[(number, f"S{number}") for number in range(4)], default=2)),
                ("max_seconds", models.PositiveIntegerField(null=True)),
                ("max_rows", models.BigIntegerField(null=True)),
                ("max_budget_permille", models.PositiveIntegerField(null=True)),
                ("max_hosts", models.PositiveIntegerField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "holders",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="held",
                        to="accounts.team",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grants",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grants",
                        to="accounts.team",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("holders__isnull", False), ("person", None)),
                            models.Q(("holders", None), ("person__isnull", False)),
                            _connector="OR",
                        ),
                        name="accounts_grant_has_one_holder",
                    )
                ],
            },
        ),
        migrations.RunPython(grant_roles, roles_again),
        migrations.RemoveField(model_name="user", name="role"),
    ]

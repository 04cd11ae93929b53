"""Sessions get an owning team and their class; shares open them to others."""

from contextlib import suppress

import django.db.models.deletion
import server.accounts.models
from django.conf import settings
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def classes(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Classes were counted from 1, and 0 was a session from before: what its tool reveals by itself. Where that depends
    on what was asked for, or the tool is gone: the highest. What a person chose to read was counted too low: S2."""
    from bpf.catalog import load_catalog
    from bpf.dynamic import dynamic_stream
    from server.errors import Invalid
    from server.tracing.risk import session_risk

    tools = load_catalog()
    Session = apps.get_model("tracing", "Session")
    before = set(Session.objects.filter(risk=0).values_list("pk", flat=True))
    Session.objects.exclude(pk__in=before).update(risk=F("risk") - 1)
    dynamic = [name for name, tool in tools.items() if dynamic_stream(tool.tool) is not None]
    Session.objects.filter(tool__in=dynamic, risk__lt=2).exclude(pk__in=before).update(risk=2)
    Session.objects.filter(pk__in=before).update(risk=3)
    for session in Session.objects.filter(pk__in=before).defer("envelope", "signature").iterator():
        tool = tools.get(session.tool)
        if tool is not None and not session.reveal:
            with suppress(Invalid):
                Session.objects.filter(pk=session.pk).update(risk=session_risk(tool.tool, session.params))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_teams"),
        ("tracing", "0008_keeping"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="session",
            name="team",
            field=models.ForeignKey(
                default=server.accounts.models.default_team,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sessions",
                to="accounts.team",
            ),
        ),
        migrations.AlterField(
            model_name="session",
            name="risk",
            field=models.SmallIntegerField(choices=[(number, f"S{number}") for number in range(4)], default=3),
        ),
        migrations.CreateModel(
            name="Share",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="shares", to="tracing.session"
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.team"
                    ),
                ),
                (
                    "through",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="opened",
                        to="tracing.share",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("session", "person", "through"), name="tracing_one_share_a_person"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("digest", ""), _negated=True),
                        fields=("digest",),
                        name="tracing_one_link",
                    ),
                ],
            },
        ),
        migrations.RunPython(classes, migrations.RunPython.noop),
    ]

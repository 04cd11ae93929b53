"""Requests are seen and agreed to by the rights for a team and a class. Those from before are the default team's."""

import django.db.models.deletion
import server.accounts.models
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_teams"), ("consent", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="request",
            name="team",
            field=models.ForeignKey(
                default=server.accounts.models.default_team,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="requests",
                to="accounts.team",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="request",
            name="risk",
            field=models.SmallIntegerField(choices=[(number, f"S{number}") for number in range(4)], default=3),
        ),
    ]

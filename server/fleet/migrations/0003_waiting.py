"""What waits on a host's disk, as its heartbeats say."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fleet", "0002_ask")]

    operations = [
        migrations.AddField("host", "spool_bytes", models.BigIntegerField(default=0)),
        migrations.AddField("host", "unacked_batches", models.BigIntegerField(default=0)),
    ]

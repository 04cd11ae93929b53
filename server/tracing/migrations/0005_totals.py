from collections import Counter

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from proto.v1.stream_pb2 import Ledger, LossCause


def add_up(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What the runs that ended before came to."""
    sums: Counter[str] = Counter()
    ended = apps.get_model("tracing", "Run").objects.filter(state__in=("ended", "refused"))
    for state, rows, stored_bytes, packed in ended.values_list("state", "rows", "stored_bytes", "ledger").iterator():
        ledger = Ledger.FromString(bytes(packed))
        sums.update({"rows": rows, "received_bytes": stored_bytes, "seen": ledger.seen, "stored": ledger.stored})
        sums[f"ended.{state}"] += 1
        for loss in ledger.lost:
            sums[f"lost.{LossCause.Name(loss.cause).removeprefix('LOSS_CAUSE_').lower()}"] += loss.events
    total = apps.get_model("tracing", "Total")
    total.objects.bulk_create([total(name=name, value=value) for name, value in sums.items()])


class Migration(migrations.Migration):

    dependencies = [
        ('tracing', '0004_storage_policy'),
    ]

    operations = [
        migrations.CreateModel(
            name='Total',
            fields=[
                ('name', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('value', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.RunPython(add_up, migrations.RunPython.noop),
    ]

from django.apps.registry import Apps
from django.db import migrations, models
from django.utils import timezone


def spare_what_is_there(apps: Apps, _editor: object) -> None:
    """Ceilings count from now for sessions that were kept without one."""
    if apps.get_model("tracing", "Session").objects.exists():
        policies = apps.get_model("tracing", "StoragePolicy").objects
        policies.update_or_create(owner="", defaults={"ceilings_since": timezone.now()})


class Migration(migrations.Migration):
    dependencies = [("tracing", "0007_risk")]

    operations = [
        migrations.AddField(model_name="storagepolicy", name="classes", field=models.JSONField(default=dict)),
        migrations.AddField(model_name="storagepolicy", name="ceilings_since", field=models.DateTimeField(null=True)),
        migrations.RunPython(spare_what_is_there, migrations.RunPython.noop),
    ]

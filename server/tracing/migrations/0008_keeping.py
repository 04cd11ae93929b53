from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracing", "0007_risk")]

    operations = [
        migrations.AddField(model_name="storagepolicy", name="classes", field=models.JSONField(default=dict)),
    ]

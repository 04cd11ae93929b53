from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fleet", "0006_certificates"),
    ]

    operations = [
        migrations.AddField(
            model_name="host",
            name="numbers",
            field=models.JSONField(default=list),
        ),
    ]

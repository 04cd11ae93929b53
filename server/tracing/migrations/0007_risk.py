from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracing", "0006_reveal")]

    operations = [
        migrations.AddField(model_name="session", name="risk", field=models.SmallIntegerField(default=0)),
    ]

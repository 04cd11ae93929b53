from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracing", "0005_totals")]

    operations = [
        migrations.AddField(model_name="session", name="reveal", field=models.BooleanField(default=False)),
    ]

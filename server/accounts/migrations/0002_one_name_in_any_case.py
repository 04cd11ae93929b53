from collections import defaultdict

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models.functions import Lower

from server.errors import Conflict


def check_names(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Which of two accounts is the right one is not for a migration to say."""
    names = defaultdict(list)
    for name in apps.get_model("accounts", "User").objects.order_by("id").values_list("username", flat=True):
        names[name.lower()].append(name)
    clashes = [" and ".join(same) for same in names.values() if len(same) > 1]
    if clashes:
        raise Conflict(
            f"names that differ only in case become one account, and there are {'; '.join(clashes)}: "
            "rename all but one of them with `python -m server user rename NAME NEW_NAME`, then migrate again"
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunPython(check_names, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(Lower("username"), name="accounts_one_name_in_any_case"),
        ),
    ]

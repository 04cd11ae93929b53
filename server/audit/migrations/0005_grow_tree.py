"""What was a link of the chain becomes a leaf of the tree."""

from typing import Any

from django.db import migrations

from proto import merkle
from server.audit import tree, triggers
from server.audit.leaf import FIELDS, canonical


def grow(apps: Any, editor: Any) -> None:
    entries, nodes, hosts = (apps.get_model("audit", name) for name in ("AuditEntry", "TreeNode", "EntryHost"))
    frontier = merkle.Frontier()
    for entry in entries.objects.order_by("id").iterator():
        leaf = merkle.leaf_hash(canonical([getattr(entry, name) for name in FIELDS]))
        entries.objects.filter(id=entry.id).update(hash=leaf.hex())
        made = frontier.append(leaf)
        nodes.objects.bulk_create(nodes(position=tree.position(*place), hash=digest) for *place, digest in made)
        hosts.objects.bulk_create(hosts(entry=entry, host=name[:255]) for name in dict.fromkeys(entry.hosts))
    triggers.install(editor.connection)


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_tree")]

    operations = [
        migrations.RunPython(grow, lambda _apps, editor: triggers.remove(editor.connection)),
    ]

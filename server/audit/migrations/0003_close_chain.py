"""The last entry of the hash chain of before says where it ended, and whether it was in order then."""

import datetime
import hashlib
from typing import Any

from django.db import migrations
from django.utils import timezone

from server.audit.leaf import FIELDS, canonical

GENESIS = "0" * 64
SQLITE = [f"DROP TRIGGER IF EXISTS audit_no_{verb}" for verb in ("update", "delete", "replace")]
POSTGRESQL = [
    "DROP TRIGGER IF EXISTS audit_no_change ON audit_auditentry",
    "DROP TRIGGER IF EXISTS audit_no_truncate ON audit_auditentry",
    "DROP FUNCTION IF EXISTS audit_refuse()",
]


def chained(entry: Any) -> str:
    content = canonical([getattr(entry, name) for name in FIELDS])
    return hashlib.sha256(entry.previous_hash.encode() + content).hexdigest()


def close(apps: Any, editor: Any) -> None:
    entries = apps.get_model("audit", "AuditEntry")
    head, count, bad = GENESIS, 0, None
    for entry in entries.objects.order_by("id").iterator():
        count += 1
        if bad is None and (entry.id, entry.previous_hash, entry.hash) != (count, head, chained(entry)):
            bad = entry.id
        head = entry.hash
    if count:
        _append(entries, head, {"entries": count, "chain_head": head, "first_bad": bad})
    for statement in POSTGRESQL if editor.connection.vendor == "postgresql" else SQLITE:
        editor.execute(statement)


def _append(entries: Any, head: str, detail: dict[str, Any]) -> None:
    last = entries.objects.order_by("-id").first().id
    entry = entries(
        id=last + 1,
        time=timezone.now().astimezone(datetime.UTC),
        actor="server",
        action="audit.tree",
        outcome="done" if detail["first_bad"] is None else "refused",
        detail=detail,
        previous_hash=head,
    )
    entry.hash = chained(entry)
    entry.save(force_insert=True)


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [migrations.RunPython(close, migrations.RunPython.noop)]

"""What it takes to check a whole audit: every entry, the tree, the index of hosts and the signed heads.

python -m tests.bench.audit_verify [ENTRIES]
"""

from __future__ import annotations

import datetime
import json
import os
import sys
import time
import uuid
from dataclasses import asdict

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from django.conf import settings  # noqa: E402  (Django first)
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from proto import merkle  # noqa: E402
from server import keys  # noqa: E402
from server.audit import checkpoints  # noqa: E402
from server.audit.leaf import leaf_hash  # noqa: E402
from server.audit.models import AuditEntry, EntryHost, TreeNode  # noqa: E402
from server.audit.tree import position  # noqa: E402
from server.audit.verify import verify  # noqa: E402
from tests.bench.figures import spread  # noqa: E402

ROUNDS = 3
HOSTS, PEOPLE = 1000, 50


def make(entries: int) -> None:
    """As the writer leaves them, a signed head after every thousand, without its one transaction for each."""
    frontier, began = merkle.Frontier(), timezone.now()
    for first in range(0, entries, checkpoints.ENTRIES):
        block = [_entry(number, began) for number in range(first, min(first + checkpoints.ENTRIES, entries))]
        nodes = []
        for entry in block:
            leaf = leaf_hash(entry)
            entry.hash = leaf.hex()
            nodes += [TreeNode(position=position(*place), hash=digest) for *place, digest in frontier.append(leaf)]
        with transaction.atomic():
            AuditEntry.objects.bulk_create(block)
            EntryHost.objects.bulk_create(EntryHost(entry=entry, host=entry.hosts[0]) for entry in block)
            TreeNode.objects.bulk_create(nodes)
        checkpoints.sign_head()


def _entry(number: int, began: datetime.datetime) -> AuditEntry:
    return AuditEntry(
        id=number + 1,
        time=began + datetime.timedelta(microseconds=number),
        actor=f"user-{number % PEOPLE}",
        action="session.view",
        outcome="done",
        tool="opensnoop",
        hosts=[f"host-{number % HOSTS}"],
        session=uuid.UUID(int=number),
        reason="a page at night: slow disk",
        detail={"n": number, "limits": {"duration_ms": 60000, "rows": 1000000}},
    )


def check(entries: int) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    verdict = verify(keys.audit_public(settings.ENV.keys))
    spent = time.perf_counter() - wall, time.process_time() - cpu
    assert (verdict.entries, verdict.signed, verdict.bad_id) == (entries, entries, None)
    return spent


def main(entries: int) -> None:
    call_command("migrate", verbosity=0)
    keys.ensure_web(settings.ENV.keys)
    keys.ensure_ingest(settings.ENV.keys, ["localhost"])
    make(entries)
    walls, cpus = zip(*(check(entries) for _ in range(ROUNDS)), strict=True)
    found = {"entries": entries, "wall_s": asdict(spread(list(walls))), "cpu_s": asdict(spread(list(cpus)))}
    print(json.dumps({"bench": "audit_verify", **found}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)

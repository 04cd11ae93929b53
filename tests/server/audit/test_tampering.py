"""A thousand seeded attacks on the log in the database: each is found, and the first bad entry is named."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from server import keys
from server.audit import triggers
from server.audit.check import Verdict
from server.audit.leaf import leaf_hash
from server.audit.models import AuditEntry, EntryHost, TreeNode
from server.audit.verify import verify
from tests.server.audit.conftest import ENTRIES

AWAY = 1_000_000


class Undone(Exception):
    """Leaves the transaction of an attack."""


@pytest.fixture(autouse=True)
def _unguarded(log: None) -> None:
    triggers.remove(connection)


def edit(dice: random.Random) -> int:
    """Sometimes with the entry's hash, sometimes also with the tree above it made to fit."""
    number = dice.randint(1, ENTRIES)
    entry = AuditEntry.objects.get(id=number)
    setattr(entry, dice.choice(["actor", "reason", "tool", "action"]), f"forged {dice.random()}")
    depth = dice.randrange(3)
    if depth:
        entry.hash = leaf_hash(entry).hex()
    entry.save()
    if depth == 2:
        TreeNode.objects.filter(position__gt=2 * number - 3, position__lt=2 * number).update(hash=dice.randbytes(32))
    return number


def delete(dice: random.Random) -> int:
    number = dice.randint(1, ENTRIES)
    EntryHost.objects.filter(entry=number).delete()
    AuditEntry.objects.filter(id=number).delete()
    if dice.randrange(2):
        renumber(number, -1)
    return number


def insert(dice: random.Random) -> int:
    number = dice.randint(1, ENTRIES)
    renumber(number - 1, 1)
    forged = AuditEntry.objects.order_by("id").last()
    assert forged is not None
    forged.id, forged.actor, forged.hosts = number, "mallory", []
    forged.hash = leaf_hash(forged).hex()
    forged.save(force_insert=True)
    return number


def reorder(dice: random.Random) -> int:
    low, high = sorted(dice.sample(range(1, ENTRIES + 1), 2))
    first, second = AuditEntry.objects.get(id=low), AuditEntry.objects.get(id=high)
    first.id, second.id = high, low
    for entry in (first, second):
        if dice.randrange(2):
            entry.hash = leaf_hash(entry).hex()
        entry.save()
    return low


def cut(dice: random.Random) -> int:
    number = dice.randint(1, ENTRIES)
    EntryHost.objects.filter(entry__gte=number).delete()
    AuditEntry.objects.filter(id__gte=number).delete()
    if dice.randrange(2):
        TreeNode.objects.filter(position__gte=2 * (number - 1)).delete()
    return number


ATTACKS: list[Callable[[random.Random], int]] = [edit, delete, insert, reorder, cut]


def renumber(after: int, by: int) -> None:
    """Without two of one number in between."""
    for model, name in ((AuditEntry, "id"), (EntryHost, "entry_id")):
        model.objects.filter(**{f"{name}__gt": after}).update(**{name: F(name) + AWAY})
        model.objects.filter(**{f"{name}__gt": AWAY}).update(**{name: F(name) - AWAY + by})


def attacked(attack: Callable[[random.Random], int], dice: random.Random) -> tuple[int, Verdict]:
    """Where it struck first, and what was found; the log is as before afterwards."""
    try:
        with transaction.atomic():
            first = attack(dice)
            found = verify(keys.audit_public(settings.ENV.keys))
            raise Undone
    except Undone:
        return first, found


def test_a_thousand_attacks_on_the_database_are_found() -> None:
    with connection.constraint_checks_disabled() if connection.vendor == "sqlite" else transaction.atomic():
        for seed in range(1000):
            attack = ATTACKS[seed % len(ATTACKS)]
            first, found = attacked(attack, random.Random(seed))
            assert found.bad_id is not None, (attack.__name__, seed)
            # Who made hashes fit as well is found by the tree or a head above: then the span is named.
            assert found.bad_id <= first, (attack.__name__, seed, found)
            assert found.bad_id == first or "one up to" in found.problem, (attack.__name__, seed, first, found)
    assert verify(keys.audit_public(settings.ENV.keys)).bad_id is None

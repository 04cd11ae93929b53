from __future__ import annotations

import tomllib

import pytest

from agent.warden.approvals import HOURS_MAX, Approvals
from agent.warden.policy import PolicyError, parse_policy
from agent.warden.seen import KEEP_NS
from tests.agent.support.consent import ADA, BOB, POLICY


def test_by_default_one_other_person_signs_and_nobody_is_known() -> None:
    assert parse_policy({}).approvals == Approvals(needed=1, people={})


def test_people_are_found_in_whatever_case_they_are_written() -> None:
    people = parse_policy(tomllib.loads(POLICY.replace("people.ada", "people.Ada"))).approvals.people
    assert [(key, one.name, one.request, one.approve) for key, one in people.items()] == [
        ("ada", "Ada", True, True),
        ("bob", "bob", False, True),
        ("carl", "carl", True, False),
    ]


def test_no_request_outlives_the_memory_of_started_runs() -> None:
    assert HOURS_MAX * 3600 * 10**9 < KEEP_NS


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[approvals]\nneeded = -1", "approvals.needed: must be a whole number"),
        ("[approvals]\nhours = 1000", "approvals.hours: must be at most 144"),
        ("[approvals]\nrp_id = 1", "approvals.rp_id: must be text"),
        ("[approvals]\nsigners = 1", "approvals.signers: is not known"),
        ("people = 1", "people: must be tables"),
        ("[people]\nada = 1", "people.ada: must be a table"),
        ("[people.ada]\nkey = []", "people.ada.key: is not known"),
        ("[people.ada]\napprove = 1", "people.ada.approve: must be true or false"),
        ('[people.ada]\nkeys = ["ssh-rsa AAAA"]', "people.ada.keys: 'ssh-rsa AAAA' is no key"),
        ("[people.ada]\n[people.Ada]", "people.Ada: is there twice"),
        (f'[people.ada]\nkeys = ["{ADA.line}"]\n[people.eve]\nkeys = ["{ADA.line}"]', "people: ada and eve have"),
        (f'[people.ada]\nkeys = ["{BOB.line}"]', "people: ada has a passkey, so approvals.rp_id"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, why: str) -> None:
    with pytest.raises(PolicyError) as error:
        parse_policy(tomllib.loads(text))
    assert str(error.value).startswith(why)

"""Of the host's policy: whose signatures a session of risk S3 needs here, and with which keys people sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from proto.signatures import PASSKEY, KeyFormatError, PersonKey, Site, parse_key

HOURS_MAX = 6 * 24  # run ids are remembered for seven days: within them nothing that was signed can be used twice


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the host's owner knows, by the name that they have on the server."""

    name: str
    request: bool = True
    approve: bool = True
    keys: tuple[PersonKey, ...] = ()
    break_glass: tuple[PersonKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Approvals:
    """``needed``: people besides the one who asks; 0: the owner wants no signatures. ``keep_hours``: after a run's end
    until the host destroys the key of its rows. ``people``: by folded name."""

    needed: int = 1
    hours: int = 24
    keep_hours: int = 72
    site: Site = field(default_factory=Site)
    people: Mapping[str, Person] = field(default_factory=dict)

    def check(self) -> None:
        """Raises ValueError where one key is two people's, or passkeys have no site."""
        owners: dict[PersonKey, str] = {}
        for person in self.people.values():
            for key in {*person.keys, *person.break_glass}:
                if owners.setdefault(key, person.name) != person.name:
                    raise ValueError(f"people: {owners[key]} and {person.name} have the same key {key.fingerprint}")
                if key.kind == PASSKEY and not (self.site.rp_id and self.site.origin):
                    raise ValueError(f"people: {person.name} has a passkey, so approvals.rp_id and .origin must be set")


def parse_keys(key: str, lines: tuple[str, ...]) -> tuple[PersonKey, ...]:
    """Raises ValueError as ``key: why``."""
    try:
        return tuple(parse_key(line) for line in lines)
    except KeyFormatError as error:
        raise ValueError(f"{key}: {error}") from error

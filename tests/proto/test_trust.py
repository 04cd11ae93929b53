from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from proto.trust import Trust, TrustError, fingerprint, opened, sign
from proto.v1.agent_pb2 import SignedTrust
from server import pki

OLD_KEY, NEW_KEY = pki.new_key(), pki.new_key()
OLD, NEW = pki.self_signed(OLD_KEY), pki.self_signed(NEW_KEY)
BOTH = Trust(2, (OLD, NEW))


def test_a_list_that_a_known_authority_signed_is_opened() -> None:
    assert opened(sign(BOTH, [OLD_KEY]), [OLD]) == BOTH
    assert opened(sign(BOTH, [OLD_KEY, NEW_KEY]), [NEW]) == BOTH
    assert BOTH.pem == pki.pem(OLD) + pki.pem(NEW)
    assert len({fingerprint(OLD), fingerprint(NEW)}) == 2


@pytest.mark.parametrize(
    ("signed", "known"),
    [
        (sign(BOTH, [NEW_KEY]), [OLD]),
        (sign(BOTH, []), [OLD]),
        (SignedTrust(), [OLD]),
        (sign(BOTH, [OLD_KEY]), []),
        (SignedTrust(payload=sign(BOTH, []).payload, signatures=[b"", b"x" * 72]), [OLD]),
        (SignedTrust(payload=sign(Trust(3, (NEW,)), []).payload, signatures=sign(BOTH, [OLD_KEY]).signatures), [OLD]),
    ],
    ids=["by the new one", "by nobody", "empty", "nobody known", "no signatures", "of another list"],
)
def test_another_list_is_not(signed: SignedTrust, known: list[object]) -> None:
    with pytest.raises(TrustError, match="no authority that is trusted here"):
        opened(signed, known)  # type: ignore[arg-type]


def _signed(payload: bytes) -> SignedTrust:
    from cryptography.hazmat.primitives import hashes

    signature = OLD_KEY.sign(b"fleetscope-trust-v1\0" + payload, ec.ECDSA(hashes.SHA256()))
    return SignedTrust(payload=payload, signatures=[signature])


def test_a_signed_list_that_nobody_can_use_is_refused() -> None:
    for signed in (_signed(b"\xff\xff"), _signed(b"\x12\x01x")):
        with pytest.raises(TrustError, match="cannot be read"):
            opened(signed, [OLD])
    for count in (0, 5):
        with pytest.raises(TrustError, match=f"names {count} authorities"):
            opened(sign(Trust(2, (OLD,) * count), [OLD_KEY]), [OLD])

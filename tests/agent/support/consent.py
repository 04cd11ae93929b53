"""A start of risk S3 with what people sign of it, and the policy of a host that knows these people."""

from __future__ import annotations

import time

from proto.specification import Terms, specification
from proto.v1.agent_pb2 import Envelope
from tests.agent.support.commands import envelope
from tests.signers import ORIGIN, RP_ID, PasskeySigner, SshSigner

ADA, BOB, CARL, GLASS = SshSigner(), PasskeySigner(), SshSigner(), SshSigner()
POLICY = f"""
risk = ["S0", "S1", "S2", "S3"]
[approvals]
rp_id = "{RP_ID}"
origin = "{ORIGIN}"
[people.ada]
keys = ["{ADA.line}"]
break_glass = ["{GLASS.line}"]
[people.bob]
request = false
keys = ["{BOB.line}"]
[people.carl]
approve = false
keys = ["{CARL.line}"]
"""


def agreed(
    host_id: str, *signers: SshSigner | PasskeySigner, terms: Terms | None = None, **changes: object
) -> Envelope:
    """By ada. ``terms``: else asked for just now, for an hour."""
    start = envelope(host_id, **{"tool": "sslsniff", **changes})  # type: ignore[arg-type]
    now = int(time.time())
    start.consent.specification = specification(start, terms or Terms(now, now + 3600))
    start.consent.signatures.extend(signer.sign(start.consent.specification) for signer in signers)
    return start

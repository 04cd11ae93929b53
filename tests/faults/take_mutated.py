"""Give mutated input to everything that reads a host's bytes: `python -m tests.faults.take_mutated CASES SEED`.

Prints what was refused and taken, and by how much this process grew. Anything but an orderly refusal ends it.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from pathlib import Path

from google.protobuf.message import DecodeError

from proto.columnar import BodyDecoder
from proto.frame import FrameError, decode
from proto.v1 import agent_pb2 as pb
from server.ingest.check import UnacceptableError, check_frame
from tests.faults.mutated import mutated, mutated_frame
from tests.server.tracing.rows import TWO_STREAMS, Frames

WARM_UP = 500  # cases before the growth is counted: what is loaded at first use


def main() -> None:
    cases, chance = int(sys.argv[1]), random.Random(int(sys.argv[2]))
    frames, messages = honest_frames(), honest_messages()
    decoders = [BodyDecoder(stream) for stream in TWO_STREAMS.streams]
    done: Counter[str] = Counter()
    before = 0
    for number in range(cases):
        if number == WARM_UP:
            before = resident()
        if chance.random() < 0.8:
            done[frame(mutated_frame(chance.choice(frames), chance, frames), decoders)] += 1
        else:
            done[message(mutated(chance.choice(messages), chance, messages))] += 1
    print(json.dumps({**done, "grown": resident() - before}))


def frame(raw: bytes, decoders: list[BodyDecoder]) -> str:
    try:
        check_frame(decode(raw), decoders)
    except FrameError:
        return "frames damaged"
    except UnacceptableError:
        return "frames refused"
    return "frames taken"


def message(raw: bytes) -> str:
    try:
        pb.AgentMessage.FromString(raw)
    except DecodeError:
        return "messages refused"
    return "messages taken"


def honest_frames() -> list[bytes]:
    made = Frames()
    return [made.rows_of(1), made.rows_of(300), made.stacks_of(40), made.rows_of(7, paths=[b"", b"\xff" * 4000])]


def honest_messages() -> list[bytes]:
    update = pb.RunUpdate(run_id=b"r" * 16, state=pb.RunUpdate.STATE_ATTACHED, schema=TWO_STREAMS)
    hello = pb.Hello(agent_version="1", facts=pb.HostFacts(host_name="web-1"), labels={"env": "prod"})
    hello.verdicts.add(tool="opensnoop", tool_digest=b"d" * 32, state=pb.Verdict.STATE_WORKS)
    return [
        pb.AgentMessage(run=update).SerializeToString(),
        pb.AgentMessage(hello=hello).SerializeToString(),
        pb.AgentMessage(refusal=pb.Refusal(run_id=b"r" * 16, reason="policy")).SerializeToString(),
        pb.AgentMessage(names=pb.Names(ask_id=b"a" * 16, names=[pb.Name(value="x")] * 20)).SerializeToString(),
        pb.AgentMessage(certificate_request=pb.CertificateRequest(csr_pem=b"pem")).SerializeToString(),
    ]


def resident() -> int:
    words = Path("/proc/self/statm").read_text().split()
    return int(words[1]) * 4096


if __name__ == "__main__":
    main()

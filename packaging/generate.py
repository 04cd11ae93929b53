"""Regenerate the code made from proto/v1; a test compares what is committed with what this makes."""

import subprocess
import sys

from provision import ROOT
from provision.frontend import FRONTEND
from provision.node import find_node


def main() -> int:
    protos = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "proto/v1").glob("*.proto"))
    flags = [f"--{kind}_out=." for kind in ("python", "pyi", "grpc_python")]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", "-I", ".", *flags, *protos], cwd=ROOT, check=True)
    # protoc writes one for every file, but only agent.proto has services.
    for path in (ROOT / "proto/v1").glob("*_pb2_grpc.py"):
        if path.name != "agent_pb2_grpc.py":
            path.unlink()
    node = find_node()
    return subprocess.run([*node.npm, "run", "--silent", "gen"], cwd=FRONTEND, env=node.env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

"""The road between a host and its server, spoiled by the kernel itself: netem, which not every kernel has.

Two namespaces of one guest are joined by a cable; the agent lives in one, the road to the server begins in the other.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stack import AGENT_COMMAND, eventually
from tests.faults.network import HERE, POLICY, THERE, ServerAlone
from tests.faults.proof import export
from tests.vm import kernels
from tests.vm.guest import run

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1800)]  # emulation is slow

PREFIX = "/nonexistent/in-guest-"
RATE = 200
GUEST_SECONDS = 1500.0
SLOW = 600.0  # seconds for what takes some on a machine that is not emulated

SCRIPT = """
set -ex
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ip netns add far
ip link add near type veth peer name far netns far
ip addr add {here}/30 dev near
ip link set near up
ip -n far addr add {there}/30 dev far
ip -n far link set lo up
ip -n far link set far up
.venv/bin/python -m tests.vm.relay {port} {here} &
sleep 1
enter="nsenter --net=/run/netns/far"
$enter {join} --name guest --state /tmp/agent
mkfifo /tmp/steps
.venv/bin/python -S tests/workloads/counted_opens.py {prefix} < /tmp/steps > /mnt/counted &
exec 9> /tmp/steps
$enter {agent} run --state /tmp/agent --policy /mnt/policy.toml 9>&- &
set +x
number=1
while :; do
  until [ -e /mnt/order-$number ]; do sleep 0.2; done
  . /mnt/order-$number
  touch /mnt/done-$number
  number=$((number + 1))
done
"""
# Both ends of the cable, so both directions; what netem did to the packets is kept.
SPOIL = """
tc qdisc add dev near root netem {how}
tc -n far qdisc add dev far root netem {how}
"""
MEND = """
tc -s qdisc show dev near > /mnt/near
tc -n far -s qdisc show dev far > /mnt/far
tc qdisc del dev near root
tc -n far qdisc del dev far root
"""


@dataclass
class Guest:
    """A joined host that does what it is ordered."""

    stack: ServerAlone
    shared: Path
    numbers: Iterator[int]
    session: str = ""

    def order(self, script: str) -> None:
        """Run in the guest's shell to the end."""
        number = self.send(script)
        eventually((self.shared / f"done-{number}").exists, SLOW, f"the guest's end of {script!r}")

    def send(self, script: str) -> int:
        """Its number; nobody waits for it."""
        number = next(self.numbers)
        part = self.shared / "order.part"
        part.write_text(script)
        part.rename(self.shared / f"order-{number}")
        return number

    def spoiled(self, how: str, seconds: int) -> list[str]:
        """Events at a steady rate, some of them while the road is so; what netem did to each direction meanwhile."""
        events = RATE * (seconds + 5)
        self.order(f"echo {events} {RATE} >&9\nsleep 2\n{SPOIL.format(how=how)}sleep {seconds}\n{MEND}")
        return [(self.shared / side).read_text() for side in ("near", "far")]

    @property
    def counts(self) -> list[int]:
        """The workload's pid, then after every step how many events there were."""
        return [int(line) for line in (self.shared / "counted").read_text().splitlines()]

    def wait_stored(self, steps: int) -> int:
        """Until every event of so many steps is; how many there are."""
        eventually(lambda: len(self.counts) > steps, SLOW, f"{steps} steps of the workload")
        made = self.counts[-1]
        eventually(lambda: self.seen()["rows"] >= made, SLOW, f"{made} rows")
        return made

    def seen(self) -> dict[str, Any]:
        return self.stack.session(self.session)

    def state(self) -> str:
        """Empty: it has not joined yet."""
        return "".join(host["state"] for host in self.stack.api("GET", "/api/hosts"))


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    folder = tmp_path_factory.mktemp("netem")
    for name in ("home", "shared"):
        (folder / name).mkdir()
    stack = ServerAlone(data=folder / "var", home=folder / "home", listen="127.0.0.1")
    try:
        stack.start()
        with joined(stack, folder / "shared") as found:
            yield found
    finally:
        stack.stop()


@contextmanager
def joined(stack: ServerAlone, shared: Path) -> Iterator[Guest]:
    (shared / "policy.toml").write_text(POLICY)
    join = shlex.join([str(AGENT_COMMAND), *stack.join_words()])
    values = {"here": HERE, "there": THERE, "port": stack.grpc_port, "prefix": PREFIX}
    (shared / "orders.sh").write_text(SCRIPT.format(join=join, agent=AGENT_COMMAND, **values))
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(run, kernels.vmlinuz(), "sh /mnt/orders.sh", shared, GUEST_SECONDS)
        found = Guest(stack, shared, count(1))
        try:
            eventually(lambda: found.state() == "online" or ended.done(), SLOW, "the guest online")
            assert not ended.done(), (shared / "out.txt").read_text()
            yield found
        finally:
            found.send("exit")
            ended.result()


def dropped(side: str) -> int:
    """Packets, by what `tc -s` says of a netem."""
    found = re.search(r"qdisc netem .*\n Sent \d+ bytes \d+ pkt \(dropped (\d+)", side)
    assert found, side
    return int(found[1])


# What netem does, for how many seconds, and whether it takes packets away.
FAULTS = [("loss 100%", 1, True), ("loss 100%", 30, True), ("loss 30%", 8, True), ("delay 500ms", 6, False)]


def test_what_netem_does_to_the_road_costs_no_row(guest: Guest) -> None:
    pid = eventually(lambda: guest.counts and guest.counts[0], SLOW, "the workload")
    start = ["start", "opensnoop", "--host", "guest", "--pid", str(pid), "--duration", "1800s", "--budget", "100%"]
    guest.session = str(guest.stack.json(*start, "--detach")["session"])
    guest.stack.wait_state(guest.session, "attached", SLOW)
    for step, (how, seconds, takes) in enumerate(FAULTS, 1):
        for side in guest.spoiled(how, seconds):
            assert bool(dropped(side)) is takes, side
        made = guest.wait_stored(step)
        print(f"netem {how} for {seconds} s: {made} events made and stored so far")
    guest.order("exec 9>&-")  # the workload ends
    check_books(guest, guest.counts[-1])


def check_books(guest: Guest, made: int) -> None:
    """Stored and declared are what was seen, that is what the workload made, and every event is there once."""
    ended = guest.stack.wait_state(guest.session, "ended", SLOW)
    (run,) = ended["runs"]
    assert run["end"]["cause"] == "target_exited", run
    ledger = run["ledger"]
    assert made == RATE * sum(seconds + 5 for _, seconds, _ in FAULTS)
    assert ledger["stored"] + sum(ledger["lost"].values()) == ledger["seen"] == made
    assert ended["books"] == "complete", ended["books_message"]
    _, rows = export(guest.stack, guest.session)
    numbers = Counter(int(str(row["path"]).removeprefix(PREFIX)) for row in rows)
    assert numbers == Counter(range(made))

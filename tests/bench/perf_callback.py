"""The usual way to read events with BCC, as a measure: one Python callback per event from a perf buffer.

`perf_callback.py PID HEADERS` prints `ready`, traces openat of PID until stdin ends, prints events, lost and CPU
seconds.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time

TEXT = """
#include <uapi/linux/ptrace.h>
struct event { u64 time; u32 pid, tid, uid, flags; char comm[16]; char path[128]; };
BPF_PERF_OUTPUT(events);
TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
    struct event event = {};
    u64 id = bpf_get_current_pid_tgid();

    if (id >> 32 != TARGET)
        return 0;
    event.time = bpf_ktime_get_boot_ns();
    event.pid = id >> 32;
    event.tid = id;
    event.uid = bpf_get_current_uid_gid();
    event.flags = args->flags;
    bpf_get_current_comm(event.comm, sizeof(event.comm));
    bpf_probe_read_user_str(event.path, sizeof(event.path), args->filename);
    events.perf_submit(args, &event, sizeof(event));
    return 0;
}
"""
PAGES = 256


def main() -> None:
    os.environ["BCC_KERNEL_SOURCE"] = sys.argv[2]
    from bcc import BPF

    module = BPF(text=TEXT, cflags=[f"-DTARGET={sys.argv[1]}"])
    events, received, lost = module["events"], 0, 0

    def one(_cpu: int, data: int, _size: int) -> None:
        nonlocal received
        events.event(data)
        received += 1

    def none(count: int) -> None:
        nonlocal lost
        lost += count

    events.open_perf_buffer(one, page_cnt=PAGES, lost_cb=none)
    start, ended = time.process_time(), False
    print("ready", flush=True)
    while True:
        before = received + lost
        module.perf_buffer_poll(timeout=20)
        if ended and received + lost == before:
            break
        ended = bool(select.select([sys.stdin], [], [], 0)[0])
    print(json.dumps({"events": received, "lost": lost, "cpu": time.process_time() - start}), flush=True)
    os._exit(0)  # BCC complains about its own clean-up


if __name__ == "__main__":
    main()

"""The beginning of TCP workloads, for `statements.py`: `BEFORE` names what they use.

pair(ip, address) gives (listener, client, server side) of one new connection, ends(sock) its own address and port and
the peer's, IPv4 inside IPv6 written as IPv4. `APART` is the same in a network namespace of its own.
"""

BEFORE = """
import contextlib, errno, json, os, socket, struct, threading, time
AF = {4: socket.AF_INET, 6: socket.AF_INET6}

def listener(ip, address, backlog=16):
    sock = socket.socket(AF[ip])
    sock.bind((address, 0))
    sock.listen(backlog)
    return sock

def pair(ip, address):
    waiting = listener(ip, address)
    client = socket.socket(AF[ip])
    client.connect(waiting.getsockname()[:2])
    server, _ = waiting.accept()
    return waiting, client, server

def ends(sock):
    here, there = sock.getsockname(), sock.getpeername()
    return [here[0].replace("::ffff:", ""), here[1], there[0].replace("::ffff:", ""), there[1]]

PLACES = [(4, "127.0.0.1"), (6, "::1"), (6, "::ffff:127.0.0.1")]
"""

APART = f"""
import ctypes, fcntl
assert ctypes.CDLL(None).unshare(0x40000000) == 0  # CLONE_NEWNET: only what this workload does happens here
{BEFORE}
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 0x41))  # SIOCSIFFLAGS: up, running
"""

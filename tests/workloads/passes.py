"""Passes tracepoints a known number of times: `passes.py STEP...`, each STEP being WORD or WORD=HEX[,HEX...].

seek=OFFSETS, name=NAMES (of the thread), open=PATHS, exec=PATHS (each in a child), signal=NUMBERS (to itself,
blocked), and connect, which connects to itself over the loopback and closes. Values are hex, so that they may hold
any bytes; a number is 8 bytes, little endian. Prints its pid, starts when a line arrives on stdin.
"""

import ctypes
import os
import signal
import socket
import sys

SEEK = 8  # x86-64
PR_SET_NAME = 15


def number(value: bytes) -> int:
    return int.from_bytes(value, "little", signed=True)


def execute(path: bytes) -> None:
    child = os.fork()
    if child == 0:
        try:
            os.execv(path, [path])
        finally:
            os._exit(1)
    os.waitpid(child, 0)


def connect() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        server.accept()[0].close()


def step(libc: ctypes.CDLL, word: str, values: list[bytes]) -> None:
    if word == "connect":
        connect()
    for value in values:
        if word == "seek":
            libc.syscall(ctypes.c_long(SEEK), ctypes.c_long(-1), ctypes.c_long(number(value)), ctypes.c_long(0))
        elif word == "name":
            libc.prctl(PR_SET_NAME, value, 0, 0, 0)
        elif word == "open":
            libc.open(value, os.O_RDONLY)
        elif word == "exec":
            execute(value)
        elif word == "signal":
            os.kill(os.getpid(), number(value))


def main() -> None:
    libc = ctypes.CDLL(None)
    steps = [argument.partition("=") for argument in sys.argv[1:]]
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGUSR2})
    print(os.getpid(), flush=True)
    sys.stdin.readline()
    for word, given, values in steps:
        step(libc, word, [bytes.fromhex(value) for value in values.split(",")] if given else [])


if __name__ == "__main__":
    main()

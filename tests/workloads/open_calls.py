"""Open files by every call there is: `open_calls.py CALL=PATH...`, CALL being open, openat, openat2 or creat.

PATH is hex, so that it may hold any bytes. Prints its pid, starts when a line arrives on stdin.
"""

import ctypes
import os
import struct
import sys

NUMBERS = {"open": 2, "creat": 85, "openat": 257, "openat2": 437}  # x86-64
AT_FDCWD = -100


def main() -> None:
    libc = ctypes.CDLL(None)
    calls = [argument.split("=") for argument in sys.argv[1:]]
    how = struct.pack("=QQQ", os.O_RDONLY | os.O_NOFOLLOW, 0, 0)
    print(os.getpid(), flush=True)
    sys.stdin.readline()
    for name, path in calls:
        number, data = ctypes.c_long(NUMBERS[name]), bytes.fromhex(path)
        if name == "open":
            libc.syscall(number, data, os.O_WRONLY | os.O_APPEND, 0)
        elif name == "creat":
            libc.syscall(number, data, 0o600)
        elif name == "openat":
            libc.syscall(number, AT_FDCWD, data, os.O_RDONLY, 0)
        else:
            libc.syscall(number, AT_FDCWD, data, how, len(how))


if __name__ == "__main__":
    main()

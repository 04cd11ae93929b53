"""Be called, start and open what a list of texts says: `hostile_names.py LIST FOLDER`, a file of JSON.

Starts when a line arrives on stdin. Of each text the first 15 bytes become this thread's name, the file of that name
is opened, made in FOLDER where it can exist, and /bin/true gets it as an argument. Then it waits for another line.
"""

import contextlib
import ctypes
import json
import os
import sys
from pathlib import Path

PR_SET_NAME = 15


def main() -> None:
    texts = [text.encode() for text in json.loads(Path(sys.argv[1]).read_text())]
    libc = ctypes.CDLL(None)
    os.chdir(sys.argv[2])
    print(os.getpid(), flush=True)
    sys.stdin.readline()
    for text in texts:
        libc.prctl(PR_SET_NAME, text[:15] + b"\0")
        with contextlib.suppress(OSError):
            os.close(os.open(text, os.O_RDONLY | (0 if b"/" in text else os.O_CREAT)))
        child = os.posix_spawn("/bin/true", [b"/bin/true", text], {})
        os.waitpid(child, 0)
    print("done", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()

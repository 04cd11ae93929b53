"""SIGTERM as something to wait for beside the socket."""

from __future__ import annotations

import os
import signal


class Termination:
    """``descriptor`` is readable once the process was asked to end; SIGINT is left to the terminal's own process."""

    def __init__(self) -> None:
        self.descriptor, self._write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

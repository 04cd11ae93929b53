"""Run one long command: a line at its start, signs of life while it runs, one line when it fails, the rest in a log."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from provision import BUILD, SetupError

LOG = BUILD / "setup.log"
SIGN_OF_LIFE_SECONDS = 10


def run_step(
    title: str, argv: Sequence[str], *, fix: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Raises SetupError with the command's last line and `fix`."""
    say(title)
    start = LOG.stat().st_size if LOG.exists() else 0
    if run_logged(argv, cwd=cwd, env=env, title=title) != 0:
        raise SetupError(f"{title} failed: {_reason(start)}; {fix} (whole output: {LOG})")


def run_logged(
    argv: Sequence[str], *, title: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> int:
    """Exit status of the command; its output goes to the log only."""
    BUILD.mkdir(exist_ok=True)
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(argv)}\n".encode())
        log.flush()
        try:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd, env=env)
        except OSError as error:
            raise SetupError(f"{title} failed: cannot run {argv[0]}: {error.strerror}") from error
        return _wait(process, title)


def say(line: str) -> None:
    print(f"  {line}", flush=True)


def _wait(process: subprocess.Popen[bytes], title: str) -> int:
    started = time.monotonic()
    try:
        while True:
            try:
                return process.wait(SIGN_OF_LIFE_SECONDS)
            except subprocess.TimeoutExpired:
                say(f"{title}: {time.monotonic() - started:.0f} s")
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise


def _reason(start: int) -> str:
    """The line that says most: the first that names an error, else the last one."""
    with LOG.open("rb") as log:
        log.seek(start)
        lines = [line.strip() for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "e:", "npm error", "fatal"))]
    return (errors or lines or ["no output"])[0 if errors else -1][:300]

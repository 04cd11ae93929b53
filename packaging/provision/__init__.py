"""Makes a fresh machine able to run this tree. Standard library only: it runs before anything is installed."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
VENV = ROOT / ".venv"


class SetupError(Exception):
    """Set-up cannot go on. The message is one line: what, why, what to do next."""

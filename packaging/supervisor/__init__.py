"""Keeps the server and the local agent running, and ends them together."""


class SupervisorError(Exception):
    """Fleetscope cannot run here. The message is one line: what, why, what to do next."""


def say(line: str) -> None:
    print(line, flush=True)

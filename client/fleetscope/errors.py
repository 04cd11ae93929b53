"""What can go wrong, as one line each: what, why, what to do next."""


class FleetscopeError(Exception):
    """The base of all of them."""


class Unreachable(FleetscopeError):
    """No answer from the server, or the connection broke."""


class NotSignedIn(FleetscopeError):
    """No token, or one the server does not take any more."""


class Refused(FleetscopeError):
    """The server understood and said no. `code` is stable, `field` names the input it is about."""

    def __init__(self, message: str, *, code: str = "error", field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.field = field

"""The guests join the same kind of stack as the end-to-end tests use."""

from tests.e2e.conftest import stack

__all__ = ["stack"]

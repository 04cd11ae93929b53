"""HTTP to one server: every failure becomes one of our errors, with one line that says what to do."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from fleetscope.errors import FleetscopeError, NotSignedIn, Refused, Unreachable

EXAMPLE = "http://localhost:8000"
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
# A stream may say nothing for as long as the host sees no event.
_STREAM_TIMEOUT = httpx.Timeout(None, connect=5.0)


class Transport:
    """Not for use by several threads at once."""

    def __init__(self, url: str, token: str | None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/api/", headers=headers, timeout=_TIMEOUT)

    def close(self) -> None:
        self._http.close()

    def json(self, method: str, path: str, *, body: object = None, query: Mapping[str, Any] | None = None) -> Any:
        with self._translated():
            response = self._http.request(method, path, json=body, params=query)
        self._check(response)
        return response.json() if response.content else None

    @contextmanager
    def stream(self, path: str, query: Mapping[str, Any]) -> Iterator[Iterator[bytes]]:
        """The body in chunks as they arrive."""
        with self._translated(), self._http.stream("GET", path, params=query, timeout=_STREAM_TIMEOUT) as response:
            if response.is_error:
                response.read()
            self._check(response)
            yield response.iter_bytes()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except httpx.InvalidURL as error:
            raise FleetscopeError(f"{self.url} is not an address: {error}; use one like {EXAMPLE}") from error
        except httpx.HTTPError as error:
            raise Unreachable(self._trouble(error)) from error

    def _trouble(self, error: httpx.HTTPError) -> str:
        match error:
            case httpx.UnsupportedProtocol():
                return f"{self.url} is not an address; use one like {EXAMPLE}"
            case httpx.ConnectError():
                return f"no server answers at {self.url}: {error}; is it running, is the address right?"
            case httpx.TimeoutException():
                return f"{self.url} did not answer in time; look at the server's log and try again"
            case _:
                return f"the connection to {self.url} broke: {error or type(error).__name__}; try again"

    def _check(self, response: httpx.Response) -> None:
        if response.is_success:
            return
        if response.status_code == httpx.codes.UNAUTHORIZED and "Authorization" in self._http.headers:
            raise NotSignedIn(f"{self.url} does not take this login any more; run: fleetscope login {self.url}")
        raise _refusal(self.url, response)


def _refusal(url: str, response: httpx.Response) -> Refused:
    try:
        error = json.loads(response.content)["error"]
        return Refused(str(error["message"]), code=str(error["code"]), field=error.get("field"))
    except (ValueError, KeyError, TypeError):
        return Refused(f"{url} answered {response.status_code} {response.reason_phrase}; is this a Fleetscope server?")

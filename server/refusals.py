"""What Django itself answers to a request that reaches no operation, in the one shape of every error."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from server.errors import ApiError, Internal, NotFound, WrongMethod

_SHOWN = 200  # characters of what a stranger sent


def refusal(error: ApiError) -> JsonResponse:
    return JsonResponse(error.body(), status=error.status)


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001 (Django passes both)
    return refusal(ApiError(f"the request is malformed ({type(exception).__name__}); /api/docs says what is expected"))


def missing(request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001 (Django passes it by name)
    return refusal(NotFound(f"there is nothing at {request.path[:_SHOWN]}; /api/docs lists what there is"))


def broken(_request: HttpRequest) -> JsonResponse:
    return refusal(Internal("the server failed at this request; its log says more"))


class MethodAnswer:
    """Gives the answer to a wrong method the shape of the others; django-ninja's is a plain text. To HEAD, which
    django-ninja does not know, it answers with the head of what GET gives."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method == "HEAD" and request.path.startswith("/api/"):
            request.method = "GET"
            return _head_of(self(request))
        response = self._get_response(request)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        allowed = sorted(method.strip() for method in response.headers["Allow"].split(","))
        use = " or ".join(allowed)
        answer = refusal(WrongMethod(f"{request.path[:_SHOWN]} does not take {request.method}; use {use}"))
        answer.headers["Allow"] = ", ".join(allowed)
        return answer


def _head_of(response: HttpResponseBase) -> HttpResponseBase:
    """Rows that are followed would never come to their end."""
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = _nothing() if response.is_async else ()
    elif isinstance(response, HttpResponse):
        response.content = b""
    return response


async def _nothing() -> AsyncIterator[bytes]:
    none: tuple[bytes, ...] = ()
    for part in none:
        yield part

"""Mends of the server itself, before any service sees a request."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from ..patching import override, state_of
from ..registry import mend

KEPT = 2048  # answers
LARGEST = 1 << 20  # bytes of one of them


class Answers:
    """The last answers that reported success, by the call that they answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_call: OrderedDict[str, tuple[str, list[tuple[str, str]], bytes]] = OrderedDict()

    def get(self, call: str) -> tuple[str, list[tuple[str, str]], bytes] | None:
        with self._lock:
            return self._by_call.get(call)

    def keep(self, call: str, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        with self._lock:
            self._by_call[call] = (status, headers, body)
            while len(self._by_call) > KEPT:
                self._by_call.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._by_call.clear()


@mend(
    "moto_server",
    "Now and then, on a loaded machine, a connection breaks after a call was carried "
    "out. The SDK sends the call again under the same amz-sdk-invocation-id, and moto "
    "carries it out a second time: a rule just made is refused as a duplicate.",
)
def a_call_sent_again_gets_its_first_answer() -> None:
    @override(DomainDispatcherApplication)
    def __call__(
        original: Any, self: Any, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        answers = state_of(self, "answers", Answers)
        if environ.get("PATH_INFO") == "/moto-api/reset":
            answers.clear()
        call = environ.get("HTTP_AMZ_SDK_INVOCATION_ID", "")
        if not call or environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return original(self, environ, start_response)
        known = answers.get(call)
        if known and not environ.get("HTTP_AMZ_SDK_REQUEST", "").startswith("attempt=1;"):
            status, headers, body = known
            start_response(status, headers)
            return [body]
        said: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            said.append((status, list(headers)))
            return start_response(status, headers, *rest)

        body = b"".join(original(self, environ, start))
        if said and said[-1][0].startswith("2") and len(body) <= LARGEST:
            answers.keep(call, *said[-1], body)
        return [body]

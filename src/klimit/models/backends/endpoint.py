"""One HTTP endpoint: exchanges tried again while it is busy, and the key kept out of sight."""

import os
import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from klimit.core.errors import BackendError, InputError
from klimit.core.extras import optional
from klimit.core.lines import one_line
from klimit.models.backends.replies import Reply, complaint, retry_after

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["Endpoint", "public_address"]

KEY_VARIABLES: Final = ("KLIMIT_API_KEY", "OPENAI_API_KEY")
"""Where an API key is looked for; it comes from nowhere else and is written nowhere."""

_BUSY: Final = frozenset({408, 409, 429, 500, 502, 503, 504})
_TRIES: Final = 6


class Endpoint:
    """The connections to an endpoint.

    Attributes:
        address: Its address without user, password, query and fragment.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._http: ModuleType = optional("httpx2", feature="an endpoint", extra="app")
        self._key = next(filter(None, map(os.environ.get, KEY_VARIABLES)), "")
        path = parts.path.rstrip("/")
        self._base = urlunsplit(
            (parts.scheme, parts.netloc, path if path.endswith("/v1") else f"{path}/v1", "", "")
        )
        self.address = public_address(self._base)
        self._client = self._http.Client(
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=self._http.Timeout(900.0, connect=10.0),
            limits=self._http.Limits(max_connections=None),
            trust_env=parts.hostname not in {"127.0.0.1", "::1", "localhost"},
        )
        self._closed = threading.Event()

    def close(self) -> None:
        """Close the connections; requests in flight fail."""
        self._closed.set()
        self._client.close()

    def send(self, method: str, path: str, body: dict[str, object] | None) -> Reply:
        """One exchange, tried again while the endpoint is busy or the connection breaks.

        Args:
            method: The HTTP method.
            path: The path behind the version.
            body: What is sent as JSON, if anything.

        Returns:
            The reply, whatever it says of the request.

        Raises:
            InputError: The address is none.
            BackendError: The endpoint does not answer, stays busy, or refuses the key.
        """
        trouble = ""
        for attempt in range(_TRIES):  # pragma: no branch  (the last try breaks)
            pause = min(0.5 * 2**attempt, 20.0)
            try:
                response = self._client.request(method, self._base + path, json=body)
            except self._http.InvalidURL as error:
                raise InputError(f"{self.address} is no address: {error}") from error
            except self._http.TransportError as error:
                trouble = f"{self.address} does not answer: {self._redacted(error)}"
                refused = isinstance(error, self._http.ConnectError)
                if refused and attempt >= 1:
                    break
            else:
                reply = Reply.of(response.status_code, response.content)
                if reply.status not in _BUSY:
                    return self._checked(reply)
                trouble = self.tell(reply)
                pause = retry_after(response.headers) or pause
            if attempt + 1 == _TRIES or self._closed.wait(pause):
                break
        raise BackendError(f"{trouble}; what was drawn is kept, the same command goes on")

    def tell(self, reply: Reply) -> str:
        """What a reply that brings nothing says, in a line.

        Args:
            reply: The reply.

        Returns:
            The line, without the key.
        """
        return f"{self.address} says {reply.status}: {self._redacted(complaint(reply))}"

    def _checked(self, reply: Reply) -> Reply:
        if reply.status in {401, 403}:
            sent = "the API key" if self._key else "requests without an API key"
            raise BackendError(
                f"{self.address} refuses {sent} ({reply.status}); set "
                f"{' or '.join(KEY_VARIABLES)} in the environment"
            )
        return reply

    def _redacted(self, said: object) -> str:
        text = one_line(str(said))[:300]
        return text.replace(self._key, "[key]") if self._key else text


def public_address(address: str) -> str:
    """An address without user, password, query and fragment.

    Args:
        address: The address.

    Returns:
        What of it may be shown.

    Example:
        >>> public_address("http://me:secret@host:8000/v1?token=1#name")
        'http://host:8000/v1'
    """
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))

"""Any OpenAI-compatible endpoint: vLLM, llama-server, SGLang and others, over HTTP."""

import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from klimit.core.errors import BackendError, InputError
from klimit.core.extras import optional
from klimit.core.lines import one_line
from klimit.models.backends.replies import Reply, complaint, completions_of, retry_after
from klimit.models.protocols import Completion, Request

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["KEY_VARIABLES", "OpenAIModel", "open_endpoint"]

KEY_VARIABLES: Final = ("KLIMIT_API_KEY", "OPENAI_API_KEY")
"""Where an API key is looked for; it comes from nowhere else and is written nowhere."""

_UNTRUNCATED: Final[Mapping[str, object]] = {
    "top_k": -1,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
    "samplers": ["temperature"],
}
_LOG_PROBS: Final[Mapping[str, object]] = {"logprobs": True, "top_logprobs": 1}
# What is sent besides the standard fields, the most telling first: an endpoint that refuses an
# unknown field gets the next. ``top_logprobs`` is 1, for llama-server lists 20 unless told.
_DIALECTS: Final[tuple[Mapping[str, object], ...]] = (
    {**_UNTRUNCATED, **_LOG_PROBS},
    _LOG_PROBS,
    _UNTRUNCATED,
    {},
)
_REFUSED: Final = frozenset({400, 404, 422})
_BUSY: Final = frozenset({408, 409, 429, 500, 502, 503, 504})
_TRIES: Final = 6
_SINGLES: Final = 16


def open_endpoint(address: str) -> "OpenAIModel":
    """Connect to an OpenAI-compatible endpoint.

    Args:
        address: ``http://host:port`` or ``http://host:port/v1``; ``#name`` at its end chooses
            among several models.

    Returns:
        The model, after the endpoint has said what it serves.

    Raises:
        InputError: It serves several models and none was chosen, or the address is none.
        BackendError: It does not answer, or refuses the key.
        MissingExtraError: httpx2 is not installed.
    """
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise InputError(f"an endpoint is http://host:port, got no address: {error}") from error
    if not parts.hostname:
        raise InputError(f"an endpoint is http://host:port, got {_public(address)!r}")
    model = OpenAIModel(address, name=parts.fragment)
    if not parts.fragment:
        try:
            model.choose()
        except BaseException:
            model.close()
            raise
    return model


class OpenAIModel:
    """A model behind an OpenAI-compatible endpoint.

    Draws are asked for at temperature 1 with every truncation off (``top_p`` 1; ``top_k``,
    ``min_p``, ``repetition_penalty`` and llama-server's ``samplers`` where the endpoint takes
    them; ``conditions`` tells). One request brings all ``n`` draws where the endpoint honours
    ``n``; where it returns fewer, the others are asked for one by one, each with its own seed.
    Busy endpoints (429, 5xx) and broken connections are tried again.

    Whether equal seeds give equal draws is up to the endpoint. Batching changes the last bits
    of logits, so most do not promise it.
    """

    def __init__(self, address: str, *, name: str = "") -> None:
        parts = urlsplit(address)
        self._http: ModuleType = optional("httpx2", feature="an endpoint", extra="app")
        self._key = next(filter(None, map(os.environ.get, KEY_VARIABLES)), "")
        path = parts.path.rstrip("/")
        self._base = urlunsplit(
            (parts.scheme, parts.netloc, path if path.endswith("/v1") else f"{path}/v1", "", "")
        )
        self._client = self._http.Client(
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=self._http.Timeout(900.0, connect=10.0),
            limits=self._http.Limits(max_connections=None),
            trust_env=parts.hostname not in {"127.0.0.1", "::1", "localhost"},
        )
        self._name = name
        self._dialect, self._agreed, self._honours_n = 0, False, True
        self._singles = ThreadPoolExecutor(_SINGLES, thread_name_prefix="klimit-single")
        self._closed = threading.Event()

    @property
    def name(self) -> str:
        """The model's name at the endpoint."""
        return self._name

    @property
    def facts(self) -> dict[str, str]:
        """Where the model is."""
        return {"backend": "openai", "address": _public(self._base), "model": self._name}

    @property
    def conditions(self) -> dict[str, str]:
        """What the endpoint was asked for, and what of it was honoured."""
        sent = _DIALECTS[self._dialect]
        off = "all off" if "top_k" in sent else "top_p 1; the endpoint takes no more"
        return {
            "temperature": "1",
            "truncation": off,
            "log-probabilities": "yes" if "logprobs" in sent else "not given",
            "n in one request": "yes" if self._honours_n else "no",
        }

    def choose(self) -> None:
        """Take the only model that the endpoint serves.

        Raises:
            InputError: It serves several.
            BackendError: It does not answer.
        """
        reply = self._send("GET", "/models", None)
        listed = reply.body.get("data") if reply.status == 200 else None
        entries = listed if isinstance(listed, list) else []
        names = [str(entry.get("id")) for entry in entries if isinstance(entry, dict)]
        if len(names) > 1:
            raise InputError(
                f"{_public(self._base)} serves several models: {', '.join(names[:8])}; choose "
                f"one with {_public(self._base)}#NAME"
            )
        self._name = names[0] if names else "default"

    def complete(self, request: Request) -> list[Completion]:
        """Draw.

        Args:
            request: What to draw.

        Returns:
            ``request.n`` completions, in the order of their seeds.

        Raises:
            BackendError: The endpoint failed, or refused the request.
        """
        if request.n > 1 and not self._honours_n:
            return self._one_by_one(request)
        completions = self._ask(request)
        missing = request.n - len(completions)
        if missing <= 0:
            return completions[: request.n]
        self._honours_n = False
        done = request.n - missing
        rest = replace(request, n=missing, seed=request.seed + done)
        return completions + self._one_by_one(rest)

    def close(self) -> None:
        """Close the connections; requests in flight fail."""
        self._closed.set()
        self._singles.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _one_by_one(self, request: Request) -> list[Completion]:
        single = [replace(request, n=1, seed=request.seed + i) for i in range(request.n)]
        return [completions[0] for completions in self._singles.map(self._ask, single)]

    def _ask(self, request: Request) -> list[Completion]:
        first = ""
        for dialect in range(self._dialect, len(_DIALECTS)):
            reply = self._send("POST", "/chat/completions", self._body(request, dialect))
            if reply.status == 200 and "choices" in reply.body:
                self._dialect, self._agreed = dialect, True
                return completions_of(reply, f"{_public(self._base)}")
            first = first or self._tell(reply)
            if self._agreed or reply.status not in _REFUSED:
                break
        if request.n > 1 and not self._agreed:
            return self._ask(replace(request, n=1))
        raise BackendError(first)

    def _body(self, request: Request, dialect: int) -> dict[str, object]:
        return {
            "model": self._name,
            "messages": [{"role": "user", "content": request.prompt}],
            "n": request.n,
            "seed": request.seed,
            "max_tokens": request.max_tokens,
            "temperature": 1.0,
            "top_p": 1.0,
            **_DIALECTS[dialect],
        }

    def _send(self, method: str, path: str, body: dict[str, object] | None) -> Reply:
        """One exchange, tried again while the endpoint is busy or the connection breaks."""
        trouble = ""
        for attempt in range(_TRIES):  # pragma: no branch  (the last try breaks)
            pause = min(0.5 * 2**attempt, 20.0)
            try:
                response = self._client.request(method, self._base + path, json=body)
            except self._http.InvalidURL as error:
                raise InputError(f"{_public(self._base)} is no address: {error}") from error
            except self._http.TransportError as error:
                trouble = f"{_public(self._base)} does not answer: {self._redacted(error)}"
                refused = isinstance(error, self._http.ConnectError)
                if refused and attempt >= 1:
                    break
            else:
                reply = Reply.of(response.status_code, response.content)
                if reply.status not in _BUSY:
                    return self._checked(reply)
                trouble = self._tell(reply)
                pause = retry_after(response.headers) or pause
            if attempt + 1 == _TRIES or self._closed.wait(pause):
                break
        raise BackendError(f"{trouble}; what was drawn is kept, the same command goes on")

    def _checked(self, reply: Reply) -> Reply:
        if reply.status in {401, 403}:
            sent = "the API key" if self._key else "requests without an API key"
            raise BackendError(
                f"{_public(self._base)} refuses {sent} ({reply.status}); set "
                f"{' or '.join(KEY_VARIABLES)} in the environment"
            )
        return reply

    def _tell(self, reply: Reply) -> str:
        return f"{_public(self._base)} says {reply.status}: {self._redacted(complaint(reply))}"

    def _redacted(self, said: object) -> str:
        text = one_line(str(said))[:300]
        return text.replace(self._key, "[key]") if self._key else text


def _public(address: str) -> str:
    """An address without user, password, query and fragment."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))

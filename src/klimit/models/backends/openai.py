"""Any OpenAI-compatible endpoint: vLLM, llama-server, SGLang and others, over HTTP."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import isnan
from typing import Final
from urllib.parse import urlsplit

from klimit.core.errors import BackendError, InputError
from klimit.models.backends.endpoint import Endpoint, public_address
from klimit.models.backends.replies import completions_of
from klimit.models.protocols import Completion, Request

__all__ = ["OpenAIModel", "open_endpoint"]

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
        raise InputError(f"an endpoint is http://host:port, got {public_address(address)!r}")
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
        self._endpoint = Endpoint(address)
        self._name = name
        self._dialect, self._agreed, self._honours_n = 0, False, True
        self._tells_log_probs = False
        self._singles = ThreadPoolExecutor(_SINGLES, thread_name_prefix="klimit-single")

    @property
    def name(self) -> str:
        """The model's name at the endpoint."""
        return self._name

    @property
    def facts(self) -> dict[str, str]:
        """Where the model is."""
        return {"backend": "openai", "address": self._endpoint.address, "model": self._name}

    @property
    def conditions(self) -> dict[str, str]:
        """What the endpoint was asked for, and what of it was honoured."""
        sent = _DIALECTS[self._dialect]
        off = "all off" if "top_k" in sent else "top_p 1; the endpoint takes no more"
        return {
            "temperature": "1",
            "truncation": off,
            "log-probabilities": "yes" if self._tells_log_probs else "not given",
            "n in one request": "yes" if self._honours_n else "no",
        }

    def choose(self) -> None:
        """Take the only model that the endpoint serves.

        Raises:
            InputError: It serves several.
            BackendError: It does not answer.
        """
        reply = self._endpoint.send("GET", "/models", None)
        listed = reply.body.get("data") if reply.status == 200 else None
        entries = listed if isinstance(listed, list) else []
        names = [str(entry.get("id")) for entry in entries if isinstance(entry, dict)]
        if len(names) > 1:
            where = self._endpoint.address
            raise InputError(
                f"{where} serves several models: {', '.join(names[:8])}; choose one with "
                f"{where}#NAME"
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
        self._singles.shutdown(wait=False, cancel_futures=True)
        self._endpoint.close()

    def _one_by_one(self, request: Request) -> list[Completion]:
        single = [replace(request, n=1, seed=request.seed + i) for i in range(request.n)]
        return [completions[0] for completions in self._singles.map(self._ask, single)]

    def _ask(self, request: Request) -> list[Completion]:
        first = ""
        for dialect in range(self._dialect, len(_DIALECTS)):
            reply = self._endpoint.send(
                "POST", "/chat/completions", self._body(request, dialect)
            )
            if reply.status == 200 and "choices" in reply.body:
                self._dialect, self._agreed = dialect, True
                completions = completions_of(reply, self._endpoint.address)
                if not all(isnan(each.log_prob) for each in completions):
                    self._tells_log_probs = True
                return completions
            first = first or self._endpoint.tell(reply)
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

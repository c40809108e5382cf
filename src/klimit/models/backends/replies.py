"""What an OpenAI-compatible endpoint answers, read with distrust."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from klimit.core.errors import BackendError
from klimit.models.protocols import Completion

__all__ = ["Reply", "complaint", "completions_of", "retry_after"]

_LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply.

    Attributes:
        status: The HTTP status.
        body: The JSON object in it; empty where there is none.
        text: The beginning of the reply as it came.
    """

    status: int
    body: Mapping[str, object]
    text: str

    @classmethod
    def of(cls, status: int, content: bytes) -> "Reply":
        """Read a reply.

        Args:
            status: The HTTP status.
            content: The bytes of the reply.

        Returns:
            The reply.

        Example:
            >>> Reply.of(502, b"<html>Bad gateway</html>").body
            {}
        """
        try:
            body = json.loads(content)
        except ValueError:
            body = None
        text = content[:500].decode("utf-8", errors="replace")
        return cls(status, body if isinstance(body, dict) else {}, text)


def complaint(reply: Reply) -> str:
    """What a reply that is no answer says is wrong.

    Args:
        reply: The reply.

    Returns:
        The message in it, or its text.

    Example:
        >>> complaint(Reply.of(400, b'{"error": {"message": "too long"}}'))
        'too long'
    """
    error = reply.body.get("error")
    if isinstance(error, Mapping) and error.get("message"):
        return str(error["message"])
    said = error or reply.body.get("message") or reply.body.get("detail") or reply.text
    return str(said) or "nothing"


def completions_of(reply: Reply, place: str) -> list[Completion]:
    """The completions in a reply, in the order of their index.

    Args:
        reply: A reply of status 200.
        place: Where it came from, for the message of an error.

    Returns:
        The completions.

    Raises:
        BackendError: The reply does not have the form it should.

    Example:
        >>> answer = b'{"choices": [{"index": 0, "message": {"content": "Hi"}, ' + (
        ...     b'"finish_reason": "length", "logprobs": {"content": [{"logprob": -1.5}]}}]}'
        ... )
        >>> completions_of(Reply.of(200, answer), "http://host")
        [Completion(text='Hi', tokens=1, log_prob=-1.5, finished=False)]
    """
    choices = reply.body.get("choices")
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        raise BackendError(f"{place} answered without a list of choices: {reply.text[:120]!r}")
    ordered = sorted(choices, key=lambda choice: int(choice.get("index") or 0))
    return [_completion(choice, place) for choice in ordered]


def retry_after(headers: Mapping[str, str]) -> float:
    """How long a busy endpoint asks to wait.

    Args:
        headers: The headers of its reply.

    Returns:
        Seconds, at most a minute; 0 where it does not say.

    Example:
        >>> retry_after({"retry-after": "3"})
        3.0
    """
    try:
        return min(max(float(headers.get("retry-after", "0")), 0.0), _LONGEST_PAUSE)
    except ValueError:
        return 0.0


def _completion(choice: Mapping[str, object], place: str) -> Completion:
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise BackendError(f"{place} sent a choice without a message")
    log_probs = choice.get("logprobs")
    listed = log_probs.get("content") if isinstance(log_probs, Mapping) else None
    tokens = listed if isinstance(listed, list) else []
    try:
        log_prob = math.fsum(float(token["logprob"]) for token in tokens)
    except (KeyError, TypeError, ValueError) as error:
        raise BackendError(f"{place} sent log-probabilities that are none: {error}") from error
    return Completion(
        text=str(message.get("content") or ""),
        tokens=len(tokens) if tokens else None,
        log_prob=log_prob if tokens else math.nan,
        finished=choice.get("finish_reason") == "stop",
    )

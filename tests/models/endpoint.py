"""A real HTTP server on loopback that speaks the OpenAI interface, well or badly."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from klimit.core.errors import BackendError
from klimit.models.protocols import Completion, LanguageModel, Request

KNOWN_FIELDS = {"model", "messages", "n", "seed", "max_tokens", "temperature", "top_p"}


@dataclass
class Endpoint:
    """How the server behaves, and what it was asked.

    Attributes:
        address: Where it listens.
        models: What it serves.
        honours_n: Whether one request brings n choices.
        strict: Whether it refuses fields that are not OpenAI's.
        gives_log_probs: Whether choices carry log-probabilities.
        samples: Whether what it answers depends on the seed.
        failures: Status codes of the next replies, before it recovers.
        key: The API key it wants.
        seconds: How long it takes to draw.
        longest: Longest prompt that it takes, in characters.
        model: What it draws from; six words of its own if ``None``.
        requests: The bodies it was sent.
    """

    address: str = ""
    models: tuple[str, ...] = ("small",)
    honours_n: bool = True
    strict: bool = False
    gives_log_probs: bool = True
    samples: bool = True
    failures: list[int] = field(default_factory=list)
    key: str = ""
    seconds: float = 0.0
    longest: int = 1000
    model: LanguageModel | None = None
    requests: list[dict[str, object]] = field(default_factory=list)

    def reply(self, path: str, key: str, body: dict[str, object]) -> tuple[int, object]:
        if self.failures:
            return self.failures.pop(0), {"error": {"message": "come back later"}}
        if self.key and key != f"Bearer {self.key}":
            return 401, {"error": {"message": f"no such key: {key}"}}
        if path == "/v1/models":
            return 200, {"data": [{"id": name} for name in self.models]}
        self.requests.append(body)
        complaint = self.complaint(body, key)
        if complaint:
            return 400, {"error": {"message": complaint}}
        count = int(str(body["n"])) if self.honours_n else 1
        first = int(str(body["seed"]))
        if self.model is not None:
            return self.drawn(self.model, body, count)
        choices = [self.choice(i, first + i) for i in range(count)]
        return 200, {"choices": choices[::-1]}

    def complaint(self, body: dict[str, object], key: str) -> str:
        unknown = set(body) - KNOWN_FIELDS - {"logprobs", "top_logprobs"}
        if self.strict and unknown:
            return f"unrecognized: {sorted(unknown)}"
        too_long = len(str(body["messages"])) > self.longest
        return f"prompt too long, key was {key}" if too_long else ""

    def drawn(
        self, model: LanguageModel, body: dict[str, object], count: int
    ) -> tuple[int, object]:
        """What another model draws, in the words of the interface."""
        messages = body["messages"]
        prompt = str(messages[0]["content"]) if isinstance(messages, list) else ""
        seed, most = int(str(body["seed"])), int(str(body["max_tokens"]))
        try:
            completions = model.complete(Request(prompt, count, seed, most))
        except BackendError as error:
            return 400, {"error": {"message": str(error)}}
        return 200, {"choices": [wired(i, one) for i, one in enumerate(completions)]}

    def choice(self, index: int, seed: int) -> dict[str, object]:
        """What a seed draws: it depends on the seed alone."""
        rng = np.random.default_rng(seed if self.samples else 0)
        words = rng.choice(["good", "bad", "plain", "great", "awful", "thing"], size=6)
        content = [{"token": word, "logprob": -1.75} for word in words]
        return {
            "index": index,
            "message": {"role": "assistant", "content": " ".join(words)},
            "finish_reason": "stop" if seed % 2 else "length",
            "logprobs": {"content": content} if self.gives_log_probs else None,
        }


def wired(index: int, completion: Completion) -> dict[str, object]:
    """A choice; the log-probability stands on the last token."""
    tokens = completion.tokens or 1
    log_probs = [0.0] * (tokens - 1) + [completion.log_prob]
    return {
        "index": index,
        "message": {"role": "assistant", "content": completion.text},
        "finish_reason": "stop" if completion.finished else "length",
        "logprobs": {"content": [{"token": "", "logprob": value} for value in log_probs]},
    }


@contextmanager
def serving(endpoint: Endpoint) -> Iterator[Endpoint]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.answer({})

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            self.answer(json.loads(self.rfile.read(length)))

        def answer(self, body: dict[str, object]) -> None:
            key = self.headers.get("Authorization", "")
            status, reply = endpoint.reply(self.path, key, body)
            if body:
                stopping.wait(endpoint.seconds)
            content = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Retry-After", "0.01")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    stopping = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    endpoint.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()

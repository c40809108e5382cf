"""A GGUF file, served inside this process by llama.cpp's own server."""

import hashlib
import os
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

from klimit.core.errors import BackendError, InputError
from klimit.core.extras import optional
from klimit.models.backends.openai import OpenAIModel
from klimit.models.protocols import Completion, Request

__all__ = ["LlamaModel", "open_file"]

_SLOTS: Final = 32  # draws at once; of more each takes longer, for it passes over all caches
_CONTEXT: Final = 16_384


def open_file(path: str) -> "LlamaModel":
    """Load a GGUF file.

    Args:
        path: The file.

    Returns:
        The model.

    Raises:
        InputError: There is no such file, or it is no GGUF file.
        BackendError: llama.cpp cannot load it.
        MissingExtraError: xllamacpp is not installed.
    """
    return LlamaModel(Path(path))


class LlamaModel:
    """A model in this process, behind llama.cpp's OpenAI-compatible interface on loopback.

    32 draws at once share the cache of their prompt. Equal seeds give equal draws as long as
    the same requests are in flight: batching changes the last bits of logits.
    """

    def __init__(self, path: Path) -> None:
        xllamacpp = optional("xllamacpp", feature="a GGUF file", extra="demo")
        _check(path)
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_parallel, params.n_ctx, params.kv_unified = _SLOTS, _CONTEXT, True
        threads = _cores()
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.verbosity, params.warmup = 0, False
        try:
            self._server = xllamacpp.Server(params)
        except RuntimeError as error:
            raise BackendError(f"llama.cpp cannot load {str(path)!r}: {error}") from error
        self._path = path
        with path.open("rb") as file:
            self._digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._endpoint = OpenAIModel(self._server.listening_address, name=path.name)

    @property
    def name(self) -> str:
        """The name of the file, less its ending."""
        return self._path.stem

    @property
    def facts(self) -> dict[str, str]:
        """The engine, and the checksum of the file."""
        return {
            "backend": "llama",
            "engine": f"xllamacpp {version('xllamacpp')}",
            "file": self._path.name,
            "sha256": self._digest,
        }

    @property
    def conditions(self) -> dict[str, str]:
        """How draws were made."""
        return self._endpoint.conditions

    def complete(self, request: Request) -> list[Completion]:
        """Draw.

        Args:
            request: What to draw.

        Returns:
            ``request.n`` completions, in the order of their seeds.

        Raises:
            BackendError: The prompt is too long for the model, or the engine failed.
        """
        draws: list[Completion] = []
        for done in range(0, request.n, _SLOTS):
            n = min(request.n - done, _SLOTS)  # llama.cpp refuses more
            draws += self._endpoint.complete(replace(request, n=n, seed=request.seed + done))
        return draws

    def close(self) -> None:
        """Close the connections; the engine ends with the process."""
        self._endpoint.close()


def _cores() -> int:
    """Cores that this process may use: more threads than these slow llama.cpp manyfold."""
    if hasattr(os, "sched_getaffinity"):  # pragma: no branch
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # pragma: no cover  (macOS and Windows do not tell)


def _check(path: Path) -> None:
    if not path.is_file():
        raise InputError(f"{str(path)!r}: there is no such file")
    with path.open("rb") as file:
        magic = file.read(4)
    if magic != b"GGUF":
        raise InputError(f"{str(path)!r} is no GGUF file: it begins with {magic!r}")

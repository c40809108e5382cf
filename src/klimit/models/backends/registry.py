"""Language models by what a user types: a name, a file, or an address."""

from collections.abc import Callable
from importlib.metadata import entry_points

from klimit.core.errors import InputError
from klimit.models.plugins import known_plugins
from klimit.models.protocols import LanguageModel

__all__ = ["Opener", "backend_for", "known_backends", "open_model"]

GROUP = "klimit.backends"

Opener = Callable[[str], LanguageModel]
"""From what the user typed, less the backend's prefix, to a model."""


def known_backends() -> dict[str, str]:
    """The backends that installed packages bring.

    Returns:
        Name to source, sorted by name.

    Example:
        >>> {"llama", "openai"} <= set(known_backends())
        True
    """
    return known_plugins(GROUP)


def backend_for(model: str) -> tuple[str, str]:
    """Which backend opens a model, and what it is given.

    Args:
        model: An address (``http://...``), a file that ends in ``.gguf``, or ``backend:rest``.

    Returns:
        The backend's name, and what it shall open.

    Raises:
        InputError: It is none of these.

    Example:
        >>> backend_for("http://127.0.0.1:8000/v1")
        ('openai', 'http://127.0.0.1:8000/v1')
        >>> backend_for("models/small.gguf")
        ('llama', 'models/small.gguf')
    """
    if model.startswith(("http://", "https://")):
        return "openai", model
    if model.lower().endswith(".gguf"):
        return "llama", model
    name, colon, rest = model.partition(":")
    if colon and name in known_backends():
        return name, rest
    raise InputError(
        "a model is the address of an OpenAI-compatible endpoint (http://...), a path that "
        "ends in .gguf, a name that klimit models lists, or BACKEND:NAME with a backend of "
        f"{', '.join(known_backends())}; got {model!r}"
    )


def open_model(model: str) -> LanguageModel:
    """Open a model.

    Args:
        model: An address, a file that ends in ``.gguf``, or ``backend:rest`` for a backend
            that an installed package brings through the entry points ``klimit.backends``.

    Returns:
        The model; close it after use.

    Raises:
        InputError: There is no such model or backend.
        BackendError: It does not answer.
        MissingExtraError: What the backend needs is not installed.
    """
    name, rest = backend_for(model)
    (point,) = entry_points(group=GROUP, name=name)
    opener: Opener = point.load()
    return opener(rest)

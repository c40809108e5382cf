"""The exceptions raised on purpose.

KlimitError
├── InputError (ValueError)            an argument breaks a documented condition
├── InsufficientDataError (ValueError) the data do not determine the answer
├── ConvergenceError                   a solver stopped short of its tolerance
├── CapabilityError (TypeError)        a backend lacks what the method needs
├── MissingExtraError (ImportError)    an optional dependency is absent
├── BackendError                       a model or reward server failed
└── ConformanceError (AssertionError)  a backend breaks a law that samplers rely on

KlimitWarning (UserWarning)            a result stands but deserves care
"""

__all__ = [
    "BackendError",
    "CapabilityError",
    "ConformanceError",
    "ConvergenceError",
    "InputError",
    "InsufficientDataError",
    "KlimitError",
    "KlimitWarning",
    "MissingExtraError",
]


class KlimitError(Exception):
    """Catch this to catch everything the library raises on purpose."""


class InputError(KlimitError, ValueError):
    """An argument breaks a documented condition."""


class InsufficientDataError(KlimitError, ValueError):
    """The data do not determine the quantity; no number is returned in its place."""


class ConvergenceError(KlimitError):
    """A solver stopped short of its tolerance; the message holds the last bracket."""


class CapabilityError(KlimitError, TypeError):
    """A backend lacks what the method needs."""


class MissingExtraError(KlimitError, ImportError):
    """An optional dependency is absent; the message gives the command that installs it."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an extra: pip install 'klimit[{extra}]'")


class BackendError(KlimitError):
    """A model or reward server failed; what had been drawn before is kept."""


class ConformanceError(KlimitError, AssertionError):
    """A backend breaks a law that samplers rely on; the message says which, and how."""


class KlimitWarning(UserWarning):
    """A result stands but deserves care."""

"""Which data an error is about, said once and in the words of the command line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from klimit.core.errors import InputError, InsufficientDataError

__all__ = ["about", "naming", "without_keywords"]

_KEYWORD = re.compile(r"""\b([a-z_]+)=["']([\w-]+)["']""")
_BOTH = re.compile(r"""\b[a-z_]+=("[^"]*"|'[^']*') \((--[^()]*)\)""")


@contextmanager
def about(*sources: str) -> Iterator[None]:
    """Begin the message of whatever the data are refused for with where they come from.

    A keyword in the advice, ``prompts="fixed"``, becomes the option ``--prompts fixed``.

    Args:
        sources: The tables, as the user named them.

    Yields:
        Nothing.

    Raises:
        InputError: As raised within, the tables named.
        InsufficientDataError: Likewise.

    Example:
        >>> with about("draws.csv"):
        ...     raise InputError('needed 2 prompts, got 1; use prompts="fixed"')
        Traceback (most recent call last):
        ...
        klimit.core.errors.InputError: draws.csv: needed 2 prompts, got 1; use --prompts fixed
    """
    try:
        yield
    except (InputError, InsufficientDataError) as error:
        names = " and ".join("standard input" if name == "-" else name for name in sources)
        raise type(error)(f"{names}: {_KEYWORD.sub(_option, str(error))}") from error


@contextmanager
def naming(option: str, *, instead_of: str) -> Iterator[None]:
    """Name in a refusal's advice the option that a second table has for it.

    Args:
        option: The option, without its hyphens.
        instead_of: The option that a first table has.

    Yields:
        Nothing.

    Raises:
        InputError: As raised within, with the other option.

    Example:
        >>> with naming("reference-policy", instead_of="policy"):
        ...     raise InputError("take one with policy='b' (--policy b)")
        Traceback (most recent call last):
        ...
        klimit.core.errors.InputError: take one with --reference-policy b
    """
    said = re.compile(rf"{instead_of}='[^']*' \(--{instead_of} ([^)]*)\)")
    try:
        yield
    except InputError as error:
        raise InputError(said.sub(rf"--{option} \1", str(error))) from error


def without_keywords(message: str) -> str:
    """Say the option alone where a message for all says the keyword and the option.

    Args:
        message: What is said in Python and on the command line alike.

    Returns:
        What a user of the command line can type.

    Example:
        >>> without_keywords("leave those draws out with missing='drop' (--missing drop)")
        'leave those draws out with --missing drop'
    """
    return _BOTH.sub(r"\2", message)


def _option(keyword: re.Match[str]) -> str:
    return f"--{keyword[1].replace('_', '-')} {keyword[2]}"

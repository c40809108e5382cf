"""The form of a condition after ``--require``: a quantity, a bound, and at what."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import isnan
from typing import TypeVar

from cyclopts import Parameter, Token

__all__ = ["Terms", "conditions", "refused", "terms_of"]

_FORM = re.compile(
    r"\s*(?P<quantity>[a-z_]+)\s*(?P<relation>>=|<=)\s*(?P<bound>[^@\s]+)"
    r"\s*(@\s*(?P<axis>[a-z]+)\s*=\s*(?P<at>\S+)\s*)?"
)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Terms:
    """The words of a condition.

    Attributes:
        quantity: What is compared.
        relation: ``">="`` or ``"<="``.
        bound: With what.
        at: What stands behind ``@kl=`` and the like; empty where nothing should.
    """

    quantity: str
    relation: str
    bound: float
    at: str


def terms_of(text: str, *, quantities: Sequence[str], example: str) -> Terms:
    """Read one condition, strictly.

    Args:
        text: The condition.
        quantities: What may be compared.
        example: A right condition, which tells whether something is to stand behind an ``@``,
            and what.

    Returns:
        Its words.

    Raises:
        ValueError: It is not one.

    Example:
        >>> terms_of("kl <= 2 @ n=4", quantities=["reward", "kl"], example="reward>=0.4@n=1").at
        '4'
    """
    found = _FORM.fullmatch(text)
    axis = example.partition("@")[2].partition("=")[0]
    with suppress(ValueError):
        if found and found["quantity"] in quantities and (found["axis"] or "") == axis:
            bound = float(found["bound"])
            if not isnan(bound):
                return Terms(found["quantity"], found["relation"], bound, found["at"] or "")
    raise refused(text, quantities=quantities, example=example)


def refused(text: str, *, quantities: Sequence[str], example: str) -> ValueError:
    """What to say of a condition that is none.

    Args:
        text: What came.
        quantities: What may be compared.
        example: A right condition.

    Returns:
        The error.
    """
    known = " or ".join(filter(None, [", ".join(quantities[:-1]), quantities[-1]]))
    _, at, place = example.partition("@")
    rest = f", a number and @{place.partition('=')[0]}= with a value" if at else " and a number"
    return ValueError(f"needed {known}, >= or <={rest}, such as {example!r}, got {text!r}")


def conditions(parse: Callable[[str], _T]) -> Parameter:
    """How ``--require`` is read where conditions have a form of their own.

    Args:
        parse: Reads one condition.

    Returns:
        The parameter of an option that may be repeated.
    """

    def convert(_: object, tokens: Sequence[Token]) -> tuple[_T, ...]:
        return tuple(parse(token.value) for token in tokens)

    return Parameter(converter=convert, n_tokens=1, show_default=False)

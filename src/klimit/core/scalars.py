"""Numbers that users pass, checked."""

from math import isnan, log
from numbers import Integral, Real

import numpy as np

from klimit.core.errors import InputError

__all__ = ["count", "log_count", "real"]


def real(name: str, value: object) -> float:
    """A real number, infinities included.

    Args:
        name: What messages call it.
        value: An integer or a float of Python or numpy; not a truth value, not a text.

    Returns:
        The number as a float.

    Raises:
        InputError: It is no number, or ``nan``.

    Example:
        >>> real("beta", 1)
        1.0
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise InputError(f"{name} must be a number, got {value!r}")
    try:
        number = float(value)
    except OverflowError as error:
        raise InputError(f"{name} must fit a float, got an integer beyond 1e308") from error
    if isnan(number):
        raise InputError(f"{name} must be a number, got nan")
    return number


def count(name: str, value: object) -> int:
    """A positive whole number.

    Args:
        name: What messages call it.
        value: An integer of Python or numpy, not a truth value.

    Returns:
        The number.

    Raises:
        InputError: It is no integer or below 1.

    Example:
        >>> count("order", np.int64(4))
        4
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise InputError(f"{name} must be an integer, got {value!r}")
    if value < 1:
        raise InputError(f"{name} must be at least 1, got {value}")
    return int(value)


def log_count(n: object, log_n: object) -> float:
    """The logarithm of a number of draws, given as an integer or by its logarithm.

    Args:
        n: An integer of any size, or ``None``.
        log_n: A nonnegative finite number, or ``None``.

    Returns:
        The logarithm; exactly 0 for one draw.

    Raises:
        InputError: Both or neither are given, or the one given is out of range.

    Example:
        >>> log_count(10**400, None)
        921.0340371976182
    """
    if (n is None) == (log_n is None):
        raise InputError("give the number of draws as n or as log_n, one of the two")
    if n is None:
        logarithm = real("log_n", log_n)
        if not 0.0 <= logarithm < np.inf:
            raise InputError(f"log_n must be nonnegative and finite, got {logarithm}")
        return logarithm
    if isinstance(n, float):
        raise InputError(f"n must be an integer, got {n!r}; use log_n for other numbers")
    return log(count("n", n))

"""Roots of increasing functions on the positive axis."""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, log, log1p, sqrt

from klimit.core.errors import ConvergenceError

__all__ = ["Sample", "increasing_root", "log_quotient"]

_EVALUATIONS = 400
_STRIDE = 3.0  # nats: how far one step may leave what has been bracketed
_EPS = 2.0**-52


@dataclass(frozen=True, slots=True)
class Sample:
    """An increasing function at one point.

    Attributes:
        value: The function; its root is sought. It may be infinite.
        slope: Its derivative with respect to the logarithm of the argument.
    """

    value: float
    slope: float


def increasing_root(function: Callable[[float], Sample], *, start: float) -> float:
    """The root of an increasing function of a positive number, by safeguarded Newton steps.

    Steps are taken in the logarithm of the argument: far from the root they are bounded, within
    a bracket a step that leaves it or gains too little is replaced by bisection.

    Args:
        function: Value and logarithmic slope at a positive argument.
        start: Where to begin, positive and finite.

    Returns:
        The root, to a relative precision of a few units in the last place.

    Raises:
        ConvergenceError: The function has no root that floating point can reach.

    Example:
        >>> square = lambda x: Sample(x * x - 2.0, 2.0 * x * x)
        >>> round(increasing_root(square, start=1.0), 12)
        1.414213562373
    """
    low, high, x = 0.0, inf, start
    stride, newton = 0.0, inf
    for _ in range(_EVALUATIONS):  # pragma: no branch  (fewer halvings exhaust the floats)
        sample = function(x)
        if sample.value == 0.0:
            return x
        low, high = (x, high) if sample.value < 0.0 else (low, x)
        if high - low <= 2 * _EPS * low:
            return x
        before, newton = newton, abs(sample.value) / sample.slope if sample.slope > 0.0 else inf
        if newton <= _EPS:
            return x
        # a step that is not half the one before it does not converge fast
        slow = newton > 0.5 * before
        stride = _stride(newton, stride, slow=slow)
        if low > 0.0 and high < inf and (slow or not low < _moved(x, stride, low) < high):
            x = sqrt(low) * sqrt(high)
        else:
            x = _moved(x, stride, low)
        if not 0.0 < x < inf:
            break
    raise ConvergenceError(f"no root found: the last bracket is ({low!r}, {high!r})")


def log_quotient(a: float, b: float) -> float:
    """``log(a / b)`` with the digits of ``a - b`` where the two are close.

    Args:
        a: A nonnegative number.
        b: Another.

    Returns:
        The logarithm, infinite where only one of them is 0.

    Example:
        >>> log_quotient(1.0 + 2.0**-40, 1.0)
        9.094947017725146e-13
    """
    if a <= 0.0 or b <= 0.0:
        return inf if a > b else -inf
    return log1p((a - b) / b) if 0.5 < a / b < 2.0 else log(a) - log(b)


def _stride(newton: float, last: float, *, slow: bool) -> float:
    """The Newton step, lengthened where it is slow and bounded where it is wild."""
    return min(max(newton, 2.0 * last) if slow else newton, _STRIDE)


def _moved(x: float, stride: float, low: float) -> float:
    """Up from the low end, down from the other."""
    return x * exp(stride if low == x else -stride)

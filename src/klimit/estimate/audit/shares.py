"""Intervals of sums and ratios of two estimates whose own intervals may lean to one side."""

from math import inf, sqrt

from klimit.estimate.audit.ends import Interval

__all__ = ["difference", "ratio", "total"]


def total(a: Interval, b: Interval, *, correlation: float) -> Interval:
    """The sum of two estimates.

    The method of variance estimates recovery: each end is as far from the value as errors of
    the sizes seen on that side, correlated, combine to.

    Args:
        a: One estimate.
        b: Another.
        correlation: Of the two.

    Returns:
        The sum.

    Example:
        >>> total(Interval(1.0, 0.0, 2.0), Interval(2.0, 2.0, 2.0), correlation=0.0)
        Interval(value=3.0, low=2.0, high=4.0)

    References:
        Zou and Donner (2008), Construction of confidence limits about effect measures.
    """
    value = a.value + b.value
    return Interval(
        value,
        value - _combined(a.down, b.down, correlation),
        value + _combined(a.up, b.up, correlation),
    )


def difference(a: Interval, b: Interval, *, correlation: float) -> Interval:
    """The difference of two estimates.

    Args:
        a: What is subtracted from.
        b: What is subtracted.
        correlation: Of the two.

    Returns:
        ``a - b``.

    Example:
        >>> difference(Interval(1.0, 0.0, 2.0), Interval(2.0, 2.0, 2.0), correlation=0.0)
        Interval(value=-1.0, low=-2.0, high=0.0)
    """
    return total(a, Interval(-b.value, -b.high, -b.low), correlation=-correlation)


def ratio(a: Interval, b: Interval, *, correlation: float) -> Interval:
    """The ratio of an estimate to a positive one.

    An end is where the difference ``a - e b`` ceases to be told from 0; there is none where
    ``b`` itself is not told from 0.

    Args:
        a: The numerator, of either sign.
        b: The denominator, its value positive.
        correlation: Of the two.

    Returns:
        ``a / b``, its ends possibly infinite.

    Example:
        >>> ratio(Interval(1.0, 0.0, 2.0), Interval(2.0, 2.0, 2.0), correlation=0.0)
        Interval(value=0.5, low=0.0, high=1.0)
    """
    low = _end(a, b, correlation, down=True)
    high = _end(a, b, correlation, down=False)
    return Interval(a.value / b.value, low, high)


def _end(a: Interval, b: Interval, correlation: float, *, down: bool) -> float:
    own = a.down if down else a.up
    negative = (a.low if down else a.high) < 0
    other = b.up if down != negative else b.down
    if other == inf:
        return 0.0
    square, rest = b.value**2 - other**2, a.value**2 - own**2
    middle = a.value * b.value - correlation * own * other
    root = sqrt(max(middle**2 - square * rest, 0.0))
    if down != negative:  # the end towards 0 stands whatever b is
        far = middle + root if down else middle - root
        return rest / far if far else 0.0
    if square <= 0:
        return -inf if down else inf
    return (middle - root if down else middle + root) / square


def _combined(a: float, b: float, correlation: float) -> float:
    if inf in (a, b):
        return inf
    return sqrt(max(a * a + b * b + 2 * correlation * a * b, 0.0))

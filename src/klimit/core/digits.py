"""How an estimate is written: one way, for terminal, page and table."""

from math import floor, isfinite, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from klimit.core.results import Estimate

__all__ = ["interval", "measured"]


def measured(estimate: "Estimate") -> str:
    """The value and its error, at most four decimals.

    Args:
        estimate: The estimate.

    Returns:
        As ``str(estimate)``, shorter where the error is tiny.

    Example:
        >>> from klimit import Estimate
        >>> measured(Estimate(1.834748, 6.5e-05, 1.83461, 1.83488, 0.95, 24, "t"))
        '1.8347 ± 0.0001'
        >>> measured(Estimate(2.3e-05, 3.1e-06, 1.7e-05, 2.9e-05, 0.95, 24, "t"))
        '2.30e-05 ± 3.10e-06'
    """
    form = _form(estimate)
    if form is None:
        return str(estimate)
    error = f"{estimate.standard_error:{form}}"
    least = f"<{10.0 ** -int(form[1:-1]):g}"
    return f"{estimate.value:{form}} ± {error if float(error) else least}"


def interval(estimate: "Estimate") -> str:
    """The interval at the precision that the standard error supports, at most four decimals.

    Args:
        estimate: The estimate.

    Returns:
        Its ends with three dots between.

    Example:
        >>> from klimit import Estimate
        >>> interval(Estimate(0.41237, 0.0131, 0.386, 0.439, 0.95, 2000, "t"))
        '0.386 … 0.439'
    """
    form = _form(estimate) or ".6g"
    return f"{estimate.low:{form}} … {estimate.high:{form}}"


def _form(estimate: "Estimate") -> str | None:
    """The format that shows two digits of the error; none where the error has no size.

    Four decimals at most, and powers of ten where plain digits would all be zeros.
    """
    error = estimate.standard_error
    size = max(abs(estimate.value), error)
    if not (isfinite(size) and error > 0):
        return None
    last = floor(log10(error)) - 1
    if 1e-4 <= size < 1e9:
        return f".{min(4, max(0, -last))}f"
    return f".{min(4, max(1, floor(log10(size)) - last))}e"

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
    """
    decimals = _decimals(estimate)
    if decimals is None:
        return str(estimate)
    error = f"{estimate.standard_error:.{decimals}f}"
    return f"{estimate.value:.{decimals}f} ± {error if float(error) else f'<{10**-decimals:g}'}"


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
    decimals = _decimals(estimate)
    form = ".6g" if decimals is None else f".{decimals}f"
    return f"{estimate.low:{form}} … {estimate.high:{form}}"


def _decimals(estimate: "Estimate") -> int | None:
    """Decimals that show two digits of the error, four at most; none where it has no size."""
    error = estimate.standard_error
    return min(4, max(0, 1 - floor(log10(error)))) if isfinite(error) and error > 0 else None

"""How likely each number of draws is, for the random numbers that ``exact`` knows."""

import numpy as np
from jaxtyping import Float64
from scipy.special import gammaln, xlog1py, xlogy

from klimit.exact.random_counts import Geometric, OnePlusPoisson, ZeroTruncatedPoisson

__all__ = ["RandomCount", "chances"]

RandomCount = ZeroTruncatedPoisson | OnePlusPoisson | Geometric


def chances(count: RandomCount, *, most: int) -> Float64[np.ndarray, " n"]:
    """The probability of 1, 2, ... draws.

    Args:
        count: The random number.
        most: Up to which number, at least 1.

    Returns:
        The probabilities, shape ``(most,)``.

    Example:
        >>> from klimit import geometric
        >>> chances(geometric(0.5), most=3)
        array([0.5  , 0.25 , 0.125])
    """
    n = np.arange(1.0, most + 1)
    match count:
        case ZeroTruncatedPoisson(rate):
            log_chance = xlogy(n, rate) - rate - gammaln(n + 1) - np.log(-np.expm1(-rate))
        case OnePlusPoisson(rate):
            log_chance = xlogy(n - 1, rate) - rate - gammaln(n)
        case Geometric(p):  # pragma: no branch  (there are no others)
            log_chance = np.log(p) + xlog1py(n - 1, -p)
    return np.asarray(np.exp(log_chance))

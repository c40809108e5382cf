"""The KL of best-of-N from the log-probability of the draw that won."""

import numpy as np

from klimit.core.errors import InputError
from klimit.core.numerics import log1mexp, log_minus_log1mexp, log_one_minus_exp_ratio
from klimit.core.scalars import log_count, real
from klimit.exact.continuous import continuous_kl

__all__ = ["winner_kl"]


def winner_kl(log_prob: float, *, n: int) -> float:
    r"""An estimate of best-of-N's KL from one winner, for rewards without ties.

    .. math:: (1-\epsilon)^n \Big(\log n + (n-1) \log(1-\epsilon) - \frac{n-1}{n}\Big)
              + \big(1 - (1-\epsilon)^n\big) \log \frac{1 - (1-\epsilon)^n}{\epsilon}

    with the winner's probability :math:`\epsilon`. It lies between 0 and
    ``log n - 1 + 1 / n``, to which it tends as winners become rare. That its mean is at least
    the true KL is a conjecture.

    Args:
        log_prob: Log-probability of the winner under the reference policy, in nats.
        n: Number of draws, an integer of any size.

    Returns:
        The estimate in nats; average it over winners.

    Raises:
        InputError: ``log_prob`` is positive or ``nan``, or ``n`` is no integer or below 1.

    Example:
        >>> round(winner_kl(np.log(0.5), n=4), 9)
        0.499123919

    References:
        Beirami et al. (2024), Theoretical guarantees on the best-of-n alignment policy.
    """
    log_p, log_n = real("log_prob", log_prob), log_count(n, None)
    if log_p > 0.0:
        raise InputError(f"log_prob must not be positive, got {log_p:.12g}")
    if log_n == 0.0 or log_p == 0.0:
        return 0.0
    bound = continuous_kl(log_n)
    if log_p == -np.inf:
        return bound
    log_decay = float(log_minus_log1mexp(log_p))
    log_a = log_n + log_decay  # of minus the logarithm of missing it n times
    a = float(np.exp(min(log_a, 700.0)))
    missed, met = float(np.exp(-a)), float(-np.expm1(-a))
    if a > 1.0:
        surplus = float(np.log1p(-missed)) - log_p
    else:
        surplus = log_n + float(log_one_minus_exp_ratio(log_a)) + (log_decay - log_p)
    draws_more = a * float(np.exp(log1mexp(-log_n)))
    first = missed * (bound - draws_more) if missed > 0.0 else 0.0
    return float(min(max(first + met * surplus, 0.0), bound))

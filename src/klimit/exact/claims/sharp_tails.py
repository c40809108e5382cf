"""The sharp form of a tail: what the rate function leaves out, to a factor near 1."""

from math import exp, inf, log, pi

from klimit.core.errors import InputError
from klimit.exact.finite import FiniteModel
from klimit.exact.frontiers import frontier
from klimit.exact.rates import rate
from klimit.exact.tilts import tilt

__all__ = ["sharp_log_tail"]


def sharp_log_tail(
    symbols: FiniteModel, x: float, *, length: int, beta: float, span: float | None
) -> float:
    r"""The sharp form of the tail of the mean reward of independent symbols under a tilt.

    .. math:: \mathbf{P}(S_n \ge n x) \approx
              \frac{e^{-n J(x)}}{\theta \sigma_x \sqrt{2 \pi n}}, \qquad
              \theta = \beta_x - \beta

    with :math:`h / (1 - e^{-\theta h})` in place of :math:`1 / \theta` on a lattice of step
    ``h``. Its relative error falls like ``1 / length``.

    Args:
        symbols: The law of one symbol and its reward.
        x: Mean reward per symbol, above the tilt's and below the largest; on a lattice, one
            that ``length`` symbols can have.
        length: Number of symbols.
        beta: Inverse temperature of the tilt that symbols are drawn from.
        span: Step of the lattice; ``None`` where there is none.

    Returns:
        The logarithm of the probability, in nats.

    Raises:
        InputError: ``x`` is not above the tilt's mean reward, or not below the largest.

    Example:
        >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
        >>> round(sharp_log_tail(coin, 0.75, length=100, beta=0.0, span=1.0), 3)
        -15.06

    References:
        Bahadur, Ranga Rao (1960), On deviations of the sample mean; Blackwell, Hodges (1959),
        The probability in the extreme tail of a convolution, for lattices.
    """
    at = frontier(symbols).at_reward(x)
    theta = at.beta - tilt(symbols, beta=beta).beta
    if not 0.0 < theta < inf:
        raise InputError(
            f"the sharp form needs a mean reward above that of the tilt and below the largest, "
            f"got {x:g}"
        )
    width = 1.0 / theta if span is None else span / (1.0 - exp(-theta * span))
    return (
        log(width)
        - length * rate(symbols, x, beta=beta)
        - log(2 * pi * length * at.variance) / 2
    )

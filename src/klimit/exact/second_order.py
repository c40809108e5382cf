"""How far best-of-N is from the optimum: what large deviations leave open, to second order."""

from dataclasses import dataclass, replace
from math import exp, floor, log, pi, sqrt

import numpy as np

from klimit.core.errors import InputError
from klimit.core.results import Result
from klimit.core.scalars import real
from klimit.exact.finite import FiniteModel
from klimit.exact.frontiers import Frontier, frontier
from klimit.exact.lattice_gumbel import LatticeGumbel
from klimit.exact.lattices import find_lattice
from klimit.exact.policies import Model, require_model
from klimit.exact.rates import cumulants
from klimit.exact.tilts import Tilt
from klimit.exact.totals import TotalReward
from klimit.exact.variable_length import VariableLength

__all__ = ["SecondOrder", "second_order"]

_GAMMA = float(np.euler_gamma)
_NARROW = exp(2 * (1 + _GAMMA)) / (2 * pi)  # where the predicted divergence turns negative
_FILLED = 4  # steps a level, up to which a finite law is taken for one on a lattice


@dataclass(frozen=True, slots=True)
class SecondOrder(Result):
    """What the second-order law predicts for best-of-N at ``n = exp(kl)``.

    Attributes:
        kl: The budget, in nats.
        reward_deficit: How far the mean reward of best-of-N lies below the frontier at ``kl``.
        divergence: Divergence of best-of-N from the tilt that spends ``kl``, in nats.
        divergence_closest: Divergence from the tilt of the same mean reward, in nats: to the
            next order without a lattice, to that of ``divergence`` on one.
        log_n: Logarithm of the number of draws whose best has the frontier reward at ``kl``.
        beta: Inverse temperature of the tilt that spends ``kl``.
        variance: Variance of the reward under that tilt.
        span: Step of the lattice on which rewards lie; 0 where there is none.
        width_ratio: ``beta * sqrt(variance)``: how much wider the tilt's law of the reward is
            than that of best-of-N. The law is asymptotic in it.
    """

    kl: float
    reward_deficit: float
    divergence: float
    divergence_closest: float
    log_n: float
    beta: float
    variance: float
    span: float
    width_ratio: float


def second_order(model: Model, *, kl: float) -> SecondOrder:
    r"""Predict best-of-N's distance to the optimum by its second-order law.

    The best of N rewards is a Gumbel variable of width ``1 / beta``, the tilt's reward a normal
    one of variance ``V``. With ``C = log(2 pi beta**2 V) / 2`` and Euler's constant ``gamma``,
    the deficit in reward is ``(C - gamma) / beta`` and

    .. math:: \mathrm{KL}(\pi_N \,\|\, \pi_\beta) = C - 1 - \gamma + o(1),

    for independent symbols ``log(length) / 2`` and a constant. On a lattice the Gumbel variable
    is discretised, and the constant moves with the phase of the frontier reward.

    An asymptotic argument checked against exact laws, not a theorem: it needs a tilted law that
    is locally normal and ``beta**2 V`` much above 1. For three symbols without a lattice the
    divergence was 0.055, 0.021, 0.013 and 0.008 nats below the exact one at ``beta**2 V`` of
    40, 161, 322 and 644 (lengths 100 to 1,600), ``divergence_closest`` 0.006, 0.0005, 0.0001
    and 0.00005 above. For coins of chance 0.3 at 0.15 nats a symbol the divergence was 0.021,
    0.003 and 0.0002 below the exact one at 30, 241 and 3,850 (lengths 100, 800, 12,800); next
    to the ceiling, with few levels within the tilted law, it was 0.2 below. For one normal
    reward, which is no sum, it was 0.17 below at ``N = 64``.

    Args:
        model: The law of the total reward: of ``Memoryless`` or ``Markov`` at some length, a
            finite model or a Gaussian reward.
        kl: The budget in nats, between 0 and the ceiling; best-of-N takes ``log_n = kl``.

    Returns:
        The predictions, with what they rest on.

    Raises:
        InputError: ``kl`` is not between 0 and the ceiling, responses are of
            random length, a reward of ``-inf`` is possible,
            or ``beta**2 V`` is so small (below 3.73) or the law so narrow that the divergence
            would come out negative.

    Example:
        >>> from klimit import FiniteModel, Memoryless
        >>> law = Memoryless(FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])).total(800)
        >>> round(second_order(law, kl=160.0).divergence, 3)
        2.056

    References:
        The limit per symbol: Yang, Salamatian, Sun, Suresh, Beirami (2024), Asymptotics of
        language model alignment. The second order: worked out for this package.
    """
    kl = real("kl", kl)
    limits = frontier(require_model(model))
    if isinstance(limits.model, VariableLength):
        raise InputError(
            "the second-order law does not hold for responses of random length, whose tilted "
            "totals spread like an exponential law"
        )
    if limits.floor_kl > 0.0:
        raise InputError(
            "the second-order law needs finite rewards, and one of -inf is possible; give the "
            "model without it"
        )
    if not 0.0 < kl < limits.ceiling_kl:
        raise InputError(
            f"kl must be above 0 and below the ceiling of {limits.ceiling_kl:.6g} nats, where "
            f"the second-order law ends, got {kl:.6g}"
        )
    optimum = limits.at_kl(kl)
    if not 1e-200 < optimum.variance < 1e200:
        raise InputError(
            "the second-order law needs rewards whose squares are floats, got a variance of "
            f"{optimum.variance:.3g}; multiply them by a constant"
        )
    if isinstance(model, FiniteModel) and (span := _span(model)) > 0.0:
        lowest = float(model.levels.rewards[0])
        found = _on_lattice(optimum, lowest=lowest, span=span)
    else:
        found = _off_lattice(limits, optimum)
    if found.width_ratio**2 <= _NARROW or not found.divergence > 0.0:
        raise InputError(
            "the second-order law needs a locally normal tilted law and beta**2 * variance "
            f"above {_NARROW:.3g}, got {found.width_ratio**2:.3g} at kl {kl:.6g}; take a "
            "longer sequence or another budget"
        )
    return replace(found, kl=kl)


def _off_lattice(limits: Frontier, optimum: Tilt) -> SecondOrder:
    log_width = _log_width(optimum)
    deficit = (log_width - _GAMMA) / optimum.beta
    closest = optimum if deficit < 0.0 else limits.at_reward(optimum.mean_reward - deficit)
    return SecondOrder(
        kl=optimum.kl,
        reward_deficit=deficit,
        divergence=log_width - 1.0 - _GAMMA,
        divergence_closest=_log_width(closest) - 1.0 - _GAMMA + _next_order(closest),
        log_n=optimum.kl + log_width - _GAMMA,
        beta=optimum.beta,
        variance=optimum.variance,
        span=0.0,
        width_ratio=optimum.beta * sqrt(optimum.variance),
    )


def _on_lattice(optimum: Tilt, *, lowest: float, span: float) -> SecondOrder:
    steps = (optimum.mean_reward - lowest) / span
    best = LatticeGumbel(
        beta=optimum.beta,
        variance=optimum.variance,
        span=span,
        phase=span * (steps - floor(steps)),
    )
    deficit, divergence = best.deficit(), best.divergence()
    return SecondOrder(
        kl=optimum.kl,
        reward_deficit=deficit,
        divergence=divergence,
        divergence_closest=divergence - deficit**2 / (2 * optimum.variance),
        log_n=optimum.kl + best.nats_to_frontier(),
        beta=optimum.beta,
        variance=optimum.variance,
        span=span,
        width_ratio=optimum.beta * sqrt(optimum.variance),
    )


def _log_width(policy: Tilt) -> float:
    """``C``, the logarithm of the ratio of widths but for a constant."""
    return log(2 * pi * policy.beta**2 * policy.variance) / 2


def _next_order(policy: Tilt) -> float:
    """What curvature and skewness add to the divergence at equal mean reward."""
    b, v = policy.beta, policy.variance
    third, fourth = cumulants(policy.model, beta=b, order=4)[2:]
    skew = third / (2 * b * v**2) + 5 * third**2 / (24 * v**3)
    return float((1 + pi**2 / 12) / (b**2 * v) + skew - fourth / (8 * v**2))


def _span(model: FiniteModel) -> float:
    """The step of the lattice that the levels fill; 0 where there is none."""
    rewards = model.levels.rewards
    if isinstance(model, TotalReward):
        if not model.span:
            return 0.0
        places = np.rint((rewards - rewards[0]) / model.span).astype(np.int64)
        return model.span * int(np.gcd.reduce(places))
    found = find_lattice(rewards, most=_FILLED * rewards.size)
    return 0.0 if found is None else float(found.span)

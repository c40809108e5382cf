"""What does not hold: the limits of the equivalence of best-of-N and the optimum."""

from dataclasses import dataclass
from math import exp, log, log1p, nan, pi

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.results import Result
from klimit.exact.best_of import best_of_n
from klimit.exact.claims.setting import Setting
from klimit.exact.divergences import divergence
from klimit.exact.frontiers import frontier
from klimit.exact.tilts import tilt
from klimit.exact.totals import TotalReward

__all__ = ["LimitsClaim", "limits_claim"]

_SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0, 1.1, 1.25)
_LENGTH = 100  # at most, where the budget varies


@dataclass(frozen=True, slots=True, eq=False)
class LimitsClaim(Result):
    """Where best-of-N is not close to the optimum, however long the sequences.

    Attributes:
        setting: Where it is seen.
        ceiling_kl: The ceiling in nats per symbol.
        length: Number of symbols where the budget varies.
        kl: Budgets in nats per symbol, some at and above the ceiling, shape ``(m,)``.
        divergence: Divergence of best-of-N from the optimum of that budget, nats per symbol;
            ``inf`` from the ceiling on, shape ``(m,)``.
        missed: Chance that none of ``exp(length * ceiling)`` draws is one of the best
            sequences, which tends to ``1 / e``.
        lengths: Numbers of symbols, shape ``(l,)``.
        total_variation: Total variation between best-of-N and the optimum, shape ``(l,)``.
        total_variation_law: What an asymptotic law says of it, shape ``(l,)``.
        forward: Divergence of best-of-N from the optimum, in nats, shape ``(l,)``.
        reverse: Divergence of the optimum from best-of-N, in nats, shape ``(l,)``.
    """

    setting: Setting
    ceiling_kl: float
    length: int
    kl: Float64[np.ndarray, " m"]
    divergence: Float64[np.ndarray, " m"]
    missed: float
    lengths: Int64[np.ndarray, " l"]
    total_variation: Float64[np.ndarray, " l"]
    total_variation_law: Float64[np.ndarray, " l"]
    forward: Float64[np.ndarray, " l"]
    reverse: Float64[np.ndarray, " l"]


def limits_claim(setting: Setting) -> LimitsClaim:
    """Follow best-of-N beyond where the claims hold.

    Args:
        setting: Where.

    Returns:
        The numbers.

    Example:
        >>> from klimit.exact.claims import example_settings
        >>> claim = limits_claim(example_settings()[0])
        >>> float(claim.divergence[-1]), round(claim.missed, 3)
        (inf, 0.368)
    """
    ceiling = setting.limits.ceiling_kl
    short = [law for law in setting.totals if law.length <= _LENGTH]
    law = short[-1] if short else setting.totals[0]
    budgets = np.array(_SHARES) * ceiling
    # the ceiling of the sequences, not a rounding of it
    spent = np.where(np.array(_SHARES) == 1.0, law.levels.ceiling_kl, law.length * budgets)
    rows = np.array([_row(setting, total) for total in setting.totals])
    return LimitsClaim(
        setting=setting,
        ceiling_kl=ceiling,
        length=law.length,
        kl=budgets,
        divergence=np.array([_distance(law, float(kl)) for kl in spent]) / law.length,
        missed=exp(exp(law.levels.ceiling_kl) * log1p(-exp(-law.levels.ceiling_kl))),
        lengths=setting.lengths,
        total_variation=rows[:, 0],
        total_variation_law=rows[:, 1],
        forward=rows[:, 2],
        reverse=rows[:, 3],
    )


def _distance(law: TotalReward, kl: float) -> float:
    return divergence(best_of_n(law, log_n=kl), frontier(law).at_kl(kl))


def _row(setting: Setting, law: TotalReward) -> tuple[float, ...]:
    optimum = tilt(law, beta=setting.optimum.beta)
    best = best_of_n(law, log_n=law.length * setting.kl)
    apart = np.abs(_probs(best.log_probs) - _probs(optimum.log_probs)).sum() / 2
    return (
        float(apart),
        _total_variation_law(optimum.beta**2 * optimum.variance),
        divergence(best, optimum),
        divergence(optimum, best),
    )


def _probs(log_probs: Float64[np.ndarray, " k"] | None) -> Float64[np.ndarray, " k"]:
    return np.exp(log_probs if log_probs is not None else np.zeros(0))


def _total_variation_law(squared_width: float) -> float:
    """One less the overlap of a Gumbel law of width 1 with a wide normal one."""
    c = log(2 * pi * squared_width) / 2
    return 1 - exp(-c) * (c + 1 + log(c + log(c))) if c > 1 else nan

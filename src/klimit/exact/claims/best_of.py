"""Best-of-N with N = exp(length * budget): equal to the optimum per symbol, in the limit."""

from dataclasses import dataclass
from math import nan

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.errors import InputError
from klimit.core.results import Result
from klimit.exact.best_of import best_of_n
from klimit.exact.claims.setting import Setting
from klimit.exact.divergences import divergence
from klimit.exact.second_order import second_order
from klimit.exact.tilts import tilt
from klimit.exact.totals import TotalReward

__all__ = ["BestOfNClaim", "best_of_n_claim"]


@dataclass(frozen=True, slots=True, eq=False)
class BestOfNClaim(Result):
    """Best-of-N beside the optimum of KL ``log N``, per symbol, as the length grows.

    Attributes:
        setting: Where the claim is put to the test.
        beta: Inverse temperature of the optimum.
        lengths: Numbers of symbols, shape ``(l,)``; N is ``exp(length * kl)``.
        reward_gap: Reward per symbol that best-of-N lacks, shape ``(l,)``.
        kl_gap: Nats per symbol by which its KL is below the budget, shape ``(l,)``.
        divergence: Its divergence from the optimum, nats per symbol, shape ``(l,)``.
        reward_gap_law: What the second-order law says of the reward, shape ``(l,)``; ``nan``
            where sequences are too short for it.
        kl_gap_law: Of the KL, shape ``(l,)``.
        divergence_law: Of the divergence, shape ``(l,)``.
    """

    setting: Setting
    beta: float
    lengths: Int64[np.ndarray, " l"]
    reward_gap: Float64[np.ndarray, " l"]
    kl_gap: Float64[np.ndarray, " l"]
    divergence: Float64[np.ndarray, " l"]
    reward_gap_law: Float64[np.ndarray, " l"]
    kl_gap_law: Float64[np.ndarray, " l"]
    divergence_law: Float64[np.ndarray, " l"]

    @property
    def leading(self) -> Float64[np.ndarray, " l"]:
        """``log(length) / (2 length)``, what the divergence per symbol falls like."""
        return np.asarray(np.log(self.lengths) / (2 * self.lengths))

    @property
    def slope(self) -> float:
        """Growth of the divergence with the logarithm of the length, between the last two."""
        total = self.divergence[-2:] * self.lengths[-2:]
        return float(np.diff(total)[0] / np.diff(np.log(self.lengths[-2:]))[0])


def best_of_n_claim(setting: Setting) -> BestOfNClaim:
    """Compare best-of-N with the optimum at growing lengths.

    Args:
        setting: Where.

    Returns:
        The numbers.

    Example:
        >>> from klimit.exact.claims import example_settings
        >>> claim = best_of_n_claim(example_settings()[0])
        >>> claim.divergence[-1].round(5), claim.divergence_law[-1].round(5)
        (np.float64(0.00159), np.float64(0.00159))
    """
    rows = np.array([_row(setting, law) for law in setting.totals])
    per_symbol = rows / setting.lengths[:, None]
    beta = setting.optimum.beta
    reward_law, divergence_law = per_symbol[:, 3], per_symbol[:, 4]
    return BestOfNClaim(
        setting=setting,
        beta=beta,
        lengths=setting.lengths,
        reward_gap=per_symbol[:, 0],
        kl_gap=per_symbol[:, 1],
        divergence=per_symbol[:, 2],
        reward_gap_law=reward_law,
        kl_gap_law=beta * reward_law - divergence_law,
        divergence_law=divergence_law,
    )


def _row(setting: Setting, law: TotalReward) -> tuple[float, ...]:
    budget = law.length * setting.kl
    best, optimum = best_of_n(law, log_n=budget), tilt(law, beta=setting.optimum.beta)
    deficit, distance = _law(law, budget)
    return (
        optimum.mean_reward - best.mean_reward,
        budget - best.kl,
        divergence(best, optimum),
        deficit,
        distance,
    )


def _law(law: TotalReward, budget: float) -> tuple[float, float]:
    try:
        found = second_order(law, kl=budget)
    except InputError:  # too short a sequence for a law that is asymptotic
        return nan, nan
    return found.reward_deficit, found.divergence

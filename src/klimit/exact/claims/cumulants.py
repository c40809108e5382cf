"""Scaled cumulants of the reward grow like a Renyi cross entropy."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.numerics import log_sum_exp
from klimit.core.results import Result
from klimit.exact.claims.setting import Setting
from klimit.exact.rates import cumulants
from klimit.exact.renyi import renyi_cross_entropy
from klimit.exact.tilts import tilt
from klimit.exact.totals import TotalReward

__all__ = ["CumulantClaim", "cumulant_claim"]

_SHOWN = 3  # lengths
_REACH = 6.0  # nats across the range of rewards
_ORDERS = 4  # cumulants compared


@dataclass(frozen=True, slots=True, eq=False)
class CumulantClaim(Result):
    """Scaled cumulants of the optimum's reward at several lengths, and their limit.

    The reward is read as ``log q + constant``, ``q`` a distribution on symbols.

    Attributes:
        setting: Where the claim is put to the test.
        constant: What is added to ``log q`` to give the reward.
        curve_order: Orders, shape ``(c,)``.
        curve: Renyi cross entropy of the optimum on one symbol and ``q``, in nats, shape
            ``(c,)``.
        reference_curve: That of the reference policy and ``q``, shape ``(c,)``.
        lengths: Numbers of symbols, shape ``(l,)``.
        order: Orders at which lengths are compared, shape ``(o,)``.
        renyi: The cross entropy at these, shape ``(o,)``.
        scaled: ``-log E q**t / (length t)`` under the optimum, ``t = order - 1``, from the
            exact law of sequences, in nats per symbol, shape ``(l, o)``.
        cumulants: Cumulants of one symbol's reward under the optimum, shape ``(j,)``.
        per_symbol: Those of the total reward, over the length, shape ``(l, j)``.
    """

    setting: Setting
    constant: float
    curve_order: Float64[np.ndarray, " c"]
    curve: Float64[np.ndarray, " c"]
    reference_curve: Float64[np.ndarray, " c"]
    lengths: Int64[np.ndarray, " l"]
    order: Float64[np.ndarray, " o"]
    renyi: Float64[np.ndarray, " o"]
    scaled: Float64[np.ndarray, "l o"]
    cumulants: Float64[np.ndarray, " j"]
    per_symbol: Float64[np.ndarray, "l j"]

    @property
    def largest_error(self) -> float:
        """How far lengths and cross entropy are apart at most, in nats per symbol."""
        return float(np.max(np.abs(self.scaled - self.renyi)))


def cumulant_claim(setting: Setting) -> CumulantClaim:
    """Compare scaled cumulants of sequences with a Renyi cross entropy of one symbol.

    Args:
        setting: Where.

    Returns:
        The numbers.

    Example:
        >>> from klimit.exact.claims import example_settings
        >>> claim = cumulant_claim(example_settings()[0])
        >>> claim.largest_error < 1e-12
        True
    """
    model, beta = setting.by_level, setting.optimum.beta
    constant = log_sum_exp(model.rewards)
    log_q = model.rewards - constant
    reach = _REACH / float(np.ptp(model.rewards))
    curve_t, t = np.linspace(-reach, reach, 97), np.linspace(-reach, reach, 12)
    aligned = tilt(model, beta=beta)
    laws = setting.totals[: 2 * _SHOWN : 2] if len(setting.totals) > 4 else setting.totals
    return CumulantClaim(
        setting=setting,
        constant=constant,
        curve_order=1.0 + curve_t,
        curve=np.array(
            [renyi_cross_entropy(aligned, log_q, order=1 + float(x)) for x in curve_t]
        ),
        reference_curve=np.array(
            [renyi_cross_entropy(model, log_q, order=1 + float(x)) for x in curve_t]
        ),
        lengths=np.array([law.length for law in laws], dtype=np.int64),
        order=1.0 + t,
        renyi=np.array([renyi_cross_entropy(aligned, log_q, order=1 + float(x)) for x in t]),
        scaled=np.array([_scaled(law, beta, t, constant) for law in laws]),
        cumulants=cumulants(model, beta=beta, order=_ORDERS),
        per_symbol=np.array(
            [cumulants(law, beta=beta, order=_ORDERS) / law.length for law in laws]
        ),
    )


def _scaled(
    law: TotalReward, beta: float, t: Float64[np.ndarray, " o"], constant: float
) -> list[float]:
    log_probs = law.log_probs + (tilt(law, beta=beta).log_ratio if beta else 0.0)
    return [
        constant - log_sum_exp(log_probs + float(x) * law.rewards) / (law.length * float(x))
        for x in t
    ]

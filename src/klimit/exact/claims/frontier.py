"""The frontier and its closed form: no policy has more reward at the same KL."""

from dataclasses import dataclass
from math import inf, log

import numpy as np
from jaxtyping import Float64
from scipy.optimize import minimize_scalar

from klimit.core.results import Result
from klimit.exact.best_of import best_of_n
from klimit.exact.claims.policies import KnownPolicies, random_policies
from klimit.exact.claims.setting import Setting
from klimit.exact.rates import scaled_cgf

__all__ = ["FrontierClaim", "frontier_claim"]

_SIZES = (1, 2, 4, 8, 16)
_SHARES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.95)  # of the ceiling


@dataclass(frozen=True, slots=True, eq=False)
class FrontierClaim(Result):
    """The closed form of the optimum on one symbol, and the bound that no policy can pass.

    Attributes:
        setting: Where the claim is put to the test.
        ceiling_kl: Budget in nats at which the reward can rise no further.
        curve_kl: Budgets of the frontier in nats, shape ``(c,)``.
        curve_reward: Reward of the closed form at each, shape ``(c,)``.
        kl: Budgets in nats at which it is checked, shape ``(m,)``.
        beta: Inverse temperature of the closed form at each, shape ``(m,)``.
        reward: Its mean reward, shape ``(m,)``.
        bound: The least of ``(kl + cgf(beta)) / beta`` over ``beta``, above the mean reward of
            every policy of that KL, shape ``(m,)``.
        others: Policies that are not optimal.
        largest_excess: How far one of them lies above the closed form at most; negative if none
            does.
        sizes: Values of N, shape ``(s,)``.
        best_of: Best-of-N at each.
    """

    setting: Setting
    ceiling_kl: float
    curve_kl: Float64[np.ndarray, " c"]
    curve_reward: Float64[np.ndarray, " c"]
    kl: Float64[np.ndarray, " m"]
    beta: Float64[np.ndarray, " m"]
    reward: Float64[np.ndarray, " m"]
    bound: Float64[np.ndarray, " m"]
    others: KnownPolicies
    largest_excess: float
    sizes: Float64[np.ndarray, " s"]
    best_of: KnownPolicies

    @property
    def largest_gap(self) -> float:
        """How far bound and closed form are apart, at most, over the bound."""
        return float(np.max(np.abs(self.bound - self.reward) / np.abs(self.bound)))


def frontier_claim(setting: Setting, *, rng: np.random.Generator | int = 0) -> FrontierClaim:
    """Compare the closed form with the bound from duality and with other policies.

    Args:
        setting: Where.
        rng: Draws the other policies.

    Returns:
        The numbers.

    Example:
        >>> from klimit.exact.claims import example_settings
        >>> claim = frontier_claim(example_settings()[0])
        >>> claim.largest_gap < 1e-12, claim.largest_excess < 0
        (True, True)
    """
    limits, ceiling = setting.limits, setting.limits.ceiling_kl
    curve_kl = 1.15 * ceiling * np.linspace(0.0, 1.0, 81) ** 2
    budgets = np.array(sorted({*(share * ceiling for share in _SHARES), setting.kl}))
    exact = limits.curve(budgets)
    others = random_policies(setting.symbols, count=200, rng=rng)
    sizes = np.array(_SIZES, dtype=np.float64)
    laws = [best_of_n(setting.symbols, n=n) for n in _SIZES]
    return FrontierClaim(
        setting=setting,
        ceiling_kl=ceiling,
        curve_kl=curve_kl,
        curve_reward=limits.curve(curve_kl).mean_reward,
        kl=budgets,
        beta=exact.beta,
        reward=exact.mean_reward,
        bound=np.array([_bound(setting, float(kl)) for kl in budgets]),
        others=others,
        largest_excess=float(np.max(others.reward - limits.curve(others.kl).mean_reward)),
        sizes=sizes,
        best_of=KnownPolicies(
            np.array([law.kl for law in laws]), np.array([law.mean_reward for law in laws])
        ),
    )


def _bound(setting: Setting, kl: float) -> float:
    """The dual problem, solved without the primal's root."""
    unit = 1.0 / float(np.ptp(setting.symbols.levels.rewards))

    def value(log_beta: float) -> float:
        beta = unit * float(np.exp(log_beta))
        return (kl + scaled_cgf(setting.symbols, t=beta)) / beta

    found = minimize_scalar(
        value, bounds=(log(1e-4), log(1e4)), method="bounded", options={"xatol": 1e-9}
    )
    return float(min(found.fun, inf))

"""A random number of draws that closes the gap between best-of-N and the optimum."""

from dataclasses import dataclass
from math import exp, nan

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.results import Result
from klimit.exact.best_of import best_of_n
from klimit.exact.claims.setting import Setting
from klimit.exact.claims.spread import SpreadCount
from klimit.exact.divergences import divergence
from klimit.exact.policies import Law
from klimit.exact.random_best_of import random_best_of_n
from klimit.exact.random_counts import geometric
from klimit.exact.tilts import Tilt, tilt
from klimit.exact.totals import TotalReward

__all__ = ["RandomNClaim", "RewardLaws", "random_n_claim"]

_TOTALS = 6_000  # a law of at most so many, each meeting each number of draws
_RARE = -45.0  # nats: rewards that the optimum has more rarely decide nothing
_LARGEST = 700.0  # nats: beyond it a geometric number's chance of stopping is no float


@dataclass(frozen=True, slots=True, eq=False)
class RewardLaws(Result):
    """Distribution functions of the mean reward at one length.

    Attributes:
        length: Number of symbols.
        x: Mean reward per symbol, shape ``(x,)``.
        optimum: Chance that the optimum's is at most that, shape ``(x,)``.
        fixed: The same of best-of-N, shape ``(x,)``.
        spread: The same with the random number, shape ``(x,)``.
    """

    length: int
    x: Float64[np.ndarray, " x"]
    optimum: Float64[np.ndarray, " x"]
    fixed: Float64[np.ndarray, " x"]
    spread: Float64[np.ndarray, " x"]


@dataclass(frozen=True, slots=True, eq=False)
class RandomNClaim(Result):
    """Divergence from the optimum of best-of-N with N fixed and random.

    The random N: draw a total reward from the optimum, and take N so large that best-of-N
    reaches about that, ``exp(-gamma)`` over the chance of at least it under the reference
    policy, ``gamma`` Euler's constant.

    Attributes:
        setting: Where it is seen.
        lengths: Numbers of symbols, shape ``(l,)``.
        fixed: Divergence of best-of-N from the optimum, in nats, ``log N`` the budget, shape
            ``(l,)``.
        geometric: The same with a geometric N of that mean, shape ``(l,)``; ``nan`` where the
            budget is beyond 700 nats.
        spread: The same with the random N, shape ``(l,)``.
        fixed_variation: Total variation between best-of-N and the optimum, shape ``(l,)``.
        spread_variation: The same with the random N, shape ``(l,)``.
        log_n: Logarithm of the fixed N, shape ``(l,)``.
        mean_log_n: Mean logarithm of the random N, shape ``(l,)``.
        std_log_n: Its standard deviation, shape ``(l,)``.
        log_mean_n: Logarithm of the mean of the random N: what it costs, shape ``(l,)``.
        laws: Laws of the reward at the longest length.
    """

    setting: Setting
    lengths: Int64[np.ndarray, " l"]
    fixed: Float64[np.ndarray, " l"]
    geometric: Float64[np.ndarray, " l"]
    spread: Float64[np.ndarray, " l"]
    fixed_variation: Float64[np.ndarray, " l"]
    spread_variation: Float64[np.ndarray, " l"]
    log_n: Float64[np.ndarray, " l"]
    mean_log_n: Float64[np.ndarray, " l"]
    std_log_n: Float64[np.ndarray, " l"]
    log_mean_n: Float64[np.ndarray, " l"]
    laws: RewardLaws


def random_n_claim(setting: Setting) -> RandomNClaim:
    """Compare a fixed number of draws with a random one, at lengths of few totals.

    Args:
        setting: Where.

    Returns:
        The numbers, at those lengths whose totals number at most 6,000 (the shortest at least).

    Example:
        >>> from klimit.exact.claims import example_settings
        >>> claim = random_n_claim(example_settings()[0])
        >>> bool(claim.spread[-1] < 1e-3 < 1 < claim.fixed[-1])
        True
    """
    laws = [law for law in setting.totals if law.rewards.size <= _TOTALS] or setting.totals[:1]
    rows = np.array([_row(setting, law) for law in laws])
    return RandomNClaim(
        setting=setting,
        lengths=np.array([law.length for law in laws], dtype=np.int64),
        fixed=rows[:, 0],
        geometric=rows[:, 1],
        spread=rows[:, 2],
        fixed_variation=rows[:, 3],
        spread_variation=rows[:, 4],
        log_n=rows[:, 5],
        mean_log_n=rows[:, 6],
        std_log_n=rows[:, 7],
        log_mean_n=rows[:, 8],
        laws=_laws(setting, laws[-1]),
    )


def _row(setting: Setting, law: TotalReward) -> tuple[float, ...]:
    budget = law.length * setting.kl
    optimum, number = _optimum(setting, law), _spread(setting, law)
    best, spread = best_of_n(law, log_n=budget), random_best_of_n(law, pgf=number)
    with_coin = (
        divergence(random_best_of_n(law, pgf=geometric(exp(-budget))), optimum)
        if budget < _LARGEST
        else nan
    )
    return (
        divergence(best, optimum),
        with_coin,
        divergence(spread, optimum),
        _variation(best, optimum),
        _variation(spread, optimum),
        budget,
        number.mean_log,
        number.std_log,
        number.log_mean,
    )


def _optimum(setting: Setting, law: TotalReward) -> Tilt:
    return tilt(law, beta=setting.optimum.beta)


def _spread(setting: Setting, law: TotalReward) -> SpreadCount:
    log_probs = _optimum(setting, law).log_probs
    log_weights = law.levels.log_masses if log_probs is None else log_probs
    kept = log_weights > _RARE
    weights = log_weights[kept] - np.logaddexp.reduce(log_weights[kept])
    levels = law.levels
    log_reached = np.append(0.0, levels.log_survival[:-1])[kept]
    return SpreadCount(weights, np.maximum(-np.euler_gamma - log_reached, 0.0))


def _variation(a: Law, b: Law) -> float:
    if a.log_probs is None or b.log_probs is None:  # pragma: no cover  (never, of totals)
        return nan
    return float(np.abs(np.exp(a.log_probs) - np.exp(b.log_probs)).sum() / 2)


def _laws(setting: Setting, law: TotalReward) -> RewardLaws:
    optimum = _optimum(setting, law)
    best = best_of_n(law, log_n=law.length * setting.kl)
    spread = random_best_of_n(law, pgf=_spread(setting, law))
    width = 4.0 * float(np.sqrt(optimum.variance))
    asked = optimum.mean_reward + width * np.linspace(-1.0, 1.0, 121)
    last = np.searchsorted(law.rewards, asked, side="right")
    return RewardLaws(
        law.length,
        asked / law.length,
        *(_upto(policy, last) for policy in (optimum, best, spread)),
    )


def _upto(policy: Law, last: Int64[np.ndarray, " x"]) -> Float64[np.ndarray, " x"]:
    probs = np.exp(policy.log_probs if policy.log_probs is not None else np.zeros(0))
    return np.asarray(np.append(0.0, np.cumsum(probs))[last])

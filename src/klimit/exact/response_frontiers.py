"""The frontier of responses of random length: which tilt spends a budget or has a reward."""

from collections.abc import Callable
from dataclasses import replace
from math import inf, log1p, sqrt

import numpy as np

from klimit.core.roots import Sample, increasing_root, log_quotient
from klimit.exact.steps import Steps, TiltedSteps

__all__ = ["steps_at_kl", "steps_at_mean"]


def steps_at_kl(steps: Steps, kl: float) -> TiltedSteps:
    """The tilt that spends a budget.

    Args:
        steps: One step of the responses of finite reward.
        kl: Divergence of a response, in nats, nonnegative.

    Returns:
        The tilted step; the limit where the budget reaches the ceiling.
    """
    ceiling = -steps.log_extreme if steps.critical == inf else inf
    if kl == 0.0 or ceiling == 0.0:
        return steps.tilted(0.0)
    if kl >= ceiling:
        return steps.tilted(inf)
    left = ceiling - kl

    def excess(law: TiltedSteps) -> Sample:
        slope = law.beta**2 * law.variance
        if kl <= left:
            return Sample(log_quotient(law.kl, kl), slope / (law.kl or inf))
        rest = law.beta * law.shortfall + _log_rest(steps, law)
        return Sample(log_quotient(left, rest), slope / (rest or inf))

    return _solved(steps, excess, guess=sqrt(2 * kl / steps.tilted(0.0).variance))


def steps_at_mean(steps: Steps, mean: float) -> TiltedSteps:
    """The tilt that has a given mean total.

    Args:
        steps: One step of the responses of finite reward.
        mean: Mean total, attainable.

    Returns:
        The tilted step.
    """
    start = steps.tilted(0.0)
    gain = mean - start.mean
    if gain < 0.0:
        found = steps_at_mean(steps.reflected, -mean)
        return replace(found, beta=-found.beta, mean=-found.mean)
    if gain == 0.0 or start.variance == 0.0:
        return start
    left = -mean if steps.critical == inf else inf
    if left == 0.0:  # pragma: no branch  (a function follows)
        return steps.tilted(inf)

    def excess(law: TiltedSteps) -> Sample:
        slope = law.beta * law.variance
        if gain <= left:
            return Sample(log_quotient(law.gain, gain), slope / (law.gain or inf))
        return Sample(log_quotient(left, law.shortfall), slope / (law.shortfall or inf))

    return _solved(steps, excess, guess=gain / start.variance)


def _solved(
    steps: Steps, excess: Callable[[TiltedSteps], Sample], *, guess: float
) -> TiltedSteps:
    """The tilt where ``excess`` vanishes.

    Below a critical factor the unknown is ``beta / (critical - beta)``, whose logarithm runs
    over all numbers.
    """
    critical = steps.critical

    def at(x: float) -> TiltedSteps:
        if critical == inf:
            return steps.tilted(x)
        return steps.tilted(critical * (x / (1.0 + x)), left=critical / (1.0 + x))

    def sample(x: float) -> Sample:
        found = excess(at(x))
        return found if critical == inf else Sample(found.value, found.slope / (1.0 + x))

    start = guess if critical == inf else guess / critical
    return at(increasing_root(sample, start=min(max(start, 1e-300), 1e300)))


def _log_rest(steps: Steps, law: TiltedSteps) -> float:
    """Minus the log-probability of the largest total, where no reward is positive."""
    others = (steps.log_probs + law.log_ratio[:-1])[steps.rewards < 0.0]
    return log1p(float(np.exp(others - law.log_stop).sum()))

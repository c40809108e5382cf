"""What the numbers of an audit say in words, each with a stable code."""

from collections.abc import Iterator
from math import ceil, exp, inf, isnan, log

import numpy as np

from klimit.core.errors import InsufficientDataError
from klimit.core.results import Estimate
from klimit.estimate.audit.numbers import Numbers
from klimit.estimate.audit.sources import Sources
from klimit.estimate.audit.tilts import tilt_at_kl
from klimit.estimate.best_of.points import estimate_best_of_n
from klimit.estimate.findings import Finding
from klimit.estimate.prediction import check_best_of_n

__all__ = ["draws_needed", "verdicts"]

CERTAIN = 4.0  # standard errors beyond which something is taken for impossible
WIDE = 0.5  # length from which an interval of the efficiency decides little
NARROW = 0.1  # half-length at which it does
ENOUGH = 10.0  # effective draws a prompt that bear a tilt
MANY = 1e4  # times the data at hand: no more is asked for
N = 8


def verdicts(sources: Sources, found: Numbers, *, budget: float | None) -> tuple[Finding, ...]:
    """What follows from the numbers of an audit.

    Args:
        sources: The draws.
        found: The numbers.
        budget: The KL that the policy was meant to stay within, in nats.

    Returns:
        Findings with the codes ``above-frontier``, ``over-budget``, ``budget-unproven``,
        ``best-of-n-better``, ``gain-in-noise``, ``too-few-draws`` and ``efficiency-unclear``.
    """
    return (
        *_above(found),
        *_over(found.kl, budget),
        *_best_of(sources, found),
        *_noise(sources, found),
        *_too_few(sources, found),
        *_unclear(sources, found),
    )


def draws_needed(sources: Sources, kl: float) -> int:
    """About how many draws of the reference a prompt would bear the frontier at a KL.

    The logarithm of the share of draws that carry the weight falls about linearly in the KL;
    it is measured at a KL that the draws do bear and carried on.

    Args:
        sources: The draws.
        kl: The KL, in nats.

    Returns:
        A number of draws, two digits of it.
    """
    typical = float(sources.reference.counts.mean())
    small = min(kl, max(log(typical / ENOUGH), 0.5) / 4)
    ess = tilt_at_kl(sources, small).tilt.ess
    slope = max(log(typical / ess) / small, 1.0) if ess > 0 else 2.0
    return _rounded(ENOUGH * exp(min(slope * kl, 60.0)))


def _above(found: Numbers) -> Iterator[Finding]:
    surplus = found.surplus
    if not found.at_reward.reason and surplus.value < -CERTAIN * surplus.standard_error:
        yield Finding(
            "above-frontier",
            f"a mean reward of {found.mean_reward} needs a KL of at least "
            f"{found.kl.value - surplus.value:.3g} nats, and the policy's is {found.kl}: no "
            "policy is above the frontier",
            "Check that one reward scored both tables on one scale, and that the "
            "log-probabilities are sums over the response in nats.",
        )


def _over(kl: Estimate, budget: float | None) -> Iterator[Finding]:
    if budget is None or kl.high <= budget:
        return
    if kl.low > budget:
        yield Finding(
            "over-budget",
            f"the KL is {kl} nats, over the budget of {budget:g}",
            "Take an earlier checkpoint or a larger KL coefficient.",
        )
    else:
        yield Finding(
            "budget-unproven",
            f"the KL is {kl} nats, and its interval, {kl.low:.3g} to {kl.high:.3g}, does not "
            f"tell it from the budget of {budget:g}",
            "Draw more from the policy before you rely on it.",
        )


def _best_of(sources: Sources, found: Numbers) -> Iterator[Finding]:
    draws = sources.reference
    if 2 * int((draws.counts >= N).sum()) < draws.counts.size:
        return
    prompts, level = sources.prompts, sources.level
    try:
        best = estimate_best_of_n(draws, n=N, prompts=prompts, level=level).points[0]
        compared = check_best_of_n(draws, sources.policy, n=N, prompts=prompts, level=level)
    except InsufficientDataError:
        return
    if compared.difference.high < 0 and best.kl.high < found.kl.low:
        yield Finding(
            "best-of-n-better",
            f"best-of-{N} of the reference has a mean reward of {best.reward} for a KL of "
            f"{best.kl.value:.3g} nats, the policy {found.mean_reward} for "
            f"{found.kl.value:.3g}",
            f"Where {N} draws a response are affordable, use best-of-{N} of the reference, or "
            "distil it.",
        )


def _noise(sources: Sources, found: Numbers) -> Iterator[Finding]:
    gain = found.gain
    if gain.low > 0 or gain.high < 0:
        return
    half = (gain.high - gain.low) / 2
    need = _more(sources, (half / gain.value) ** 2 if gain.value else inf)
    would = f"; {need} would tell a gain of this size" if need else ""
    yield Finding(
        "gain-in-noise",
        f"the gain over the reference is {gain}, not distinguishable from none{would}",
        "Treat the policy as no better than the reference until more draws say otherwise.",
    )


def _too_few(sources: Sources, found: Numbers) -> Iterator[Finding]:
    at_kl = found.at_kl
    if not at_kl.reason:
        return
    typical = int(np.median(sources.reference.counts))
    need = draws_needed(sources, max(found.kl.value, 0.0))
    yield Finding(
        "too-few-draws",
        f"{typical} draws of the reference a prompt do not bear the frontier at "
        f"{found.kl.value:.3g} nats ({at_kl.reason}); about {need:,} would",
        "Draw more from the reference, or judge by the excess KL, which needs the frontier "
        "only at the policy's reward."
        if not found.at_reward.reason
        else "Draw more from the reference, or audit a checkpoint of smaller KL.",
    )


def _unclear(sources: Sources, found: Numbers) -> Iterator[Finding]:
    share = found.efficiency
    if found.at_kl.reason or isnan(share.value) or share.high - share.low <= WIDE:
        return
    half = max(share.high - share.value, share.value - share.low)
    need = _more(sources, (half / NARROW) ** 2)
    would = f"; {need} would narrow it to ± {NARROW:g}" if need else ""
    yield Finding(
        "efficiency-unclear",
        f"the efficiency lies between {share.low:.2g} and {share.high:.2g}{would}",
        "Audit more prompts before comparing checkpoints by it."
        if sources.prompts == "sampled"
        else "Draw more from policy and reference before comparing checkpoints by it.",
    )


def _more(sources: Sources, factor: float) -> str:
    """How much data would do, in words; empty where more of it than is thinkable."""
    if not factor < MANY:
        return ""
    if sources.prompts == "sampled":
        return f"about {_rounded(factor * sources.reference.counts.size):,} prompts"
    each = _rounded(factor * float(np.median(sources.policy.counts)))
    other = _rounded(factor * float(np.median(sources.reference.counts)))
    return f"about {each:,} draws of the policy and {other:,} of the reference a prompt"


def _rounded(number: float) -> int:
    """Two digits, upwards."""
    unit = int(10 ** max(len(str(int(number))) - 2, 0))
    return ceil(number / unit) * unit

"""Auditing a policy from its draws: its KL and reward against the frontier."""

from collections.abc import Sequence
from dataclasses import dataclass

from klimit.core.errors import InputError
from klimit.core.results import Estimate, Result
from klimit.estimate.audit.alike import alike
from klimit.estimate.audit.log_ratios import log_ratios
from klimit.estimate.audit.numbers import Numbers, numbers
from klimit.estimate.audit.sources import Sources
from klimit.estimate.audit.table_findings import table_findings
from klimit.estimate.audit.verdicts import verdicts
from klimit.estimate.divergence.log_prob_findings import divergence_findings
from klimit.estimate.divergence.sequences import sequence_kl
from klimit.estimate.draws import Draws
from klimit.estimate.findings import Finding
from klimit.estimate.matched import Matched, matched
from klimit.estimate.uncertainty import check_level, check_prompts

__all__ = ["Audit", "audit"]


@dataclass(frozen=True, slots=True, eq=False)
class Audit(Result):
    """How far a policy is from the optimum, averaged over prompts.

    What cannot be negative (gap, excess, divergence) or exceed 1 (efficiency) is held there,
    and its interval with it.

    Attributes:
        kl: The policy's divergence from the reference, in nats a response, as `sequence_kl`.
        mean_reward: Its mean reward.
        frontier_reward: The largest mean reward of any policy within that KL.
        reward_gap: How much of it the policy lacks.
        excess_kl: What the policy spends beyond the cheapest way to its mean reward, in nats:
            its divergence from the closest optimal policy.
        divergence: Its divergence from the optimal policy of the same KL, in nats; ``inf``
            where that one has only best outcomes, ``nan`` where it is not known.
        efficiency: Its gain over the reference as a share of the largest gain within its KL;
            ``nan`` where its KL is not above 0.
        findings: What speaks against these numbers, or follows from them.
        reference_reward: Mean reward of the reference.
        gain: Mean reward of the policy less that of the reference.
        possible_gain: The largest gain of any policy within its KL.
        beta: Inverse temperature, the factor on the reward, of the optimum of the same KL.
        beta_same_reward: That of the optimum of the same mean reward; negative for a policy
            below the reference.
        ess: Effective number of draws a prompt that carry the frontier at that KL.
        policy_supported: Whether the policy's draws bear ``kl``, ``mean_reward`` and ``gain``,
            and with them all that follows.
        policy_reason: Why they do not, in words; empty where they do.
        supported: Whether the draws bear the frontier at that KL, and so ``frontier_reward``,
            ``reward_gap``, ``divergence`` and ``efficiency``.
        reason: Why they do not, in words; empty where they do.
        excess_supported: Whether they bear ``excess_kl``.
        excess_reason: Why they do not, in words; empty where they do.
        prompts: ``"sampled"`` or ``"fixed"``: for whom the intervals hold.
        level: Nominal coverage of the intervals.
        prompt_count: Number of prompts that both were given.
        draw_count: Number of the policy's draws at these.
        reference_draw_count: Number of the reference's.
    """

    kl: Estimate
    mean_reward: Estimate
    frontier_reward: Estimate
    reward_gap: Estimate
    excess_kl: Estimate
    divergence: Estimate
    efficiency: Estimate
    findings: tuple[Finding, ...]
    reference_reward: Estimate
    gain: Estimate
    possible_gain: Estimate
    beta: float
    beta_same_reward: float
    ess: float
    policy_supported: bool
    policy_reason: str
    supported: bool
    reason: str
    excess_supported: bool
    excess_reason: str
    prompts: str
    level: float
    prompt_count: int
    draw_count: int
    reference_draw_count: int


def audit(  # noqa: PLR0913  (what is audited, for whom, and what it is held against)
    policy_draws: Draws,
    *,
    reference: Draws,
    prompts: str = "sampled",
    level: float = 0.95,
    budget: float | None = None,
    training_prompts: Sequence[str | int] | None = None,
) -> Audit:
    r"""Audit a policy, whatever trained it: its KL and reward against the frontier.

    Two numbers of a policy tell its divergence from every optimal one:

    .. math:: \mathrm{KL}(\pi \,\|\, \pi_\beta)
              = \mathrm{KL}(\pi \,\|\, p) - \beta \, \mathbf{E}_\pi r + \kappa(\beta)

    Both policies' draws are paired by prompt, so that what a prompt does to both cancels, and
    the errors of KL, reward and frontier are carried through together. For a good policy a
    draw's log ratio goes with its reward, and that noise cancels in what matters here.

    Args:
        policy_draws: Draws of the policy with ``log_prob_policy`` and ``log_prob_reference``
            (nats, summed over the response) or ``kl_exact``.
        reference: Draws of the reference at the same prompts, with the same reward.
        prompts: ``"sampled"`` for the population that the prompts come from, ``"fixed"`` for
            these prompts alone.
        level: Nominal coverage of the intervals, in (0, 1).
        budget: The KL that the policy was meant to stay within, in nats, for the findings.
        training_prompts: Prompts that the policy was trained on, for the findings.

    Returns:
        The policy against the frontier.

    Raises:
        InputError: A column is missing, the two have no prompt in common, or the policy drew
            what the reference cannot, so that its KL is infinite.
        InsufficientDataError: One prompt where prompts are sampled, or a prompt with one draw
            where they are fixed.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> prompt = np.arange(6400) % 100
        >>> x = rng.normal(0.7, 1.0, size=6400)  # an optimal policy: the reference is N(0, 1)
        >>> policy = Draws.from_columns(
        ...     prompt=prompt,
        ...     reward=x,
        ...     log_prob_policy=-((x - 0.7) ** 2) / 2,
        ...     log_prob_reference=-(x**2) / 2,
        ... )
        >>> reference = Draws.from_columns(prompt=prompt, reward=rng.normal(size=6400))
        >>> found = audit(policy, reference=reference)
        >>> print(found.kl, "|", found.frontier_reward, "|", found.efficiency)
        0.2444 ± 0.0085 | 0.700 ± 0.018 | 0.999 ± 0.020
    """
    check_prompts(prompts)
    check_level(level)
    pair = matched(policy_draws, reference)
    sources = Sources(pair.policy, pair.reference, prompts, level)
    sources.check()
    if budget is not None and not budget >= 0:
        raise InputError(f"budget must be at least 0 nats, got {budget}")
    terms = log_ratios(pair.policy)
    found = numbers(
        sources, kl=sources.of_policy(terms), reward=sources.of_policy(pair.policy.rewards)
    )
    rare = alike(pair.policy, terms, prompts=prompts)
    findings = (
        *filter(None, [rare]),
        *verdicts(sources, found, budget=budget),
        *table_findings(pair, training_prompts=training_prompts),
        *divergence_findings(pair.policy, prompts=prompts),
    )
    return _audit(pair, sources, found, findings, rare.message if rare else "")


def _audit(
    pair: Matched, sources: Sources, found: Numbers, findings: tuple[Finding, ...], rare: str
) -> Audit:
    at_kl, at_reward = found.at_kl, found.at_reward
    return Audit(
        kl=sequence_kl(pair.policy, prompts=sources.prompts, level=sources.level),
        mean_reward=found.mean_reward,
        frontier_reward=found.frontier_reward,
        reward_gap=found.reward_gap,
        excess_kl=found.excess_kl,
        divergence=found.divergence,
        efficiency=found.efficiency,
        findings=findings,
        reference_reward=found.reference_reward,
        gain=found.gain,
        possible_gain=found.possible_gain,
        beta=at_kl.tilt.beta,
        beta_same_reward=at_reward.tilt.beta,
        ess=at_kl.tilt.ess,
        policy_supported=not rare,
        policy_reason=rare,
        supported=not (at_kl.reason or rare),
        reason=at_kl.reason or rare,
        excess_supported=not (at_reward.reason or rare),
        excess_reason=at_reward.reason or rare,
        prompts=sources.prompts,
        level=sources.level,
        prompt_count=len(pair.reference.prompts),
        draw_count=len(pair.policy),
        reference_draw_count=len(pair.reference),
    )

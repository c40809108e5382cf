"""Which prompts a policy's distance from the optimum comes from."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InsufficientDataError
from klimit.core.results import Result
from klimit.estimate.audit.log_ratios import log_ratios
from klimit.estimate.audit.sources import Sources
from klimit.estimate.audit.tilts import tilt_at_kl
from klimit.estimate.draws import Draws
from klimit.estimate.matched import matched
from klimit.estimate.paired import prompt_means
from klimit.estimate.weights import prompt_tilts

__all__ = ["PromptAudits", "audit_by_prompt"]


@dataclass(frozen=True, slots=True, eq=False)
class PromptAudits(Result):
    """A policy and the optimal one of the same KL, prompt by prompt.

    The optimal policy spends its KL where it buys most, at one ``beta`` for all prompts. Errors
    are those of the draws of the prompt.

    Attributes:
        prompts: The prompts that both policies were given.
        beta: Inverse temperature, the factor on the reward, of the optimal policy.
        kl: The policy's divergence from the reference, in nats, shape ``(p,)``.
        kl_error: Its standard error, shape ``(p,)``.
        mean_reward: The policy's mean reward, shape ``(p,)``.
        mean_reward_error: Its standard error, shape ``(p,)``.
        optimal_kl: What the optimal policy spends there, in nats, shape ``(p,)``.
        optimal_reward: Its mean reward, shape ``(p,)``.
        divergence: The policy's divergence from the optimal one, in nats, shape ``(p,)``; the
            mean is that of the audit. By noise alone it may be negative.
        divergence_error: Its standard error, shape ``(p,)``.
    """

    prompts: tuple[str | int, ...]
    beta: float
    kl: Float64[np.ndarray, " p"]
    kl_error: Float64[np.ndarray, " p"]
    mean_reward: Float64[np.ndarray, " p"]
    mean_reward_error: Float64[np.ndarray, " p"]
    optimal_kl: Float64[np.ndarray, " p"]
    optimal_reward: Float64[np.ndarray, " p"]
    divergence: Float64[np.ndarray, " p"]
    divergence_error: Float64[np.ndarray, " p"]


def audit_by_prompt(policy_draws: Draws, *, reference: Draws) -> PromptAudits:
    """Say prompt by prompt how far a policy is from the optimal one of the same KL.

    Args:
        policy_draws: Draws of the policy, as for `audit`.
        reference: Draws of the reference at the same prompts.

    Returns:
        The numbers of every prompt.

    Raises:
        InputError: As for `audit`.
        InsufficientDataError: A prompt has one draw, or the policy's KL is beyond the best
            draws of the reference.

    Example:
        >>> draws = {"prompt": ["a"] * 3 + ["b"] * 3, "reward": [0.0, 1.0, 2.0, 0.0, 1.0, 5.0]}
        >>> policy = Draws.from_columns(
        ...     **draws, log_prob_policy=[-1.0] * 6, log_prob_reference=[-1.1] * 6
        ... )
        >>> audit_by_prompt(policy, reference=Draws.from_columns(**draws)).kl.round(6)
        array([0.1, 0.1])
    """
    pair = matched(policy_draws, reference)
    sources = Sources(pair.policy, pair.reference, "fixed", 0.95)
    sources.check()
    terms = log_ratios(pair.policy)
    kl = prompt_means(pair.policy, terms)
    found = tilt_at_kl(sources, float(kl.mean.mean()))
    if found.ceiling:
        raise InsufficientDataError(
            f"the optimal policy at {kl.mean.mean():.3g} nats is beyond the draws of the "
            f"reference: {found.reason or 'all its mass is on best outcomes'}; draw more"
        )
    beta = found.tilt.beta
    best = prompt_tilts(pair.reference, beta=beta)
    reward = prompt_means(pair.policy, pair.policy.rewards)
    own = prompt_means(pair.policy, terms - beta * pair.policy.rewards)
    return PromptAudits(
        prompts=pair.reference.prompts,
        beta=beta,
        kl=kl.mean,
        kl_error=np.sqrt(kl.variance),
        mean_reward=reward.mean,
        mean_reward_error=np.sqrt(reward.variance),
        optimal_kl=best.kl,
        optimal_reward=best.reward,
        divergence=own.mean + best.cgf,
        divergence_error=np.sqrt(own.variance + best.cgf_variance),
    )

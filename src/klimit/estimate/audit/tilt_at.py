"""One tilt of the reference, averaged over prompts, with what moved it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from jaxtyping import Float64

from klimit.estimate.audit.noisy import Noisy
from klimit.estimate.audit.sources import Sources
from klimit.estimate.draws import Draws
from klimit.estimate.frontier.extremes import best_and_lowest
from klimit.estimate.frontier.values import ceilings
from klimit.estimate.moves import moves_of_draws
from klimit.estimate.parts import Part, parts
from klimit.estimate.weights import prompt_tilts, tilt_weights

__all__ = ["TiltAt", "tilt_at", "tilt_limit"]

_LEAST = 1e-15  # what a weight of 1 leaves to the other draws, so that logarithms are finite


@dataclass(frozen=True, slots=True, eq=False)
class TiltAt:
    """The tilt of the reference at one inverse temperature, averaged over prompts.

    Attributes:
        beta: Inverse temperature, the factor on the reward.
        reward: Mean reward under the tilt.
        kl: Divergence of the tilt from the reference, in nats.
        variance: Variance of the reward under the tilt, averaged over prompts.
        ess: Effective number of draws a prompt.
        doubt: Standard error of a bias that may remain in the largest reward within its KL.
        upward: The same of a bias that can only be downward.
        decay: With ``m`` draws that bias falls like ``m ** -decay``.
    """

    beta: float
    reward: Noisy
    kl: Noisy
    variance: float
    ess: float
    doubt: float = 0.0
    upward: float = 0.0
    decay: float = 1.0

    def divergence(self, kl: Noisy, reward: Noisy) -> Noisy:
        """The divergence of a policy from this tilt, whatever way it was made.

        Args:
            kl: The policy's divergence from the reference, in nats.
            reward: Its mean reward.

        Returns:
            The divergence in nats; ``beta`` must be finite.
        """
        return (kl - self.kl) - self.beta * (reward - self.reward)

    def mirrored(self) -> "TiltAt":
        """The same tilt where the sign of all rewards is changed.

        Returns:
            The tilt.
        """
        return replace(self, beta=-self.beta, reward=-1.0 * self.reward)


def tilt_at(sources: Sources, beta: float) -> TiltAt:
    """The tilt of the reference at one inverse temperature.

    Args:
        sources: Draws of the reference.
        beta: Inverse temperature, finite, at least 0.

    Returns:
        Its averages over prompts, the bias of order ``1/m`` removed.
    """
    draws = sources.reference
    tilts = prompt_tilts(draws, beta=beta)
    if sources.prompts == "sampled":
        reward, kl = sources.of_prompts(tilts.reward), sources.of_prompts(tilts.kl)
    else:
        own = partial(_without_each, beta=beta, rewards=tilts.plug_in_reward)
        reward = sources.of_draws(
            tilts.reward, lambda: moves_of_draws(draws, lambda part: own(part)[0])
        )
        kl = sources.of_draws(
            tilts.kl, lambda: moves_of_draws(draws, lambda part: own(part)[1])
        )
    return TiltAt(
        beta=beta,
        reward=reward,
        kl=kl,
        variance=float(tilts.variance.mean()),
        ess=float(1.0 / tilts.squares.mean()),
    )


def tilt_limit(sources: Sources) -> TiltAt:
    """The tilt of infinite ``beta``: the best draws of each prompt, in equal parts.

    Args:
        sources: Draws of the reference.

    Returns:
        Its averages over prompts.
    """
    seen = best_and_lowest(sources.reference)
    top, kl, tied = seen.best[:, 0], ceilings(seen), seen.tied.astype(np.float64)
    if sources.prompts == "sampled":
        reward, spent = sources.of_prompts(top), sources.of_prompts(kl)
    else:
        reward = Noisy(float(top.mean()), {})
        spent = sources.of_draws(kl, lambda: _moves_of_ceilings(sources.reference, top, tied))
    return TiltAt(
        beta=np.inf, reward=reward, kl=spent, variance=0.0, ess=float(1.0 / (1.0 / tied).mean())
    )


def _without_each(
    part: Part, *, beta: float, rewards: Float64[np.ndarray, " p"]
) -> tuple[Float64[np.ndarray, " m"], Float64[np.ndarray, " m"]]:
    """What each draw adds to reward and KL: ``m - 1`` times what they lose without it."""
    draws = part.draws
    weights = tilt_weights(draws, beta=beta)
    rest = np.maximum(1.0 - weights, _LEAST)
    gap = draws.rewards - np.repeat(rewards[part.prompts], draws.counts)
    without = np.repeat(draws.counts - 1.0, draws.counts)
    gained = without * weights * gap / rest
    return gained, beta * gained + without * np.log(rest)


def _moves_of_ceilings(
    draws: Draws, top: Float64[np.ndarray, " p"], tied: Float64[np.ndarray, " p"]
) -> Iterator[Float64[np.ndarray, " m"]]:
    for part in parts(draws):
        counts = part.draws.counts
        best = part.draws.rewards == np.repeat(top[part.prompts], counts)
        moves = np.repeat(1.0 / counts, counts) - best / np.repeat(tied[part.prompts], counts)
        yield moves / top.size

"""Whether a policy's draws are too much alike to tell the error of its KL and reward."""

from math import ceil

import numpy as np
from jaxtyping import Float64

from klimit.estimate.best_of.pools import sorted_pools
from klimit.estimate.best_of.rare import SEEN, draws_off_the_common_reward, too_rare
from klimit.estimate.draws import Draws
from klimit.estimate.findings import Finding
from klimit.estimate.parts import Part, parts

__all__ = ["alike"]


def alike(
    draws: Draws, log_ratios: Float64[np.ndarray, " n"], *, prompts: str
) -> Finding | None:
    """Look for rewards or log ratios that nearly all draws share.

    What is rare, the failures of a policy that nearly always passes say, moves the mean most
    where it is seen and widens no interval where it is not.

    Args:
        draws: Draws of the policy.
        log_ratios: A number a draw whose expectation is the KL, shape ``(n,)``.
        prompts: ``"sampled"``: draws may differ between prompts; ``"fixed"``: they must within.

    Returns:
        A finding with the code ``policy-too-alike``, or ``None``.

    Example:
        >>> draws = Draws.from_matrix([[1.0] * 15 + [0.0]] * 20)
        >>> print(alike(draws, np.where(draws.rewards > 0, 0.1, -2.0), prompts="fixed"))
        None
        >>> few = draws.head(5)
        >>> alike(few, few.rewards, prompts="fixed").message
        '5 of 80 draws of the policy differ from the common reward: too rare for an error'
    """
    for what, values in (("reward", draws.rewards), ("log ratio", log_ratios)):
        off = _off(draws, values, prompts)
        reason = too_rare(off, len(draws), what=what, of="draws of the policy")
        if reason:
            need = ceil(SEEN / off * float(np.median(draws.counts))) if off else 0
            about = f", about {need:,} a prompt" if need else ""
            return Finding(
                "policy-too-alike",
                reason,
                f"Draw more from the policy{about}: what is rare moves KL and reward, and so "
                "few cases tell no error.",
            )
    return None


def _off(draws: Draws, values: Float64[np.ndarray, " n"], prompts: str) -> int:
    """How many draws differ from the commonest value, of all or of their prompt."""
    if prompts == "sampled":
        return len(draws) - int(np.unique(values, return_counts=True)[1].max())
    return sum(_off_within(part, values) for part in parts(draws))


def _off_within(part: Part, values: Float64[np.ndarray, " n"]) -> int:
    own = Draws(part.draws.prompts, part.draws.offsets, values[part.rows])
    return draws_off_the_common_reward(sorted_pools(own))

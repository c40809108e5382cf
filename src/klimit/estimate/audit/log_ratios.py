"""The log ratios of a policy's draws, all of them finite."""

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.estimate.divergence.sequences import kl_terms
from klimit.estimate.draws import Draws

__all__ = ["log_ratios"]


def log_ratios(draws: Draws) -> Float64[np.ndarray, " n"]:
    """A number a draw whose expectation is the KL, in nats, all of them finite.

    Args:
        draws: Draws of the policy.

    Returns:
        ``kl_exact`` where the draws have it, else the log ratios, shape ``(n,)``.

    Raises:
        InputError: A column is missing, or a draw is impossible under the reference.
    """
    terms = kl_terms(draws)
    impossible = int(np.isinf(terms).sum())
    if impossible:
        raise InputError(
            f"an audit needs a finite KL, and {impossible} of {terms.size} draws of the policy "
            "have probability 0 under the reference; score them with the reference in full (no "
            "top-k, top-p, min-p)"
        )
    return terms

"""Two policies' draws at the prompts that both were given."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from klimit.core.errors import InputError
from klimit.core.lines import shown
from klimit.core.results import Result
from klimit.estimate.draws import Draws

__all__ = ["Matched", "matched", "of_prompts"]


@dataclass(frozen=True, slots=True, eq=False)
class Matched(Result):
    """Draws of a policy and of the reference, prompt by prompt.

    Attributes:
        policy: Draws of the policy at the common prompts.
        reference: Draws of the reference at the same prompts, in the same order.
        policy_only: Number of prompts that only the policy was given.
        reference_only: Number of prompts that only the reference was given.
    """

    policy: Draws
    reference: Draws
    policy_only: int
    reference_only: int


def matched(policy: Draws, reference: Draws) -> Matched:
    """Line up the draws of two policies by their prompts.

    Args:
        policy: Draws of the policy.
        reference: Draws of the reference.

    Returns:
        The draws at the prompts that both have, in the order of the reference.

    Raises:
        InputError: There is no common prompt.

    Example:
        >>> first = Draws.from_columns(prompt=["b", "a"], reward=[1.0, 2.0])
        >>> second = Draws.from_columns(prompt=["a", "c", "b"], reward=[3.0, 4.0, 5.0])
        >>> matched(first, second).policy.rewards
        array([2., 1.])
    """
    if policy.prompts == reference.prompts:
        return Matched(policy, reference, 0, 0)
    place = {prompt: i for i, prompt in enumerate(policy.prompts)}
    common = [i for i, prompt in enumerate(reference.prompts) if prompt in place]
    if not common:
        raise InputError(
            "policy and reference need prompts in common, got none: "
            f"{shown(policy.prompts[0])} and {shown(reference.prompts[0])} come first; name "
            "the same column of prompts in both"
        )
    return Matched(
        of_prompts(policy, [place[reference.prompts[i]] for i in common]),
        of_prompts(reference, common),
        len(policy.prompts) - len(common),
        len(reference.prompts) - len(common),
    )


def of_prompts(draws: Draws, which: Sequence[int] | Int64[np.ndarray, " q"]) -> Draws:
    """The draws of some prompts, in the order asked.

    Args:
        draws: The draws.
        which: Positions of the prompts, each once.

    Returns:
        Their draws; the table itself where all of them are asked for as they are.

    Example:
        >>> of_prompts(Draws.from_matrix([[0.0, 1.0], [2.0]]), [1, 0]).rewards
        array([2., 0., 1.])
    """
    chosen = np.asarray(which, dtype=np.int64)
    if np.array_equal(chosen, np.arange(len(draws.prompts))):
        return draws
    counts = draws.counts[chosen]
    offsets = np.concatenate([[0], np.cumsum(counts)])
    rows = np.arange(offsets[-1]) + np.repeat(draws.offsets[chosen] - offsets[:-1], counts)
    return Draws.from_blocks(
        tuple(draws.prompts[i] for i in chosen),
        offsets,
        draws.rewards[rows],
        {name: column[rows] for name, column in draws.columns.items()},
        None if draws.texts is None else [draws.texts[row] for row in rows.tolist()],
    )

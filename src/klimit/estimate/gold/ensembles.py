"""One proxy from several rewards, so that the errors of one weigh less."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.estimate.draws import Draws

__all__ = ["combine_rewards"]


def combine_rewards(
    draws: Draws,
    *,
    columns: Sequence[str],
    how: str = "mean",
    penalty: float = 1.0,
    standardise: bool = True,
) -> Draws:
    r"""The same draws with an ensemble of several rewards as their reward.

    .. math:: \text{penalised} = \text{mean} - \text{penalty} \cdot \text{variance}

    Args:
        draws: Draws with further rewards as columns.
        columns: Names of the members, at least two; ``"reward"`` is the reward itself.
        how: ``"mean"`` of the members, ``"worst"`` of them, or ``"penalised"``: the mean less
            their disagreement.
        penalty: Weight of the variance between members, at least 0; for ``"penalised"``.
        standardise: Whether each member is first brought to mean 0 and variance 1 over all
            draws, for members on different scales.

    Returns:
        The draws, with the ensemble as reward and all columns kept.

    Raises:
        InputError: An argument is outside its range, a column is missing or not finite, or one
            to be standardised is constant.

    Example:
        >>> columns = {"reward": [0.0, 1.0, 2.0], "other": [4.0, 4.0, 1.0]}
        >>> draws = Draws.from_columns(prompt=["a"] * 3, **columns)
        >>> combine_rewards(draws, columns=[*columns], how="worst", standardise=False).rewards
        array([0., 1., 1.])

    References:
        Coste, Anwar, Kirk and Krueger (2023), Reward model ensembles help mitigate
        overoptimization.
    """
    if how not in {"mean", "worst", "penalised"}:
        raise InputError(f'how must be "mean", "worst" or "penalised", got {how!r}')
    if not (np.isfinite(penalty) and penalty >= 0):
        raise InputError(f"penalty must be at least 0, got {penalty}")
    if len(columns) < 2:
        raise InputError(f"an ensemble needs at least 2 columns, got {list(columns)}")
    members = np.array([_member(draws, name, standardise) for name in columns])
    if how == "worst":
        rewards = members.min(axis=0)
    else:
        spread = members.var(axis=0) if how == "penalised" else 0.0
        rewards = members.mean(axis=0) - penalty * spread
    return Draws.from_blocks(
        draws.prompts, draws.offsets, rewards, {**draws.columns}, draws.texts
    )


def _member(draws: Draws, name: str, standardise: bool) -> Float64[np.ndarray, " n"]:  # noqa: FBT001
    values = draws.rewards if name == "reward" else draws.column(name)
    if not np.isfinite(values).all():
        raise InputError(f"column {name!r} must be finite to join an ensemble")
    if not standardise:
        return values
    spread = float(values.std())
    if spread == 0:
        raise InputError(f"column {name!r} is constant and cannot be brought to variance 1")
    standard: Float64[np.ndarray, " n"] = (values - values.mean()) / spread
    return standard

"""From numbers of every prompt to an estimate with its interval."""

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtrit

from klimit.core.errors import InputError, InsufficientDataError
from klimit.core.results import Estimate

__all__ = [
    "check_level",
    "check_prompts",
    "mean_over_prompts",
    "require_several_prompts",
    "student_quantile",
    "units_of",
]


def check_prompts(prompts: str) -> None:
    """Refuse anything but the two kinds of prompts.

    Args:
        prompts: ``"sampled"`` or ``"fixed"``.

    Raises:
        InputError: It is neither.

    Example:
        >>> check_prompts("sampled")
    """
    if prompts not in {"sampled", "fixed"}:
        raise InputError(f'prompts must be "sampled" or "fixed", got {prompts!r}')


def check_level(level: float) -> None:
    """Refuse a coverage outside (0, 1).

    Args:
        level: Nominal coverage.

    Raises:
        InputError: ``level`` is not between 0 and 1.

    Example:
        >>> check_level(0.95)
    """
    if not 0 < level < 1:
        raise InputError(f"level must lie between 0 and 1, got {level}")


def require_several_prompts(count: int) -> None:
    """Refuse one prompt where it stands for others.

    Args:
        count: Number of prompts.

    Raises:
        InsufficientDataError: There is one.

    Example:
        >>> require_several_prompts(2)
    """
    if count < 2:
        raise InsufficientDataError(
            "an interval for the population of prompts needs 2 prompts, got 1; draw from more, "
            'or ask for these alone with prompts="fixed"'
        )


def student_quantile(freedom: float, level: float) -> float:
    """How many standard errors a plain interval reaches to either side.

    Args:
        freedom: Degrees of freedom of the error, infinite where it is known.
        level: Nominal coverage, in (0, 1).

    Returns:
        The quantile of Student's law.

    Example:
        >>> student_quantile(np.inf, 0.95).__round__(3)
        1.96
    """
    return float(stdtrit(min(freedom, 1e9), 0.5 + level / 2))


def units_of(prompts: str) -> str:
    """What an interval takes as its independent units, in words.

    Args:
        prompts: ``"sampled"`` or ``"fixed"``.

    Returns:
        The words.

    Example:
        >>> units_of("fixed")
        'draws within prompts'
    """
    return "clustered by prompt" if prompts == "sampled" else "draws within prompts"


def mean_over_prompts(
    values: Float64[np.ndarray, " p"],
    variances: Float64[np.ndarray, " p"],
    *,
    prompts: str,
    level: float,
) -> Estimate:
    """The mean over prompts with a Student interval.

    For plain averages, such as lengths and what rejection keeps, whose variances are taken as
    known; `WithinPrompts` and `Corrected` doubt theirs and lean to the longer tail.

    With ``prompts="sampled"`` the spread between prompts is the error and holds that within
    prompts; with ``"fixed"`` the error comes from the draws alone.

    Args:
        values: One unbiased estimate a prompt, shape ``(p,)``.
        variances: Their variances over the draws, shape ``(p,)``; used for fixed prompts.
        prompts: ``"sampled"`` or ``"fixed"``.
        level: Nominal coverage, in (0, 1).

    Returns:
        The estimate.

    Raises:
        InsufficientDataError: One prompt, where prompts are sampled.

    Example:
        >>> values = np.array([0.0, 1.0, 2.0])
        >>> str(mean_over_prompts(values, np.ones(3), prompts="sampled", level=0.95))
        '1.00 ± 0.58'
    """
    p = values.size
    value = float(values.mean())
    if prompts == "sampled":
        require_several_prompts(p)
        stderr, freedom = float(values.std(ddof=1)) / p**0.5, float(p - 1)
    else:
        stderr = float(variances.sum()) ** 0.5 / p
        freedom = np.inf
    quantile = student_quantile(freedom, level)
    return Estimate(
        value,
        stderr,
        value - quantile * stderr,
        value + quantile * stderr,
        level,
        p,
        f"t, {units_of(prompts)}",
    )

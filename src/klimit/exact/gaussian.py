"""A reward with a normal distribution: the continuous reference case."""

from dataclasses import dataclass
from math import isfinite

from klimit.core.errors import InputError
from klimit.core.results import Result

__all__ = ["GaussianReward"]


@dataclass(frozen=True, slots=True)
class GaussianReward(Result):
    r"""A reference policy of infinitely many outcomes whose reward is normal, without ties.

    Its cumulant generating function is :math:`\beta\mu + \beta^2\sigma^2/2`, the frontier
    :math:`\mu + \sigma\sqrt{2\,\mathrm{kl}}`, without a ceiling.

    Attributes:
        mean: Mean reward.
        std: Standard deviation of the reward, positive.

    Raises:
        InputError: ``mean`` is not finite, or ``std`` is not finite and positive.

    Example:
        >>> print(GaussianReward(0.0, 1.0))
        GaussianReward(mean=0, std=1)
    """

    mean: float
    std: float

    def __post_init__(self) -> None:
        for name in ("mean", "std"):
            value = getattr(self, name)
            if isinstance(value, bool | str) or not isfinite(value):
                raise InputError(f"{name} must be a finite number, got {value!r}")
            object.__setattr__(self, name, float(value))
        if self.std <= 0:
            raise InputError(
                f"std must be positive, got {self.std}; a constant is a FiniteModel"
            )

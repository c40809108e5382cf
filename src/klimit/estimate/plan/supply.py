"""Draws made ready for planning: sorted, their atoms found, the cost of each draw known."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64

from klimit.core.errors import InputError
from klimit.core.results import Estimate, Result
from klimit.estimate.best_of.atoms import Atoms, atoms_of
from klimit.estimate.best_of.pools import Pools, WithinPrompts, sorted_pools
from klimit.estimate.best_of.rare import decided_by_few
from klimit.estimate.draws import Draws
from klimit.estimate.paired import PromptMeans, prompt_means
from klimit.estimate.uncertainty import check_level, check_prompts, mean_over_prompts

__all__ = ["Supply", "known", "supply"]

_FAR = 10.0  # times what lies above it is a gap that parts penalties from rewards
_FAINTEST = -14.0  # logarithm of a beta times the widest range


@dataclass(frozen=True, slots=True, eq=False)
class Supply(Result):
    """Draws of the reference policy, ready for every method.

    Attributes:
        draws: The draws.
        pools: Their rewards, sorted within prompts.
        atoms: Rewards that carry probability of their own.
        tokens: Tokens of every draw, shape ``(n,)``; ``None`` where unknown.
        prompts: ``"sampled"`` or ``"fixed"``.
        level: Nominal coverage of the intervals.
        widest: The widest range of one prompt's rewards; 1 where every prompt has one reward.
        span: That range without penalties far below, which tell nothing of the scale on which
            the other rewards differ.
    """

    draws: Draws
    pools: Pools
    atoms: Atoms
    tokens: Float64[np.ndarray, " n"] | None
    prompts: str
    level: float
    widest: float
    span: float

    @property
    def typical(self) -> int:
        """Draws that half of the prompts have at least."""
        return int(np.median(self.pools.counts))

    @property
    def faintest(self) -> float:
        """The logarithm of a ``beta`` times ``span`` that no reward at hand feels."""
        return _FAINTEST - float(np.log(self.widest / self.span))

    def mean(self, within: WithinPrompts) -> Estimate:
        """The mean over prompts with its interval."""
        return within.mean(prompts=self.prompts, level=self.level)

    def decided(self, within: WithinPrompts) -> str:
        """Why the mean over prompts hangs on too few of them, or of their draws, in words."""
        return decided_by_few(within.skewness(prompts=self.prompts))

    def paired(
        self, values: Float64[np.ndarray, " p"], variances: Float64[np.ndarray, " p"]
    ) -> Estimate:
        """The mean over prompts of numbers whose variances are taken as known."""
        return mean_over_prompts(values, variances, prompts=self.prompts, level=self.level)

    def kl(self, costs: WithinPrompts, *, bound: float) -> Estimate:
        """The KL that is left of its bound, never negative and never above."""
        cost = self.mean(costs)
        return replace(
            cost,
            value=min(max(bound - cost.value, 0.0), bound),
            low=min(max(bound - cost.high, 0.0), bound),
            high=min(max(bound - cost.low, 0.0), bound),
        )

    def tokens_for(
        self, number: Float64[np.ndarray, " p"], prompts: Bool[np.ndarray, " p"]
    ) -> Estimate | None:
        """Tokens for one response that costs each prompt a number of draws."""
        if self.tokens is None:
            return None
        length = prompt_means(self.draws, self.tokens)
        chosen = PromptMeans(
            (number * length.mean)[prompts], (number**2 * length.variance)[prompts]
        )
        return self.paired(chosen.mean, chosen.variance)


def supply(draws: Draws, *, tokens: float | str | None, prompts: str, level: float) -> Supply:
    """Make draws ready.

    Args:
        draws: Draws of the reference policy.
        tokens: The column that holds the tokens of each draw, their mean number, or ``None``
            where they are not known; the column ``tokens`` is taken where there is one.
        prompts: ``"sampled"`` or ``"fixed"``.
        level: Nominal coverage of the intervals, in (0, 1).

    Returns:
        The draws with all that is shared among methods.

    Raises:
        InputError: An argument is outside its range.

    Example:
        >>> draws = Draws.from_matrix([[0.0, 1.0]])
        >>> supply(draws, tokens=40.0, prompts="fixed", level=0.9).tokens
        array([40., 40.])
    """
    check_prompts(prompts)
    check_level(level)
    pools = sorted_pools(draws)
    ranges = np.array([_ranges(block) for block in pools.blocks]).max(axis=0)
    widest, span = (float(size) or 1.0 for size in ranges)
    known_tokens = _tokens(draws, tokens)
    return Supply(draws, pools, atoms_of(pools), known_tokens, prompts, level, widest, span)


def _ranges(block: Float64[np.ndarray, "q m"]) -> tuple[float, float]:
    """The widest range of sorted rewards, and that above gaps far wider than what is above."""
    above = block[:, -1:] - block
    whole, rest = above[:, :1], above[:, 1:]
    parted = (rest > 0) & (above[:, :-1] > (1 + _FAR) * rest)
    bulk = np.where(parted, rest, whole).min(axis=1, initial=np.inf)
    return float(whole.max()), float(np.minimum(bulk, whole[:, 0]).max())


def known(value: float, *, level: float, count: int) -> Estimate:
    """A number that a setting fixes, in the form of an estimate.

    Args:
        value: The number.
        level: Nominal coverage of the intervals beside it.
        count: Number of prompts beside it.

    Returns:
        The estimate, without error.

    Example:
        >>> print(known(4.0, level=0.95, count=10))
        4 ± 0
    """
    return Estimate(value, 0.0, value, value, level, count, "set")


def _tokens(draws: Draws, tokens: float | str | None) -> Float64[np.ndarray, " n"] | None:
    if tokens is None:
        if "tokens" not in draws.columns:
            return None
        tokens = "tokens"
    if isinstance(tokens, str):
        column = draws.column(tokens)
        if not (np.isfinite(column).all() and (column >= 0).all()):
            raise InputError(
                f"column {tokens!r} must hold the number of tokens of every draw, got one that "
                "is missing or negative; leave it out, or give their mean number as tokens"
            )
        return column
    if not 0 < tokens < np.inf:
        raise InputError(f"tokens must be a positive number a draw, got {tokens}")
    return np.full(len(draws), float(tokens))

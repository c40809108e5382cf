"""Where the claims are put to the test: a law of one symbol, a budget and some lengths."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, sqrt

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.errors import InputError
from klimit.core.results import Result
from klimit.core.scalars import real
from klimit.exact.finite import FiniteModel
from klimit.exact.frontiers import Frontier, frontier
from klimit.exact.lattices import find_lattice
from klimit.exact.memoryless import Memoryless
from klimit.exact.multinomial import count_types
from klimit.exact.tilts import Tilt
from klimit.exact.totals import LARGEST, TotalReward, checked_length

__all__ = ["LENGTHS", "Setting", "example_settings", "setting_of"]

LENGTHS = (25, 50, 100, 200, 400, 800, 1600)
"""Lengths that show a limit and take seconds."""

_BUDGET = 0.2  # nats per symbol
_TYPES = 1_500_000  # what a law over types may hold
_WORK = 10_000_000  # symbols times levels of a law on a lattice
_WIDEST = 1e120  # range of rewards, and over the narrowest: squares of totals are floats
_STEPS = 64  # of the lattice that other rewards are rounded to


# Not slotted: the laws of the totals are cached in the instance's dictionary.
@dataclass(frozen=True, eq=False)
class Setting(Result):
    """Independent symbols, a budget and the lengths at which limits are approached.

    Attributes:
        name: What figures call it.
        symbols: The law of one symbol and its reward.
        kl: Budget in nats per symbol, below the ceiling.
        lengths: Numbers of symbols, increasing, shape ``(l,)``.
        span: Step of the lattice of rewards; ``None`` where there is none.
        rounding: By how much a reward was moved to the lattice at most; 0 where none was.
    """

    name: str
    symbols: FiniteModel
    kl: float
    lengths: Int64[np.ndarray, " l"]
    span: float | None
    rounding: float

    @property
    def probs(self) -> Float64[np.ndarray, " k"]:
        """Probability of each level of the reward."""
        return np.asarray(np.exp(self.symbols.levels.log_masses))

    @property
    def by_level(self) -> FiniteModel:
        """The symbols, those of equal reward as one."""
        return FiniteModel(self.symbols.levels.log_masses, self.symbols.levels.rewards)

    @property
    def limits(self) -> Frontier:
        """The frontier of one symbol."""
        return frontier(self.symbols)

    @property
    def optimum(self) -> Tilt:
        """The optimal policy on one symbol within the budget."""
        return self.limits.at_kl(self.kl)

    @cached_property
    def totals(self) -> tuple[TotalReward, ...]:
        """The law of the summed reward at each length."""
        return tuple(Memoryless(self.symbols).total(int(length)) for length in self.lengths)


def setting_of(
    symbols: FiniteModel,
    *,
    name: str,
    kl: float | None = None,
    lengths: Sequence[int] = LENGTHS,
) -> Setting:
    """Choose where the claims are put to the test.

    Rewards that are on no lattice and too many to enumerate the types of are rounded to the
    nearest of 65 equally spaced ones.

    Args:
        symbols: The law of one symbol and its reward, finite and not constant.
        name: What figures call it.
        kl: Budget in nats per symbol; ``None`` for 0.2, or half the ceiling where that is less.
        lengths: Numbers of symbols, at least two.

    Returns:
        The setting.

    Raises:
        InputError: A reward is ``-inf``, all rewards are equal, the budget is not between 0 and
            the ceiling, or a length is no number of symbols.

    Example:
        >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 0.1])
        >>> print(setting_of(coin, name="coin", lengths=[10, 20]))
        Setting(name=coin, kl=0.2, span=0.1, rounding=0)
    """
    levels = symbols.levels
    if levels.has_void:
        raise InputError(
            "the claims need finite rewards, got -inf; leave that symbol out and divide the "
            "probabilities by their sum"
        )
    if levels.rewards.size == 1:
        raise InputError(
            f"the claims need two different rewards, all are {levels.rewards[0]:g}"
        )
    spread = float(levels.rewards[-1]) - float(levels.rewards[0])
    if not 1 / _WIDEST < spread < _WIDEST:
        raise InputError(
            f"the claims need rewards whose squares are floats, got a range of {spread:g}; "
            "multiply them by a constant"
        )
    checked = sorted({checked_length(length) for length in lengths})
    if len(checked) < 2:
        raise InputError(f"a limit needs at least two lengths, got {len(checked)}")
    kept, span, rounding = _summable(symbols, checked[-1])
    budget = _checked_budget(kl, kept.levels.ceiling_kl)
    return Setting(name, kept, budget, np.array(checked, dtype=np.int64), span, rounding)


def example_settings(
    *, kl: float | None = None, lengths: Sequence[int] = LENGTHS
) -> tuple[Setting, ...]:
    """Three symbols whose rewards are on a lattice, and three whose rewards are on none.

    Args:
        kl: Budget in nats per symbol; ``None`` for 0.2.
        lengths: Numbers of symbols, at least two.

    Returns:
        The two settings that ``klimit asymptotics`` shows unless given others.

    Raises:
        InputError: The budget is not between 0 and the ceiling, or a length is none.

    Example:
        >>> [setting.span for setting in example_settings()]
        [1.0, None]
    """
    rewards = {
        "lattice (rewards 0, 1, 2)": [0.0, 1.0, 2.0],
        "no lattice (rewards 0, 1, 1 + √2)": [0.0, 1.0, 1.0 + sqrt(2.0)],
    }
    return tuple(
        setting_of(
            FiniteModel.from_probs([0.5, 0.3, 0.2], values), name=name, kl=kl, lengths=lengths
        )
        for name, values in rewards.items()
    )


def _checked_budget(kl: float | None, ceiling: float) -> float:
    budget = min(_BUDGET, ceiling / 2) if kl is None else real("kl", kl)
    if not 0.0 < budget < ceiling:
        raise InputError(
            f"kl must lie between 0 and the ceiling, {ceiling:.6g} nats a symbol, "
            f"got {budget:g}"
        )
    return budget


def _summable(symbols: FiniteModel, longest: int) -> tuple[FiniteModel, float | None, float]:
    """A model whose totals can be had at the longest length, its span, and what that moved."""
    rewards = symbols.levels.rewards
    lattice = find_lattice(rewards, most=LARGEST)
    steps = inf if lattice is None else float(lattice.index.max())
    if steps * longest * rewards.size <= _WORK or count_types(rewards.size, longest) <= _TYPES:
        return symbols, None if lattice is None else float(lattice.span), 0.0
    low, reach = float(rewards[0]), float(rewards[-1]) - float(rewards[0])
    index = np.rint((rewards - low) / reach * _STEPS)
    probs = np.bincount(index.astype(np.int64), np.exp(symbols.levels.log_masses))
    grid = low + reach * np.arange(_STEPS + 1) / _STEPS
    moved = float(np.abs(grid[index.astype(np.int64)] - rewards).max())
    taken = probs > 0
    model = FiniteModel.from_probs(probs[taken] / probs.sum(), grid[taken])
    found = find_lattice(model.levels.rewards, most=_STEPS)
    return model, reach / _STEPS if found is None else float(found.span), moved

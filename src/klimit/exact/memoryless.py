"""Sequences of independent symbols: the law of their summed reward, at any length."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.results import Result
from klimit.exact.finite import FiniteModel
from klimit.exact.lattices import Lattice, find_lattice
from klimit.exact.multinomial import count_types, merge_equal, type_sums
from klimit.exact.symbol_sums import symbol_law
from klimit.exact.totals import LARGEST, TotalReward, checked_length, with_void

__all__ = ["Memoryless"]

Extended = npt.NDArray[np.longdouble]

_TYPES = 4_000_000  # compositions of a sequence that are enumerated at most
_EPS = 2.0**-52


@dataclass(frozen=True, slots=True, eq=False)
class Memoryless(Result):
    r"""A reference policy whose sequences are independent symbols with summed rewards.

    .. math:: p^n(y) = \prod_i p(y_i), \qquad r(y) = \sum_i r(y_i)

    Attributes:
        symbols: The law of one symbol and its reward.
    """

    symbols: FiniteModel

    def __post_init__(self) -> None:
        """Refuse what is no model of a symbol."""
        if not isinstance(self.symbols, FiniteModel):
            raise InputError(
                f"symbols must be a FiniteModel, got {type(self.symbols).__name__}"
            )

    def total(self, length: float) -> TotalReward:
        """The law of the summed reward of ``length`` symbols.

        Rewards that are integer multiples of one step, as the simple fractions that floats
        stand for (0.1, 0.2, 0.3) or exactly, are summed as integers, so that ties are exact.
        Every log-probability is right to about ``1e-12`` of itself, however far in the tail.
        Totals in a valley between others far more likely are found by enumerating the types,
        up to 4,000,000 of them; beyond, such a total has the absolute accuracy of its
        neighbours, and counts as impossible below ``1e-14`` of them. Without a common step the
        types are enumerated, equal sums of floats merged.

        Args:
            length: Number of symbols, an integer.

        Returns:
            The law; whatever takes a ``FiniteModel`` takes it.

        Raises:
            InputError: ``length`` is no integer or below 1; the lattice has more than
                16,777,216 levels; or rewards have no common step and there are more than
                4,000,000 types.

        Example:
            >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.1, 0.2])
            >>> law = Memoryless(coin).total(3)
            >>> law.rewards, np.exp(law.log_probs).round(15)
            (array([0.3, 0.4, 0.5, 0.6]), array([0.125, 0.375, 0.375, 0.125]))
        """
        number = checked_length(length)
        levels = self.symbols.levels
        finite = levels.attainable
        log_p = np.asarray(finite.log_masses, dtype=np.longdouble)
        log_p -= np.log(np.exp(log_p).sum())
        lattice = find_lattice(finite.rewards, most=LARGEST)
        if lattice is None:
            logs, rewards = _over_types(log_p, finite.rewards, number)
        else:
            logs, rewards = _on_lattice(log_p, lattice, number)
        logs, rewards = with_void(logs, rewards, -number * levels.floor_kl)
        span = None if lattice is None else float(lattice.span)
        return TotalReward(logs, rewards, length=number, span=span, symbols=self.symbols)


def _on_lattice(
    log_p: Extended, lattice: Lattice, length: int
) -> tuple[Float64[np.ndarray, " m"], Float64[np.ndarray, " m"]]:
    index, first = np.unique(lattice.index, return_inverse=True)
    merged = np.full(index.size, -np.inf, dtype=np.longdouble)
    np.logaddexp.at(merged, first, log_p)
    size = length * int(index[-1]) + 1
    types = count_types(index.size, length)
    if size <= LARGEST and (types > size or types > _TYPES):
        law = symbol_law(merged, index, length)
        if law.clear or types > _TYPES:
            places = np.flatnonzero(law.logs > -np.inf)
            return law.logs[places], lattice.sums(length, places)
    if types > _TYPES:
        most = (LARGEST - 1) // int(index[-1])
        raise InputError(
            f"rewards of {index[-1]} steps a symbol allow a length of at most {most}, got "
            f"{length}; take a shorter one or round the rewards to a coarser step"
        )
    places, logs = merge_equal(*type_sums(merged, index, length), blur=0.0)
    return logs, lattice.sums(length, places)


def _over_types(
    log_p: Extended, rewards: Float64[np.ndarray, " k"], length: int
) -> tuple[Float64[np.ndarray, " m"], Float64[np.ndarray, " m"]]:
    types = count_types(rewards.size, length)
    if types > _TYPES:
        raise InputError(
            f"rewards without a common step need every type enumerated, at most {_TYPES}, got "
            f"{types:.3g} at length {length}; round them to multiples of one step"
        )
    blur = 4 * _EPS * length * float(np.abs(rewards).max())
    values = np.asarray(rewards, dtype=np.longdouble)
    sums, logs = merge_equal(*type_sums(log_p, values, length), blur=blur)
    return logs, np.asarray(sums, dtype=np.float64)

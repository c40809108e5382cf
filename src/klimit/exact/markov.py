"""Sequences from a Markov chain with rewards on its steps."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from jaxtyping import Bool, Float64
from numpy.typing import ArrayLike

from klimit.core.errors import InputError
from klimit.core.results import Result
from klimit.core.scalars import real
from klimit.exact.chain_input import edge_rewards_on, initial, one_class, reachable, transitions
from klimit.exact.chain_sums import ChainSum
from klimit.exact.chain_tilts import TiltedChain, tilted_chain
from klimit.exact.lattices import find_lattice
from klimit.exact.paths import lowest_path_sum, lowest_path_sums, path_sums
from klimit.exact.totals import LARGEST, TotalReward, checked_length, with_void
from klimit.exact.windows import window_law

__all__ = ["Markov"]

_QUICK = 5e7  # sums handled one by one where there is another way
_PATIENT = 2e8  # where there is none
_ENDS = 1e8  # terms that may be spent on the law next to an end
_LONG = 30_000  # steps from which only the very end is found apart
_EPS = 2.0**-52


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Markov(Result):
    r"""A reference policy whose sequences are paths of a chain, with rewards on its steps.

    .. math:: p(y) = \mu(y_0) \prod_t P(y_t, y_{t+1}), \qquad r(y) = \sum_t r(y_t, y_{t+1})

    Attributes:
        log_transitions: Log-probabilities of steps in nats, rows normalised, shape ``(s, s)``.
        edge_rewards: Rewards of steps, 0 where a step is impossible, shape ``(s, s)``; ``-inf``
            marks a step that must not be.
        log_start: Log-probabilities of the first state, shape ``(s,)``.
    """

    log_transitions: Float64[np.ndarray, "s s"]
    edge_rewards: Float64[np.ndarray, "s s"]
    log_start: Float64[np.ndarray, " s"]

    def __init__(
        self, log_transitions: ArrayLike, edge_rewards: ArrayLike, *, start: int | ArrayLike
    ) -> None:
        """Check and normalise.

        Args:
            log_transitions: Log-probabilities in nats of the step from a row's state to a
                column's; rows sum to 1 within ``1e-9``.
            edge_rewards: Rewards of these steps, ignored where the probability is zero.
            start: The first state's index, probabilities of the states, or their logarithms.

        Raises:
            InputError: A matrix is not square, shapes differ, a row or ``start`` is no
                distribution, or the reward of a possible step is ``nan`` or ``inf``.

        Example:
            >>> coin = Markov(np.log([[0.5, 0.5], [0.5, 0.5]]), [[0, 1], [1, 0]], start=0)
            >>> coin.total(2).rewards
            array([0., 1., 2.])
        """
        log_p = transitions(log_transitions)
        rewards = edge_rewards_on(edge_rewards, log_p > -np.inf)
        log_first = initial(start, log_p.shape[0])
        fields = {"log_transitions": log_p, "edge_rewards": rewards, "log_start": log_first}
        for name, array in fields.items():
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def total(self, length: float) -> TotalReward:
        """The law of the total reward of ``length`` steps.

        On a lattice of few sums, by adding them up state by state in logarithms. Else by
        Fourier inversion under a chain of tilts, powers of an ``(s, s)`` matrix by squaring:
        time grows like ``s**3 log(length) sqrt(length)``, log-probabilities are right to about
        ``length * 2**-52`` or ``1e-12`` of themselves, and a total ``1e-14`` times as likely
        as those beside it counts as impossible unless it lies next to the smallest or the
        largest.

        Args:
            length: Number of steps, an integer.

        Returns:
            The law; whatever takes a ``FiniteModel`` takes it.

        Raises:
            InputError: ``length`` is no integer or below 1, no path has a finite reward, or the
                sums are too many: off any lattice, in a chain of several classes, or in all.

        Example:
            >>> log_p = np.log([[0.5, 0.5], [0.5, 0.5]])
            >>> np.exp(Markov(log_p, [[0, 1], [0, 1]], start=0).total(2).log_probs)
            array([0.25, 0.5 , 0.25])
        """
        steps = checked_length(length)
        kept, log_steps, rewards = self.finite_part()
        log_start, used = self.log_start[kept], log_steps > -np.inf
        nothing = np.zeros(used.shape, dtype=np.int64)
        log_kept = min(lowest_path_sum(log_start, log_steps, nothing, steps)[1], 0.0)
        if log_kept == -np.inf:
            raise InputError(f"no path of {steps} steps has a finite reward")
        lattice = find_lattice(rewards[used], most=LARGEST)
        if lattice is None:
            logs, totals = _off_lattice(log_start, log_steps, rewards, steps)
        else:
            index = nothing
            index[used] = lattice.index
            places, logs = _on_lattice(log_start, log_steps, index, steps)
            totals = lattice.sums(steps, places)
        has_void = bool(np.any(self.edge_rewards == -np.inf))
        log_kept = log_kept if has_void else 0.0
        logs, totals = with_void(logs - np.logaddexp.reduce(logs), totals, log_kept)
        span = None if lattice is None else float(lattice.span)
        return TotalReward(logs, totals, length=steps, span=span)

    def tilt(self, length: float, *, beta: float) -> TiltedChain:
        """The optimal policy on paths of ``length`` steps: a chain that changes with time.

        Args:
            length: Number of steps, an integer.
            beta: Inverse temperature, the factor on the reward, finite.

        Returns:
            The tilted chain, exact at this length; its divergence and mean reward are those of
            ``tilt(self.total(length), beta=beta)``.

        Raises:
            InputError: ``length`` is no integer or below 1, ``beta`` is not finite, or no path
                has a finite reward; or rewards of ``-inf`` are possible and ``beta`` is not
                positive.

        Example:
            >>> chain = Markov(np.log([[0.5, 0.5], [0.5, 0.5]]), [[0, 1], [0, 1]], start=0)
            >>> np.exp(chain.tilt(3, beta=np.log(3.0)).log_transitions(1)).round(12)
            array([[0.25, 0.75],
                   [0.25, 0.75]])
        """
        steps, beta = checked_length(length), real("beta", beta)
        if not abs(beta) < np.inf:
            raise InputError(f"beta must be finite for a chain, got {beta}")
        void = self.edge_rewards == -np.inf
        if void.any() and beta <= 0:
            raise InputError(f"beta must be positive where a reward is -inf, got {beta}")
        log_steps = np.where(void, -np.inf, self.log_transitions)
        rewards = np.where(void, 0.0, self.edge_rewards)
        found = tilted_chain(self.log_start, log_steps, rewards, steps, beta)
        if found.cgf == -np.inf:
            raise InputError(f"no path of {steps} steps has a finite reward")
        return found

    def finite_part(
        self,
    ) -> tuple[Bool[np.ndarray, " s"], Float64[np.ndarray, "r r"], Float64[np.ndarray, "r r"]]:
        """The chain of paths of finite reward.

        Returns:
            Which states such paths visit; log-probabilities of the steps among these, and
            rewards, 0 where a step must not be.
        """
        finite = self.edge_rewards > -np.inf
        log_p = np.where(finite, self.log_transitions, -np.inf)
        kept = reachable(self.log_start, log_p > -np.inf)
        inside = np.ix_(kept, kept)
        return kept, log_p[inside], np.where(finite, self.edge_rewards, 0.0)[inside]

    def __str__(self) -> str:
        """How many states, and where rewards lie."""
        used = self.edge_rewards[self.log_transitions > -np.inf]
        low, high = float(used.min()), float(used.max())
        return f"Markov({self.log_start.size} states, rewards {low:.6g} to {high:.6g})"


def _on_lattice(
    log_start: Float64[np.ndarray, " s"],
    log_steps: Float64[np.ndarray, "s s"],
    index: npt.NDArray[np.int64],
    length: int,
) -> tuple[npt.NDArray[np.int64], Float64[np.ndarray, " l"]]:
    if not index.any():
        only, log_only = lowest_path_sum(log_start, log_steps, index, length)
        return np.array([only]), np.array([log_only])
    edges = log_steps > -np.inf
    few = int(edges.sum()) * float(length) ** 2 * float(index.max()) / 2 <= _QUICK
    single = one_class(edges)
    if few or not single:
        most = np.inf if few else _PATIENT
        found = path_sums(log_start, log_steps, index, length, blur=0.0, most=most)
        if found is None:
            raise InputError(
                "the chain is reducible: paths end in several classes of states, and at length "
                f"{length} they have too many sums to add up one by one; take a shorter length "
                "or one class at a time"
            )
        return found
    low, log_low = lowest_path_sum(log_start, log_steps, index, length)
    high, log_high = lowest_path_sum(log_start, log_steps, -index, length)
    high = -high
    if high - low >= LARGEST:
        raise InputError(
            f"a law of more than {LARGEST} totals is not kept, got {high - low + 1}; take a "
            "shorter length or round the rewards to a coarser step"
        )
    total = ChainSum(log_start, log_steps, index, length, high - low)
    logs = window_law(total, first=low, last=high).logs if low < high else np.zeros(1)
    size = int(min(_ENDS / (float(length) * edges.size), 32, logs.size / 2))
    if size > 0 and length <= _LONG:
        logs[:size] = lowest_path_sums(log_start, log_steps, index, length, size=size)
        above = lowest_path_sums(log_start, log_steps, -index, length, size=size)
        logs[-size:] = above[::-1]
    logs[0], logs[-1] = log_low, log_high
    places = np.flatnonzero(logs > -np.inf)
    return places + low, logs[places]


def _off_lattice(
    log_start: Float64[np.ndarray, " s"],
    log_steps: Float64[np.ndarray, "s s"],
    rewards: Float64[np.ndarray, "s s"],
    length: int,
) -> tuple[Float64[np.ndarray, " l"], Float64[np.ndarray, " l"]]:
    blur = 4 * _EPS * length * float(np.abs(rewards).max())
    values = np.asarray(rewards, dtype=np.longdouble)
    found = path_sums(log_start, log_steps, values, length, blur=blur, most=_PATIENT)
    if found is None:
        raise InputError(
            f"rewards without a common step have too many sums at length {length}; round them "
            "to multiples of one step"
        )
    return found[1], np.asarray(found[0], dtype=np.float64)

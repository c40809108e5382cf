"""High powers of many matrices between two vectors, with their scale kept apart."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

__all__ = ["chain_power"]

_GIVE_UP = -150.0  # nats: a power whose bound is below it is not followed to its end
_SAME = 2.0**-48  # relative difference at which entries are equal


def chain_power(
    first: Float64[np.ndarray, " s"],
    steps: Shaped[np.ndarray, "f s s"],
    last: Float64[np.ndarray, " s"],
    length: int,
) -> tuple[Shaped[np.ndarray, " f"], Float64[np.ndarray, " f"]]:
    """``first @ steps**length @ last`` for each matrix, and the logarithm of its scale.

    What falls below the negligible is given up: its value is 0.

    Args:
        first: Weights of the first state.
        steps: Matrices, real or complex, their entries of modulus about 1 at most; the first
            is always followed to its end.
        last: Weights of the last state.
        length: The power.

    Returns:
        Values and the logarithms of what they are to be multiplied with, shape ``(f,)`` each.

    Example:
        >>> one = np.ones(2)
        >>> values, log_scale = chain_power(one, np.full((1, 2, 2), 0.5), one, 3)
        >>> values * np.exp(log_scale)
        array([2.])
    """
    count = steps.shape[0]
    rows = np.broadcast_to(first.astype(steps.dtype), (count, first.size))[:, None, :].copy()
    row_scale, alive, powers = np.zeros(count), np.arange(count), _Powers.of(steps)
    bits = bin(length)[:1:-1]
    for place, bit in enumerate(bits):  # pragma: no branch  (left at the last bit)
        if bit == "1":
            moved = (rows[alive] @ powers.matrices) * powers.turn[:, None, None]
            height = np.maximum(np.abs(moved).max(axis=(1, 2)), 1e-300)
            rows[alive] = moved / height[:, None, None]
            row_scale[alive] += np.log(height) + powers.log_scale
        if place + 1 == len(bits):
            break
        powers.square()
        # what a bound on the rest of the power already calls negligible
        bound = (powers.log_norm + powers.log_scale) * (length >> (place + 1))
        kept = (bound > _GIVE_UP) | (alive == 0)
        row_scale[alive[~kept]], rows[alive[~kept]] = 0.0, 0.0
        alive = alive[kept]
        powers.keep(kept)
    return rows[:, 0, :] @ last, row_scale


@dataclass(slots=True, eq=False)
class _Powers:
    """Powers of matrices by squaring, in place: ``matrices * turn * exp(log_scale)``.

    Once a square is a multiple of what was squared, since one root outgrows all others, further
    squares are multiples too, and no product is needed.

    Attributes:
        matrices: Shape ``(f, s, s)``.
        turn: Numbers of modulus 1, shape ``(f,)``.
        log_scale: Logarithms of the scales.
        log_norm: Logarithms of the largest row sum of moduli, which bounds those of powers.
        factor: What a matrix is multiplied with when it is squared, 0 where that is not all.
    """

    matrices: Shaped[np.ndarray, "f s s"]
    turn: Shaped[np.ndarray, " f"]
    log_scale: Float64[np.ndarray, " f"]
    log_norm: Float64[np.ndarray, " f"]
    factor: Shaped[np.ndarray, " f"]

    @classmethod
    def of(cls, steps: Shaped[np.ndarray, "f s s"]) -> "_Powers":
        count, kind = steps.shape[0], steps.dtype
        turn, factor = np.ones(count, dtype=kind), np.zeros(count, dtype=kind)
        return cls(steps.copy(), turn, np.zeros(count), np.zeros(count), factor)

    def keep(self, kept: Bool[np.ndarray, " f"]) -> None:
        if not kept.all():
            self.matrices, self.turn, self.factor = (
                x[kept] for x in (self.matrices, self.turn, self.factor)
            )
            self.log_scale, self.log_norm = self.log_scale[kept], self.log_norm[kept]

    def square(self) -> None:
        self.turn **= 2
        self.log_scale *= 2
        self._multiply(np.flatnonzero(self.factor != 0))
        rough = np.flatnonzero(self.factor == 0)
        if not rough.size:
            return
        before = self.matrices[rough]
        after = before @ before
        self.factor[rough] = _multiple(before, after)
        self._multiply(rough)
        still = self.factor[rough] == 0
        rough, after = rough[still], after[still]
        moduli = np.abs(after)
        height = np.maximum(moduli.max(axis=(1, 2), initial=0.0), 1e-300)
        self.matrices[rough] = after / height[:, None, None]
        self.log_scale[rough] += np.log(height)
        largest = moduli.sum(axis=2).max(axis=1, initial=0.0) / height
        self.log_norm[rough] = np.log(np.maximum(largest, 1e-300))

    def _multiply(self, which: Int64[np.ndarray, " g"]) -> None:
        """Take in the factors of those that have one."""
        some = which[self.factor[which] != 0]
        size = np.abs(self.factor[some])
        self.turn[some] *= self.factor[some] / size
        self.log_scale[some] += np.log(size)


def _multiple(
    before: Shaped[np.ndarray, "f s s"], after: Shaped[np.ndarray, "f s s"]
) -> Shaped[np.ndarray, " f"]:
    """What each matrix was multiplied with, 0 where it was more than that."""
    entries = before.shape[1] * before.shape[2]
    flat, squares = (x.reshape(x.shape[0], entries) for x in (before, after))
    place = np.arange(flat.shape[0]), np.abs(before[:, 0, :]).argmax(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = squares[place] / flat[place]
    some = np.ones(factor.size, dtype=bool)
    for part in (slice(before.shape[2]), slice(None)):  # few are worth a look at all entries
        ours, theirs = flat[some, part] * factor[some, None], squares[some, part]
        some[some] = (np.abs(theirs - ours) <= _SAME * np.abs(theirs)).all(axis=1)
    return np.asarray(np.where(some, factor, 0.0))

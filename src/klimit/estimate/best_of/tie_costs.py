"""What ties take from the divergence of best-of-N."""

from collections.abc import Callable
from functools import partial

import numpy as np
from jaxtyping import Float64

from klimit.estimate.best_of.atoms import Atoms
from klimit.estimate.within_prompts import WithinPrompts

__all__ = ["atom_costs", "tie_costs"]

_SECOND_ORDER_UPTO = 4096  # draws: beyond them the second order is lost in rounding

_Splits = Float64[np.ndarray, " s"]


def tie_costs(atoms: Atoms, *, n: int, errors: bool = True) -> WithinPrompts:
    r"""How far best-of-N falls below ``log n - (n - 1) / n`` at every prompt.

    An atom between the quantiles ``a`` and ``b`` spreads the share that it wins evenly:

    .. math:: \int_a^b f \log f \, du - (b^n - a^n) \log \frac{b^n - a^n}{b - a},
        \quad f(u) = n u^{n - 1} .

    The quantiles are known from the draws only; the bias that this leaves is removed by the
    jackknife up to second order, each sum over draws left out in closed form.

    Args:
        atoms: The atoms of every prompt.
        n: Number of draws of which the best is kept, at least 1.
        errors: Whether the errors over the draws are needed.

    Returns:
        Costs in nats, with their variances over the draws.

    Example:
        >>> from klimit import Draws
        >>> from klimit.estimate.best_of.atoms import atoms_of
        >>> from klimit.estimate.best_of.pools import sorted_pools
        >>> rewards = (np.arange(4096) < 2048).astype(float)
        >>> atoms = atoms_of(sorted_pools(Draws.from_matrix(rewards[None])))
        >>> kl = np.log(256) - 255 / 256 - tie_costs(atoms, n=256).values
        >>> kl.round(3)  # a verifier that half of the draws pass: log 2
        array([0.693])
    """
    if n == 1:
        return WithinPrompts(*np.zeros((3, atoms.offsets.size - 1)))
    return atom_costs(atoms, cost=partial(_cost, n=n), errors=errors)


def atom_costs(
    atoms: Atoms,
    *,
    cost: Callable[[_Splits, _Splits, _Splits], _Splits],
    errors: bool = True,
) -> WithinPrompts:
    """What atoms cost in all, for any cost of one atom that depends on its quantiles.

    Args:
        atoms: The atoms of every prompt.
        cost: Cost of atoms from the numbers of draws below, in and above each; 0 where one of
            them is negative.
        errors: Whether the errors over the draws are needed; ``nan`` where not.

    Returns:
        Costs by prompt, the bias removed up to second order, with their errors over the draws;
        as large as what the second order changed is the bias that may be left.

    Example:
        >>> from klimit import Draws
        >>> from klimit.estimate.best_of.atoms import atoms_of
        >>> from klimit.estimate.best_of.pools import sorted_pools
        >>> atoms = atoms_of(sorted_pools(Draws.from_matrix([[0.0, 0.0, 1.0, 1.0]])))
        >>> share = lambda below, size, above: np.maximum(size, 0) / (below + size + above)
        >>> atom_costs(atoms, cost=share).values
        array([1.])
    """
    prompts = atoms.offsets.size - 1
    if atoms.prompt.size == 0:
        return WithinPrompts(*np.zeros((3, prompts)))
    below, size, above = atoms.below, atoms.size, atoms.above
    first, second = _corrected(below, size, above, cost)
    values, added = (
        np.bincount(atoms.prompt, each[atoms.kind], minlength=prompts)
        for each in (second, second - first)
    )
    if not errors:
        unknown = np.full(prompts, np.nan)
        return WithinPrompts(values, unknown, unknown, unknown, added)
    corrected = (
        _corrected_at(below - 1, size, above, cost),
        _corrected_at(below, size - 1, above, cost),
        _corrected_at(below, size, above - 1, cost),
    )
    return _with_errors(values, added, atoms, corrected)


def _cost(below: _Splits, size: _Splits, above: _Splits, n: int) -> _Splits:
    """The cost of an atom; 0 where a count is negative, which has no weight anywhere."""
    m = below + size + above
    possible = (np.minimum(np.minimum(below, size), above) >= 0) & (size > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        upto = n * np.log1p(-above / m)
        before = np.where(below > 0, n * np.log1p(-(size + above) / m), -np.inf)
        won = np.exp(upto) * -np.expm1(np.minimum(before - upto, 0.0))
        edge = np.where(below > 0, np.exp(before) * before, 0.0)
        even = np.log(n) - (n - 1) / n - np.log(won * m / size)
        cost = won * even + (n - 1) / n * (np.exp(upto) * upto - edge)
    return np.where(possible & (won > 0), cost, 0.0)


def _corrected_at(
    below: _Splits,
    size: _Splits,
    above: _Splits,
    cost: Callable[[_Splits, _Splits, _Splits], _Splits],
) -> _Splits:
    """The corrected cost where one draw is left out; 0 where there was none to leave out."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = _corrected(below, size, above, cost)[1]
    possible = np.minimum(np.minimum(below, size), above) >= 0
    return np.where(possible & (below + size + above > 0), found, 0.0)


def _corrected(
    below: _Splits,
    size: _Splits,
    above: _Splits,
    cost: Callable[[_Splits, _Splits, _Splits], _Splits],
) -> tuple[_Splits, _Splits]:
    """The jackknife of first order, none for one draw, and of second, from three draws on."""
    m = below + size + above
    plain = cost(below, size, above)
    one = (
        below * cost(below - 1, size, above)
        + size * cost(below, size - 1, above)
        + above * cost(below, size, above - 1)
    ) / m
    first = np.where(m > 1, m * plain - (m - 1) * one, plain)
    pairs = (
        below * (below - 1) * cost(below - 2, size, above)
        + size * (size - 1) * cost(below, size - 2, above)
        + above * (above - 1) * cost(below, size, above - 2)
        + 2 * below * size * cost(below - 1, size - 1, above)
        + 2 * below * above * cost(below - 1, size, above - 1)
        + 2 * size * above * cost(below, size - 1, above - 1)
    )
    two = pairs / np.maximum(m * (m - 1), 1)
    second = (m * m * plain - 2 * (m - 1) ** 2 * one + (m - 2) ** 2 * two) / 2
    return first, np.where((m > 2) & (m <= _SECOND_ORDER_UPTO), second, first)


def _with_errors(
    values: Float64[np.ndarray, " p"],
    bias: Float64[np.ndarray, " p"],
    atoms: Atoms,
    left: tuple[_Splits, _Splits, _Splits],
) -> WithinPrompts:
    """Moments over the draws by the jackknife of the corrected costs.

    A draw left out lies above some atoms, in one or in none, and below the rest: as it rises
    past an atom the sum of the costs changes by that atom's alone.
    """
    prompt, counts = atoms.prompt, np.diff(atoms.offsets)
    from_below, from_within, from_above = (change[atoms.kind] for change in left)
    below, size = atoms.below[atoms.kind], atoms.size[atoms.kind]
    first = np.append(True, prompt[1:] != prompt[:-1])
    rise = np.cumsum(from_above - from_below)
    past = rise - np.append(0.0, rise)[np.flatnonzero(first)][np.cumsum(first) - 1]
    within = past - from_above + from_within
    end = np.where(np.append(first[1:], True), counts[prompt], np.append(below[1:], 0.0))
    gap = end - below - size
    lowest_count = np.bincount(prompt[first], below[first], minlength=counts.size)

    def mean(
        inside: Float64[np.ndarray, " a"],
        beyond: Float64[np.ndarray, " a"],
        lowest: Float64[np.ndarray, " p"],
    ) -> Float64[np.ndarray, " p"]:
        total = np.bincount(prompt, size * inside + gap * beyond, minlength=counts.size)
        moment: Float64[np.ndarray, " p"] = (total + lowest_count * lowest) / counts
        return moment

    centre = mean(within, past, np.zeros(counts.size))
    parts = within - centre[prompt], past - centre[prompt], -centre
    twice = [part * part for part in parts]
    squares, rest = mean(*twice), counts - 1.0
    cubes = mean(*(two * one for two, one in zip(twice, parts, strict=True)))
    fourths = mean(*(two * two for two in twice))
    return WithinPrompts(
        values,
        rest * squares,
        rest**2 / counts * (fourths - squares**2),
        -(rest**3) / counts**2 * cubes,
        bias,
    )

"""The inverse temperature common to all prompts that spends a KL budget on average."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy.lib.stride_tricks import sliding_window_view
from scipy.interpolate import PchipInterpolator

from klimit.estimate.frontier.jackknife import jackknife
from klimit.estimate.frontier.kl_variance import kl_variance
from klimit.estimate.frontier.sums import Sums, TiltSums

__all__ = ["Node", "Spending", "tabulated_spending"]

_OCTAVE = 3  # steps of the table to twice a beta
_RATIO = 2 ** (1 / _OCTAVE)  # of neighbouring betas
_MARGIN = 3  # betas tabulated beyond the largest and below the smallest that is needed
_NODES = 1000  # at most: of penalties far below all others the betas span many octaves
_TOGETHER = 2  # tabulated before it is asked whether they are enough
_SETTLED = 1e-6  # of the ceiling: closer to it no larger beta is tabulated
_GROWTH = {
    "kl": 0,
    "spread": 0,
    "squares": 2,
    "bias": 2,
    "change": 2,
    "variance": 2,
    "third": 3,
    "fourth": 4,
    "kl_variance": 2,
}  # powers of the root of the sum of squared weights to which each is nearly in proportion
_WIDTH = 4  # tabulated betas between which is interpolated: no more than `_MARGIN` and one
_HOPELESS = 4.0  # effective draws a prompt below which no budget is borne


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """What all prompts have at one common beta, apart from the cgf itself.

    Attributes:
        kl: Divergence of the tilt of the draws themselves, in nats, shape ``(p,)``.
        spread: Variance of the reward under it, shape ``(p,)``.
        squares: Sum of the squared weights, shape ``(p,)``.
        bias: What removes the bias of order ``1/m`` from the cgf, shape ``(p,)``.
        change: How that changes with the number of draws (`Jackknife`), shape ``(p,)``.
        variance: Variance of the cgf over the draws, shape ``(p,)``.
        third: Third power sum of the draws' influences on it, shape ``(p,)``.
        fourth: Their fourth power sum, shape ``(p,)``.
        kl_variance: Variance of the divergence over the draws, shape ``(p,)``.
    """

    kl: Float64[np.ndarray, " p"]
    spread: Float64[np.ndarray, " p"]
    squares: Float64[np.ndarray, " p"]
    bias: Float64[np.ndarray, " p"]
    change: Float64[np.ndarray, " p"]
    variance: Float64[np.ndarray, " p"]
    third: Float64[np.ndarray, " p"]
    fourth: Float64[np.ndarray, " p"]
    kl_variance: Float64[np.ndarray, " p"]

    def ess(self, shares: Float64[np.ndarray, " p"]) -> float:
        """Effective number of draws a prompt.

        Args:
            shares: The weight of each prompt, which add to 1, shape ``(p,)``.
        """
        return float(1 / (shares @ self.squares))

    def alone(self, shares: Float64[np.ndarray, " p"]) -> float:
        """How far one prompt decides that number: 1 where it does, ``1 / p`` where all do."""
        parts = shares * self.squares
        return float((parts @ parts) / parts.sum() ** 2)


@dataclass(frozen=True, slots=True, eq=False)
class Spending:
    """A table over betas in geometric progression.

    The betas do not depend on the budgets, and interpolation is local, so that the answer at a
    budget does not depend on what else is asked.

    Attributes:
        log_beta: Logarithms of the betas, rising, shape ``(g,)``.
        kl: The average KL at each, its bias removed, in nats, shape ``(g,)``.
        biased: The average KL of the tilt of the draws themselves, in nats, shape ``(g,)``.
        shares: The share of each prompt in the variance of the reward, hence about in what is
            spent, shape ``(p,)``.
        ess: Effective number of draws a prompt at each, prompts weighted by it, shape ``(g,)``.
        log_roots: Logarithms of the roots of the sums of their squared weights, shape
            ``(g, p)``.
        ratios: The fields of the nodes by the powers of these roots with which they grow, hence
            nearly constant, shape ``(g, 9, p)``.
        least: The smallest of the four ratios from each beta on, between which is interpolated,
            shape ``(g - 3, 9, p)``.
        most: The largest of them.
        spent: The logarithm of the beta by that of the KL.
    """

    log_beta: Float64[np.ndarray, " g"]
    kl: Float64[np.ndarray, " g"]
    biased: Float64[np.ndarray, " g"]
    shares: Float64[np.ndarray, " p"]
    ess: Float64[np.ndarray, " g"]
    log_roots: Float64[np.ndarray, "g p"]
    ratios: Float64[np.ndarray, "g f p"]
    least: Float64[np.ndarray, "o f p"]
    most: Float64[np.ndarray, "o f p"]
    spent: PchipInterpolator

    def betas(self, kl: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
        """The beta that spends each budget, to about ``1e-3``, where tails are heavy ``1e-2``.

        The reward is flat in it.
        """
        within = np.clip(np.log(kl), self.spent.x[0], self.spent.x[-1])
        return np.asarray(np.exp(self.spent(within)))

    def node(self, beta: float) -> Node:
        """What the prompts have at a beta, by cubic interpolation in its logarithm."""
        at = int(np.searchsorted(self.log_beta, np.log(beta))) - _WIDTH // 2
        first = min(max(at, 0), self.log_beta.size - _WIDTH)
        used = slice(first, first + _WIDTH)
        shares = _lagrange(self.log_beta[used], float(np.log(beta)))
        ratios = self.ratios[used]
        found = (shares @ ratios.reshape(_WIDTH, -1)).reshape(ratios.shape[1:])
        np.maximum(found, self.least[first], out=found)
        np.minimum(found, self.most[first], out=found)
        root = np.exp(shares @ self.log_roots[used])
        return Node(*found * _grown(root))


def _grown(roots: Float64[np.ndarray, "*g p"]) -> Float64[np.ndarray, "*g 9 p"]:
    """The powers of the roots with which the fields of a node grow."""
    powers = [np.ones_like(roots)]
    while len(powers) <= max(_GROWTH.values()):
        powers.append(powers[-1] * roots)
    return np.stack([powers[i] for i in _GROWTH.values()], axis=-2)


def _lagrange(x: Float64[np.ndarray, " w"], at: float) -> Float64[np.ndarray, " w"]:
    away = x[:, None] - x + np.eye(x.size)
    factors = (at - x)[None, :] / away
    np.fill_diagonal(factors, 1.0)
    return np.asarray(factors.prod(axis=1))


def _slopes(values: Float64[np.ndarray, " g"], step: float) -> Float64[np.ndarray, " g"]:
    """Slopes at equal steps, from two values on each side, from one next to the ends."""
    slopes = np.gradient(values, step)
    near, far = values[3:-1] - values[1:-3], values[4:] - values[:-4]
    slopes[2:-2] = (8 * near - far) / (12 * step)
    return np.asarray(slopes)


def tabulated_spending(
    sums: Sums, *, variances: Float64[np.ndarray, " p"], smallest: float, largest: float
) -> Spending:
    """Tabulate tilts from below the smallest budget to beyond the largest.

    Args:
        sums: Draws made ready.
        variances: The variance of each prompt's reward under no tilt, shape ``(p,)``.
        smallest: The smallest positive budget, in nats.
        largest: The largest budget below the ceiling, in nats.

    Returns:
        The table. It goes on to where the draws bear no budget any more.
    """
    p, spread, shares = sums.counts.size, variances.mean(), variances / variances.sum()
    ceiling = float(np.log(sums.counts / sums.tied).mean())
    step = float(np.log(_RATIO))

    def log_beta(i: int) -> float:
        return i * step - float(np.log(spread)) / 2

    tilts: dict[int, TiltSums] = {}  # taken, and not yet made nodes

    def tilt(i: int) -> TiltSums:
        if i not in tilts:
            tilts[i] = sums.at(np.full(p, np.exp(log_beta(i))))
        return tilts[i]

    def node(i: int) -> Node:
        own, twice = tilt(i), tilt(i + _OCTAVE)
        left = jackknife(tilts.pop(i), counts=sums.counts)
        return Node(
            kl=own.kl,
            spread=own.variance,
            squares=own.squares,
            bias=left.bias,
            change=left.change,
            # infinite for a single draw, which interpolation cannot take
            variance=np.where(sums.counts > 1, left.variance, 0.0),
            third=left.third,
            fourth=left.fourth,
            kl_variance=kl_variance(own, twice, counts=sums.counts),
        )

    def enough(found: list[Node]) -> bool:
        last = found[-_MARGIN:]
        if any(x.kl.mean() > (1 - _SETTLED) * ceiling for x in last) or len(found) >= _NODES:
            return True
        return all(x.kl.mean() > 1.3 * largest and x.ess(shares) < _HOPELESS for x in last)

    # where Gaussian rewards would spend the smallest budget; others may spend it before
    first = int(np.floor(np.log((2 * smallest) ** 0.5) / step)) - _MARGIN
    nodes: list[Node] = []
    while not nodes or not enough(nodes):
        nodes += [node(first + len(nodes) + i) for i in range(_TOGETHER)]
    while len(nodes) <= _MARGIN or nodes[_MARGIN].kl.mean() > smallest:
        first -= _TOGETHER
        nodes = [*(node(first + i) for i in range(_TOGETHER)), *nodes]
    log_betas = np.array([log_beta(first + i) for i in range(len(nodes))])
    bias = np.array([x.bias.mean() for x in nodes])
    biased = np.array([x.kl.mean() for x in nodes])
    kl = biased + _slopes(bias, step) - bias
    roots = np.array([x.squares for x in nodes]) ** 0.5
    ratios = np.array([[getattr(x, name) for name in _GROWTH] for x in nodes])
    ratios /= _grown(roots)
    windows = sliding_window_view(ratios, _WIDTH, axis=0)
    spent = np.log(np.where(kl > 0, kl, np.finfo(np.float64).tiny))
    rises = np.append(True, np.diff(np.maximum.accumulate(spent)) > 0) & (kl > 0)
    return Spending(
        log_betas,
        kl,
        biased,
        shares,
        np.array([x.ess(shares) for x in nodes]),
        np.log(roots),
        ratios,
        windows.min(axis=-1),
        windows.max(axis=-1),
        PchipInterpolator(spent[rises], log_betas[rises]),
    )

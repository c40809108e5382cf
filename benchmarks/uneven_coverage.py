"""Do the frontier's intervals hold where the rewards of one prompt in twenty spread far wider?

For the prompts drawn, whose frontier is known. A cell gives the share of intervals that hold
the truth, of so many runs that say supported.
"""

import argparse

import numpy as np
from jaxtyping import Float64
from scipy.optimize import brentq

from klimit import Draws, estimate_frontier

BUDGETS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
EVERY, DRAWS = 20, 64
LAWS = ("gaussian", "falling exponential")


def main(argv: list[str] | None = None) -> dict[str, tuple[float, ...]]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--prompts", type=int, default=20)
    parser.add_argument("--wider", type=float, nargs="+", default=[1.0, 3.0, 5.0, 30.0, 1000.0])
    parser.add_argument("--pooling", choices=["pooled", "per-prompt"], default="pooled")
    asked = parser.parse_args([] if argv is None else argv)
    print(f"| law | times as wide | {' | '.join(f'KL {kl}' for kl in BUDGETS)} |")
    print("|---|---|" + "---|" * len(BUDGETS))
    found = {}
    for law in LAWS:
        for wider in asked.wider:
            widths = np.where(np.arange(asked.prompts) % EVERY == 0, wider, 1.0)
            cells = coverage(law, widths, pooling=asked.pooling, runs=asked.runs)
            found[f"{law}, {wider:g}"] = tuple(held for _, held in cells)
            row = " | ".join(f"{held:.1f} % of {supported}" for supported, held in cells)
            print(f"| {law} | {wider:g} | {row} |", flush=True)
    return found


def coverage(
    law: str, widths: Float64[np.ndarray, " p"], *, pooling: str, runs: int
) -> list[tuple[int, float]]:
    """How many runs were supported at each budget, and the percentage of these that held."""
    rng = np.random.default_rng(9)
    best = most if pooling == "pooled" else most_each
    truths = [best(law, widths, kl) for kl in BUDGETS]
    supported, held = np.zeros(len(BUDGETS), dtype=int), np.zeros(len(BUDGETS), dtype=int)
    for _ in range(runs):
        shape = (widths.size, DRAWS)
        drawn = rng.normal(size=shape) if law == "gaussian" else -rng.exponential(size=shape)
        table = Draws.from_matrix(drawn * widths[:, None])
        points = estimate_frontier(table, kl=BUDGETS, prompts="fixed", pooling=pooling).points
        for i, (point, truth) in enumerate(zip(points, truths, strict=True)):
            supported[i] += point.supported
            held[i] += point.supported and point.reward.low <= truth <= point.reward.high
    share = 100 * held / np.maximum(supported, 1)
    return list(zip(supported.tolist(), share.tolist(), strict=True))


def most_each(law: str, widths: Float64[np.ndarray, " p"], kl: float) -> float:
    """The largest mean reward where each prompt has the budget for itself."""
    return float(np.mean([most(law, widths[i : i + 1], kl) for i in range(widths.size)]))


def most(law: str, widths: Float64[np.ndarray, " p"], kl: float) -> float:
    """The largest mean reward within a budget."""
    if law == "gaussian":
        return float(np.sqrt(2 * kl * (widths**2).mean()))

    def spent(log_beta: float) -> float:
        reach = np.exp(log_beta) * widths
        return float((np.log1p(reach) - reach / (1 + reach)).mean()) - kl

    reach = np.exp(brentq(spent, -30.0, 30.0)) * widths
    return float((-widths / (1 + reach)).mean())


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])

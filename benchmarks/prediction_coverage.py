"""How often a right prediction of best-of-N is contradicted: seven laws, few winners a prompt.

``python -m benchmarks.prediction_coverage 1000`` prints the table of docs/best_of.md.
"""

import sys
from collections.abc import Callable

import numpy as np
from scipy.special import ndtri

from klimit import Draws, check_best_of_n

Array = np.ndarray
LAWS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "normal": lambda u, _mean, _spread: ndtri(u),
    "exponential": lambda u, _mean, _spread: -np.log1p(-u),
    "log-normal": lambda u, _mean, _spread: np.exp(ndtri(u)),
    "pass/fail, 0.5": lambda u, _mean, _spread: (u > 0.5).astype(float),
    "pass/fail, 0.1": lambda u, _mean, _spread: (u > 0.9).astype(float),
    "prompts differ": lambda u, mean, spread: 3 * mean + np.exp(0.7 * spread) * ndtri(u),
    "like a sentiment": lambda u, mean, _spread: np.where(
        u < 0.4,
        0.0,
        np.tanh(np.abs(ndtri(0.0005 + 0.999 * np.maximum(u - 0.4, 0) / 0.6) + mean)),
    ),
}
SIZES = [(16, 64, 2, 6), (16, 64, 8, 6), (16, 64, 2, 16), (8, 32, 2, 4), (50, 64, 2, 6)]


def share_held(
    law: str, size: tuple[int, int, int, int], *, kind: str, runs: int, seed: int
) -> float:
    """How often 0 lies in the interval of realised less predicted, both of one law."""
    rng = np.random.default_rng(seed)
    prompts, draws, winners, n = size
    held = 0
    for _ in range(runs):
        mean, spread = rng.normal(size=(2, prompts, 1))
        pool = LAWS[law](rng.random((prompts, draws)), mean, spread)
        fresh = LAWS[law](rng.random((prompts, winners * n)), mean, spread)
        kept = Draws.from_matrix(fresh.reshape(prompts, winners, n).max(axis=2))
        found = check_best_of_n(Draws.from_matrix(pool), kept, n=n, prompts=kind).difference
        held += found.low - 1e-12 <= 0 <= found.high + 1e-12
    return held / runs


def main(runs: int = 1000) -> None:
    print(
        "| law | prompts | " + " | ".join(" x ".join(map(str, size)) for size in SIZES) + " |"
    )
    print("|---|---|" + "---|" * len(SIZES))
    for law in LAWS:
        for kind in ("sampled", "fixed"):
            held = [share_held(law, size, kind=kind, runs=runs, seed=7) for size in SIZES]
            print(
                f"| {law} | {kind} | " + " | ".join(f"{x:.3f}" for x in held) + " |", flush=True
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)

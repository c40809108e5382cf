"""Do the intervals of `estimate_tilt` hold the truth, and does `check_tilt` let it stand?

Reward laws of `benchmarks.laws`, tilted by the beta that spends 0.5 or 1 nat on the population.
Counted are the runs that say supported: how many there were, how many intervals held the tilt's
reward and KL, and how often two sets of draws of one law were said to agree.
"""

import argparse

import numpy as np
from benchmarks.laws import LAWS, Law, Verifier
from scipy.optimize import brentq

from klimit import Draws, check_tilt, estimate_tilt

BUDGETS = (0.5, 1.0)
ROUNDING = 1e-9


def main(argv: list[str] | None = None) -> dict[str, tuple[float, ...]]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--shapes", default="20x64,100x64,100x256")
    asked = parser.parse_args([] if argv is None else argv)
    print("| law | prompts x draws | KL | prompts | supported | reward | KL | agree |")
    print("|---|---|---|---|---|---|---|---|")
    found = {}
    for law in LAWS:
        for shape in asked.shapes.split(","):
            size = tuple(int(number) for number in shape.split("x"))
            for kl in BUDGETS:
                for kind in ("sampled", "fixed"):
                    shares = coverage(law, size, kl=kl, kind=kind, runs=asked.runs)
                    found[f"{law.name}, {shape}, {kl}, {kind}"] = shares
                    row = " | ".join(f"{100 * share:.1f}" for share in shares)
                    print(f"| {law.name} | {shape} | {kl} | {kind} | {row} |", flush=True)
    return found


def coverage(
    law: Law | Verifier, size: tuple[int, ...], *, kl: float, kind: str, runs: int
) -> tuple[float, ...]:
    """Share of runs supported, and of these the shares that held and agreed."""
    rng = np.random.default_rng(3)
    prompts, draws = size
    beta = spent(law, kl)
    counts, everywhere = np.zeros(4), means(law, law.population(), beta)
    for _ in range(runs):
        drawn = law.prompt(rng, prompts)
        reward, divergence = everywhere if kind == "sampled" else means(law, drawn, beta)
        pool, fresh = (Draws.from_matrix(law.rewards(rng, drawn, draws)) for _ in range(2))
        found = estimate_tilt(pool, beta=beta, prompts=kind)
        if not found.supported:
            continue
        check = check_tilt(pool, fresh, beta=beta, prompts=kind).difference
        pairs = ((found.reward, reward), (found.kl, divergence), (check, 0.0))
        counts += [1, *(x.low - ROUNDING <= truth <= x.high + ROUNDING for x, truth in pairs)]
    return counts[0] / runs, *(counts[1:] / max(counts[0], 1))


def means(
    law: Law | Verifier, prompts: tuple[np.ndarray, np.ndarray], beta: float
) -> list[float]:
    """The tilt's mean reward and KL over these prompts."""
    return [float(numbers.mean()) for numbers in law.tilt(prompts, beta)]


def spent(law: Law | Verifier, kl: float) -> float:
    """The beta that spends a budget on the population, or nearly all that can be spent."""
    population = law.population()
    scale = 1.0 if isinstance(law, Verifier) else float(population[1].max())
    high = min(getattr(law, "pole", np.inf), 30.0) / scale

    def excess(beta: float) -> float:
        return float(law.tilt(population, beta)[1].mean()) - kl

    low, high = 1e-6 / scale, high * (1 - 1e-6)
    return high if excess(high) < 0 else float(brentq(excess, low, high, rtol=1e-10))


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])

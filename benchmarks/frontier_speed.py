"""The frontier of 2,000 prompts x 4,096 draws at 64 budgets, against plain numpy.

Plain numpy takes a logsumexp for each prompt and each of 64 given betas, in three ways: over
whole arrays, one beta at a time, as most would write it; row by row, which keeps a prompt's
draws in the cache; and tight, row by row with each prompt's largest reward found once. scipy's
own logsumexp is called as often. Ours is timed twice: the cgf of every prompt at the same
betas, hence the point estimates, answers compared first; and the whole frontier, which finds
the betas and adds the bias's correction, intervals, effective sample sizes and tail shapes.
For scale: one sort of the rewards and one pass over them.
"""

from collections.abc import Callable
from multiprocessing import get_context
from time import perf_counter

import numpy as np
from benchmarks.memory import resident
from scipy.special import logsumexp

from klimit import Draws, estimate_frontier
from klimit.estimate.frontier.condensing import condense

PROMPTS, DRAWS, BUDGETS = 2_000, 4_096, np.linspace(0.05, 3.0, 64)
ROUNDS = 9
FEW = 100  # prompts on which scipy's logsumexp is timed, the others taking as long each
EIGHTH = slice(3, None, 8)  # betas at which whole arrays are timed, the others taking as long


def main() -> dict[str, object]:
    draws = simulated()
    points = estimate_frontier(draws, kl=BUDGETS).points
    betas = np.array([point.beta for point in points])

    exact = tight(draws, betas)
    np.testing.assert_allclose(whole(draws, betas[:2]), exact[:2], atol=1e-12)
    np.testing.assert_allclose(rows(draws, betas[:2]), exact[:2], atol=1e-12)
    np.testing.assert_allclose(scipy(draws, betas[:2]), exact[:2, :FEW], atol=1e-12)
    error = float(np.abs(condense(draws.rewards, draws.counts).cgfs(betas) - exact).max())
    mean = (BUDGETS + exact.mean(axis=1)) / betas
    rewards = (BUDGETS + condense(draws.rewards, draws.counts).cgfs(betas).mean(axis=1)) / betas
    points_error = float(np.abs(rewards / mean - 1).max())
    assert max(error, points_error) < 1e-9, (error, points_error)

    seconds = interleaved(
        {
            "scipy": lambda: scipy(draws, betas),
            "whole arrays": lambda: whole(draws, betas[EIGHTH]),
            "row by row": lambda: rows(draws, betas),
            "tight rows": lambda: tight(draws, betas),
            "points": lambda: condense(draws.rewards, draws.counts).cgfs(betas).mean(axis=1),
            "frontier": lambda: estimate_frontier(draws, kl=BUDGETS),
            "np.sort": lambda: np.sort(draws.rewards.reshape(PROMPTS, DRAWS), axis=1),
            "one pass": draws.rewards.sum,
        }
    )
    seconds["scipy"] *= PROMPTS / FEW
    seconds["whole arrays"] *= betas.size / betas[EIGHTH].size
    memory = peak_memory()
    print(f"{PROMPTS:,} prompts x {DRAWS:,} draws, {BUDGETS.size} budgets, least of {ROUNDS}:")
    print(f"  points differ by {points_error:.1e} of themselves, cgfs by {error:.1e} nats")
    for name, least in seconds.items():
        times = least / seconds["points"], least / seconds["frontier"]
        print(
            f"  {name:12s} {least:7.3f} s; as long as {times[0]:6.2f} of points and "
            f"{times[1]:6.2f} of the frontier"
        )
    print(f"  peak memory, rewards included: {memory:.2f} times the rewards")
    return {"seconds": seconds, "error": points_error, "memory": memory}


def simulated() -> Draws:
    rng = np.random.default_rng(0)
    rewards = rng.normal(size=(PROMPTS, DRAWS))
    rewards *= rng.uniform(0.5, 1.5, (PROMPTS, 1))
    rewards += rng.normal(size=(PROMPTS, 1))
    offsets = np.arange(PROMPTS + 1) * DRAWS
    return Draws.from_blocks(tuple(range(PROMPTS)), offsets, rewards.ravel())


def whole(draws: Draws, betas: np.ndarray) -> np.ndarray:
    rewards = draws.rewards.reshape(PROMPTS, DRAWS)
    cgf = np.empty((betas.size, PROMPTS))
    for j, beta in enumerate(betas):
        scaled = beta * rewards
        top = scaled.max(axis=1, keepdims=True)
        cgf[j] = top[:, 0] + np.log(np.exp(scaled - top).sum(axis=1)) - np.log(DRAWS)
    return cgf


def rows(draws: Draws, betas: np.ndarray) -> np.ndarray:
    cgf = np.empty((betas.size, PROMPTS))
    for i, row in enumerate(draws.rewards.reshape(PROMPTS, DRAWS)):
        for j, beta in enumerate(betas):
            scaled = beta * row
            top = scaled.max()
            cgf[j, i] = top + np.log(np.exp(scaled - top).sum()) - np.log(DRAWS)
    return cgf


def tight(draws: Draws, betas: np.ndarray) -> np.ndarray:
    cgf = np.empty((betas.size, PROMPTS))
    for i, row in enumerate(draws.rewards.reshape(PROMPTS, DRAWS)):
        top = row.max()
        below = row - top
        for j, beta in enumerate(betas):
            cgf[j, i] = beta * top + np.log(np.exp(beta * below).sum() / DRAWS)
    return cgf


def scipy(draws: Draws, betas: np.ndarray) -> np.ndarray:
    few = draws.rewards.reshape(PROMPTS, DRAWS)[:FEW]
    return np.array([[logsumexp(beta * row) for row in few] for beta in betas]) - np.log(DRAWS)


def interleaved(cases: dict[str, Callable[[], object]]) -> dict[str, float]:
    least = dict.fromkeys(cases, np.inf)
    for _ in range(ROUNDS):
        for name, case in cases.items():
            start = perf_counter()
            case()
            least[name] = min(least[name], perf_counter() - start)
    return least


def peak_memory() -> float:
    """Peak memory of a process of its own beyond its start, in sizes of the rewards."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak)


def _peak() -> float:
    estimate_frontier(Draws.from_matrix([[0.0, 1.0], [0.0, 2.0]]), kl=0.1)
    before = resident()
    draws = simulated()
    estimate_frontier(draws, kl=BUDGETS)
    return (resident() - before) / draws.rewards.nbytes


if __name__ == "__main__":
    main()

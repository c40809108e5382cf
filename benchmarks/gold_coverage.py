"""How often gold's intervals cover under best-of-N and along the frontier, and peaks are right.

``python -m benchmarks.gold_coverage 400`` prints the tables of docs/overoptimisation.md.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from klimit import Draws, FiniteModel, OverOptimisation, best_of_n, frontier, overoptimisation

SIZES = [1, 2, 4, 8, 16, 32]
BUDGETS = [0.0, 0.25, 0.5, 1.0]
NODES, MASS = np.polynomial.hermite_e.hermegauss(80)
GRID = (np.arange(20_000) + 0.5) / 20_000
PROMPTS, DRAWS = 60, 64
JUDGE = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
SHARES = np.array([0.1, 0.2, 0.4, 0.2, 0.1])


@dataclass(frozen=True)
class World:
    """A proxy, and the mean of gold given the proxy and a prompt's own number ``u``."""

    tied: bool
    passes: bool
    mean: Callable[[np.ndarray, np.ndarray | float], np.ndarray]

    def draw(
        self, rng: np.random.Generator, prompts: int, draws: int, u: np.ndarray
    ) -> tuple[Draws, np.ndarray]:
        shape = (prompts, draws)
        proxy = rng.choice(JUDGE, p=SHARES, size=shape) if self.tied else rng.normal(size=shape)
        mean = self.mean(proxy, u[:, None])
        gold = rng.random(shape) < mean if self.passes else mean + rng.normal(size=shape)
        return Draws.from_matrix(proxy), gold.ravel().astype(np.float64)

    def at_n(self, n: int, u: np.ndarray) -> float:
        if self.tied:
            law = best_of_n(FiniteModel.from_probs(SHARES, JUDGE), n=n)
            assert law.log_probs is not None
            return float((np.exp(law.log_probs) * self.mean(JUDGE, u[:, None])).sum(1).mean())
        return float(np.mean([self.mean(ndtri(GRID ** (1 / n)), each).mean() for each in u]))

    def at_kl(self, kl: float, u: np.ndarray) -> float:
        if self.tied:
            law = frontier(FiniteModel.from_probs(SHARES, JUDGE)).at_kl(kl)
            assert law.log_probs is not None
            return float((np.exp(law.log_probs) * self.mean(JUDGE, u[:, None])).sum(1).mean())
        tilted = NODES + (2 * kl) ** 0.5
        return float((self.mean(tilted, u[:, None]) @ MASS).mean() / MASS.sum())


def hump(x: np.ndarray, u: np.ndarray | float) -> np.ndarray:
    return (1 + u) * (x - 0.5 * x**2) + u


def mostly(x: np.ndarray, u: np.ndarray | float) -> np.ndarray:
    return ndtr(0.5 + u + x - 0.6 * x**2)


WORLDS = {
    "peaks": World(tied=False, passes=False, mean=hump),
    "peaks, pass/fail gold": World(tied=False, passes=True, mean=mostly),
    "peaks, judge as proxy": World(tied=True, passes=False, mean=hump),
    "peaks, judge and pass/fail": World(tied=True, passes=True, mean=mostly),
    "rises": World(tied=False, passes=False, mean=lambda x, u: 0.7 * x + u),
    "unrelated": World(tied=False, passes=False, mean=lambda x, u: 0 * x + u),
    "saturates": World(tied=False, passes=False, mean=lambda x, u: 2 * ndtr(2 * x) + u),
}


@dataclass(frozen=True)
class Shares:
    """Shares of the runs."""

    best_of: list[float]
    frontier: list[float]
    band: float
    peak: float
    range: float
    rising: float


def shares(world: World, *, kind: str, runs: int, seed: int = 1) -> Shares:
    """Gold covered at each N, at each supported budget, by the band; peaks; and their range."""
    rng = np.random.default_rng(seed)
    spread = 0.3 * ndtri((np.arange(100) + 0.5) / 100)
    fixed = 0.3 * rng.normal(size=PROMPTS)
    centre = fixed if kind == "fixed" else spread
    true_n = np.array([world.at_n(n, centre) for n in SIZES])
    true_kl = np.array([world.at_kl(kl, centre) for kl in BUDGETS])
    fine = [*range(1, 33)]
    best = fine[int(np.argmax([world.at_n(n, centre[::6]) for n in fine]))]
    hits: list[list[float]] = []
    for _ in range(runs):
        u = fixed if kind == "fixed" else rng.choice(spread, size=PROMPTS)
        table, gold = world.draw(rng, PROMPTS, DRAWS, u)
        found = overoptimisation(table, gold=gold, n=SIZES, kl=BUDGETS, prompts=kind)
        hits.append(_hits(found, true_n, true_kl, best))
    table_of_hits = np.array(hits)
    seen = np.isfinite(table_of_hits)
    mean = np.where(seen, table_of_hits, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    k = len(SIZES)
    return Shares(
        mean[:k].tolist(),
        mean[k : k + len(BUDGETS)].tolist(),
        *mean[k + len(BUDGETS) :].tolist(),
    )


def _hits(
    found: OverOptimisation, true_n: np.ndarray, true_kl: np.ndarray, best: int
) -> list[float]:
    points = found.best_of_n
    between = found.peak_range if found.best_of_n_trend.peak is not None else None
    inside = (
        np.nan
        if between is None or between.n_low is None or between.n_high is None
        else between.n_low <= best <= between.n_high
    )
    return [
        *(p.gold.low <= t <= p.gold.high for p, t in zip(points, true_n, strict=True)),
        *(
            p.gold.low <= t <= p.gold.high if p.supported else np.nan
            for p, t in zip(found.frontier, true_kl, strict=True)
        ),
        all(p.band_low <= t <= p.band_high for p, t in zip(points, true_n, strict=True)),
        found.best_of_n_trend.peak is not None,
        inside,
        found.still_rising,
    ]


def main(runs: int = 400) -> dict[str, Shares]:
    print(
        "| gold | prompts | best-of-N | frontier | band | peak said | its range right | "
        f"still rising |  <!-- {runs} runs -->"
    )
    print("|---|---|---|---|---|---|---|---|")
    found = {}
    for seed, (name, world) in enumerate(WORLDS.items()):
        for kind in ("sampled", "fixed"):
            x = found[f"{name}, {kind}"] = shares(world, kind=kind, runs=runs, seed=seed)
            print(
                f"| {name} | {kind} | {min(x.best_of):.3f} … {max(x.best_of):.3f} "
                f"| {min(x.frontier):.3f} … {max(x.frontier):.3f} | {x.band:.3f} "
                f"| {x.peak:.3f} | {x.range:.3f} | {x.rising:.3f} |",
                flush=True,
            )
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)

"""How often the intervals of best-of-N cover: fourteen laws of the reward, exact truths.

``python -m benchmarks.best_of_coverage 200`` prints the table of docs/best_of.md.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, xlogy

from klimit import Draws, FiniteModel, best_of_n, estimate_best_of_n

GRID = (np.arange(200_000) + 0.5) / 200_000
RAGGED = 0  # in place of a number of draws: 16 to 256, evenly on the log scale
POOLS = [(20, 16), (20, 64), (100, 16), (100, 256), (500, 64), (20, 1024), (100, RAGGED)]


@dataclass(frozen=True)
class Law:
    """A law of the reward, by its quantile function or by its levels."""

    quantile: Callable[[np.ndarray], np.ndarray]
    levels: tuple[float, ...] = ()
    probs: tuple[float, ...] = ()

    def truth(self, n: int) -> tuple[float, float]:
        if self.levels:
            law = best_of_n(FiniteModel.from_probs([*self.probs], [*self.levels]), n=n)
            return law.mean_reward, law.kl
        return float(self.quantile(GRID ** (1 / n)).mean()), float(np.log(n) - (n - 1) / n)

    def prompts(self, rng: np.random.Generator, p: int) -> np.ndarray:  # noqa: ARG002
        """What sets prompts apart, a row a prompt: nothing."""
        return np.zeros((p, 1))

    def rewards(self, uniform: np.ndarray, prompt: np.ndarray) -> np.ndarray:  # noqa: ARG002
        return self.quantile(uniform)

    def truth_at(self, n: int, prompts: np.ndarray) -> tuple[float, float]:  # noqa: ARG002
        """The truth for these prompts alone."""
        return self.truth(n)


class PromptsDiffer(Law):
    """Normal rewards whose mean and spread differ from prompt to prompt."""

    def truth(self, n: int) -> tuple[float, float]:
        reward, kl = Law.truth(self, n)
        return float(np.exp(0.125)) * reward, kl

    def prompts(self, rng: np.random.Generator, p: int) -> np.ndarray:
        return np.stack([rng.normal(size=p), np.exp(0.5 * rng.normal(size=p))], axis=1)

    def rewards(self, uniform: np.ndarray, prompt: np.ndarray) -> np.ndarray:
        return prompt[0] + prompt[1] * self.quantile(uniform)

    def truth_at(self, n: int, prompts: np.ndarray) -> tuple[float, float]:
        reward, kl = Law.truth(self, n)
        return float(prompts[:, 0].mean() + prompts[:, 1].mean() * reward), kl


class ChancesDiffer(Law):
    """Pass or fail, the chance to fail even between 0 and 1 over the prompts."""

    def truth(self, n: int) -> tuple[float, float]:
        return self.truth_at(n, GRID[:, None])

    def prompts(self, rng: np.random.Generator, p: int) -> np.ndarray:
        return rng.random((p, 1))

    def rewards(self, uniform: np.ndarray, prompt: np.ndarray) -> np.ndarray:
        return (uniform > prompt[0]).astype(np.float64)

    def truth_at(self, n: int, prompts: np.ndarray) -> tuple[float, float]:
        fail = prompts[:, 0]
        lost = fail**n
        kl = lost * (n - 1) * np.log(fail) + (1 - lost) * np.log((1 - lost) / (1 - fail))
        return float(1 - lost.mean()), float(kl.mean())


@dataclass(frozen=True)
class HalfAtom(Law):
    """A fifth of the draws exactly 0, the others normal."""

    def truth(self, n: int) -> tuple[float, float]:
        reward, bound = Law.truth(self, n)
        low, high = 0.4, 0.6
        density = n * (low + (high - low) * GRID) ** (n - 1)
        won = high**n - low**n
        cost = (high - low) * np.mean(xlogy(density, density))
        return reward, float(bound - cost + won * np.log(won / (high - low)))


def levels(*pairs: tuple[float, float]) -> Law:
    values, probs = (tuple(each) for each in zip(*pairs, strict=True))
    ends = np.cumsum(probs)[:-1]
    return Law(
        lambda u: np.asarray(values)[np.searchsorted(ends, u, side="right")], values, probs
    )


def two_modes(u: np.ndarray) -> np.ndarray:
    low, high = ndtri(np.minimum(u / 0.7, 1 - 1e-12)), ndtri(np.maximum((u - 0.7) / 0.3, 1e-12))
    return np.where(u < 0.7, 0.3 * low, 3 + 0.3 * high)


def half_atom(u: np.ndarray) -> np.ndarray:
    above = np.where(u > 0.6, ndtri(np.maximum((u - 0.2) / 0.8, 0.5)), 0.0)
    return np.where(u < 0.4, ndtri(np.minimum(u / 0.8, 0.5)), above)


LAWS: dict[str, Law] = {
    "normal": Law(ndtri),
    "exponential": Law(lambda u: -np.log1p(-u)),
    "uniform": Law(lambda u: u),
    "two modes": Law(two_modes),
    "log-normal": Law(lambda u: np.exp(ndtri(u))),
    "Pareto, index 4": Law(lambda u: (1 - u) ** -0.25),
    "a fifth tied, else normal": HalfAtom(half_atom),
    "prompts differ": PromptsDiffer(ndtri),
    "pass/fail, prompts differ": ChancesDiffer(lambda u: u),
    "pass/fail, 0.5": levels((0.0, 0.5), (1.0, 0.5)),
    "pass/fail, 0.1": levels((0.0, 0.9), (1.0, 0.1)),
    "pass/fail, 0.01": levels((0.0, 0.99), (1.0, 0.01)),
    "judge of five levels": levels((1, 0.1), (2, 0.2), (3, 0.4), (4, 0.25), (5, 0.05)),
    "nearly constant": levels((0.0, 0.98), (0.001, 0.015), (1.0, 0.005)),
}


@dataclass(frozen=True)
class Coverage:
    """Shares of the runs: supported, reward covered among those, KL covered."""

    supported: float
    reward: float
    kl: float


@dataclass(frozen=True)
class Design:
    """How much is drawn, of which the best is kept, and for whom the intervals hold."""

    prompts: int
    draws: int
    n: int
    kind: str = "sampled"


def coverage(law: Law, design: Design, *, runs: int, seed: int) -> Coverage:
    """The intervals of one law and design, over independent tables."""
    rng = np.random.default_rng(seed)
    n = design.n
    truth = law.truth(n)
    supported, reward, kl = np.zeros((3, runs), dtype=bool)
    for run in range(runs):
        prompts = law.prompts(rng, design.prompts)
        counts = sizes(rng, design)
        blocks = [
            law.rewards(rng.random(m), row) for m, row in zip(counts, prompts, strict=True)
        ]
        ends = np.append(0, np.cumsum(counts))
        table = Draws.from_blocks(
            tuple(range(design.prompts)), ends, np.concatenate(blocks).astype(np.float64)
        )
        if design.kind == "fixed":
            truth = law.truth_at(n, prompts)
        point = estimate_best_of_n(table, n=n, prompts=design.kind).points[0]
        supported[run] = point.supported
        reward[run] = point.reward.low - 1e-12 <= truth[0] <= point.reward.high + 1e-12
        kl[run] = point.kl.low - 1e-12 <= truth[1] <= point.kl.high + 1e-12
    share = float(reward[supported].mean()) if supported.sum() >= 20 else np.nan
    return Coverage(float(supported.mean()), share, float(kl.mean()))


def sizes(rng: np.random.Generator, design: Design) -> np.ndarray:
    """How many draws each prompt has."""
    if design.draws == RAGGED:
        return np.exp(rng.uniform(np.log(16), np.log(256), design.prompts)).astype(int)
    return np.full(design.prompts, design.draws)


def main(runs: int = 200) -> dict[str, list[Coverage]]:
    print(f"| law | N | supported | reward | KL |  <!-- {runs} runs a cell -->")
    print("|---|---|---|---|---|")
    found = {}
    for name, law in LAWS.items():
        for label, part in {"1": 0.0, "m/4": 0.25, "m/2": 0.5, "m": 1.0}.items():
            cells = [
                coverage(
                    law,
                    Design(prompts, draws, max(1, int(part * (draws or 16))), kind),
                    runs=runs,
                    seed=7,
                )
                for prompts, draws in POOLS
                for kind in ("sampled", "fixed")
                if part < 1 or kind == "sampled"
            ]
            found[f"{name}, N = {label}"] = cells
            print(f"| {name} | {label} | {row(cells)} |", flush=True)
    return found


def row(cells: list[Coverage]) -> str:
    shares = [[cell.supported for cell in cells], [cell.kl for cell in cells]]
    rewards = [cell.reward for cell in cells if np.isfinite(cell.reward)]
    told = f"{min(rewards):.3f} … {max(rewards):.3f}" if rewards else "-"
    return (
        f"{min(shares[0]):.2f} … {max(shares[0]):.2f} | {told} "
        f"| {min(shares[1]):.3f} … {max(shares[1]):.3f}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)

"""Do the intervals of an audit cover? Policies whose truth is known, by simulation.

    python -m benchmarks.audit_coverage [--runs 400] [--only tilt,mixture] [--prompts fixed]

Prompts come from a population of 300, each a distribution over finitely many outcomes with a
reward; the truth is computed exactly. Every run draws prompts, then outcomes of the policy and
of the reference, and asks whether each interval holds the truth. Runs whose frontier is not
``supported`` are counted and left out for the numbers that need it.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64
from scipy.optimize import brentq
from scipy.special import logsumexp

from klimit import Audit, Draws, FiniteModel, audit, best_of_n, soft_best_of_n

NUMBERS = (
    "kl",
    "mean_reward",
    "frontier_reward",
    "reward_gap",
    "excess_kl",
    "divergence",
    "efficiency",
)
BUDGETS = (0.1, 0.5, 1.0, 2.0, 4.0)
POPULATION = 300
EVERYONE = np.arange(POPULATION)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A population of prompts and a policy on it.

    Attributes:
        log_p: Log-probabilities of the reference, a row a prompt, shape ``(q, k)``.
        rewards: Rewards of the outcomes, shape ``(q, k)``.
        log_q: Log-probabilities of the policy, shape ``(q, k)``.
    """

    log_p: Float64[np.ndarray, "q k"]
    rewards: Float64[np.ndarray, "q k"]
    log_q: Float64[np.ndarray, "q k"]

    def numbers(self, chosen: np.ndarray) -> dict[str, float]:
        """The exact numbers of an audit for some prompts."""
        log_p, r, log_q = self.log_p[chosen], self.rewards[chosen], self.log_q[chosen]
        q = np.exp(log_q)
        kl = float((q * (log_q - log_p)).sum(axis=1).mean())
        reward = float((q * r).sum(axis=1).mean())
        base = float((np.exp(log_p) * r).sum(axis=1).mean())

        def tilt(beta: float) -> tuple[float, float, float]:
            cgf = logsumexp(log_p + beta * r, axis=1)
            mean = (np.exp(log_p + beta * r - cgf[:, None]) * r).sum(axis=1)
            return float(mean.mean()), float((beta * mean - cgf).mean()), float(cgf.mean())

        beta = brentq(lambda b: tilt(b)[1] - kl, 1e-6, 1e4)
        best = tilt(beta)[0]
        same = brentq(lambda b: tilt(b)[0] - reward, -1e3, 1e4)
        return {
            "kl": kl,
            "mean_reward": reward,
            "frontier_reward": best,
            "reward_gap": max(best - reward, 0.0),
            "excess_kl": max(kl - tilt(same)[1], 0.0),
            "divergence": max(kl - beta * reward + tilt(beta)[2], 0.0),
            "efficiency": min((reward - base) / (best - base), 1.0),
        }


def laws(name: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities and rewards of a population of prompts."""
    k = {"gaussian": 200, "skewed": 200, "judge": 40, "pass-fail": 40}[name]
    log_p = rng.normal(0.0, 0.7, size=(POPULATION, k))
    log_p -= logsumexp(log_p, axis=1, keepdims=True)
    centre = rng.normal(size=(POPULATION, 1))
    width = rng.uniform(0.5, 1.5, size=(POPULATION, 1))
    shape = (POPULATION, k)
    match name:
        case "gaussian":
            rewards = centre + width * rng.normal(size=shape)
        case "skewed":
            rewards = centre + width * rng.gamma(2.0, size=shape) / 2**0.5
        case "judge":
            score = 3 + 0.5 * centre + width * rng.normal(size=shape)
            rewards = np.clip(np.round(score), 1, 5)
        case _:
            rate = rng.beta(2, 6, size=(POPULATION, 1))
            rewards = (rng.uniform(size=shape) < rate).astype(float)
            rewards[:, 0], rewards[:, 1] = 1.0, 0.0
    return log_p, rewards


def policies(log_p: np.ndarray, rewards: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Each kind of policy at KLs from 0.1 to 4 where the population has them."""

    def tilted(beta: float) -> np.ndarray:
        log_q = log_p + beta * rewards
        return log_q - logsumexp(log_q, axis=1, keepdims=True)

    def spent(log_q: np.ndarray) -> float:
        return float((np.exp(log_q) * (log_q - log_p)).sum(axis=1).mean())

    def mixed(log_q: np.ndarray, share: float) -> np.ndarray:
        return np.logaddexp(np.log(share) + log_q, np.log1p(-share) + log_p)

    most = spent(tilted(1e3 / np.ptp(rewards)))
    for kl in BUDGETS:
        if kl < 0.9 * most:
            yield "tilt", tilted(brentq(lambda b, kl=kl: spent(tilted(b)) - kl, 1e-6, 1e4))
        far = min(2.5 * kl + 0.5, 0.95 * most)
        if kl < 0.8 * far:
            end = tilted(brentq(lambda b, far=far: spent(tilted(b)) - far, 1e-6, 1e4))
            share = brentq(lambda a, end=end, kl=kl: spent(mixed(end, a)) - kl, 1e-9, 1 - 1e-9)
            yield "mixture", mixed(end, share)
    models = [FiniteModel(a, r) for a, r in zip(log_p, rewards, strict=True)]
    for n in (2, 8, 64):
        law = np.array([best_of_n(model, n=n).log_probs for model in models])
        yield "best-of-N", law
    for n in (4, 32):
        law = np.array(
            [soft_best_of_n(model, n=n, beta=1.5 / rewards.std()).log_probs for model in models]
        )
        yield "soft best-of-N", law


def drawn(
    truth: Truth, chosen: np.ndarray, sizes: tuple[int, ...], rng: np.random.Generator
) -> tuple[Draws, Draws]:
    """Draws of the policy and of the reference at some prompts."""
    log_p, log_q, rewards = truth.log_p[chosen], truth.log_q[chosen], truth.rewards[chosen]
    rows = np.arange(chosen.size)[:, None]

    def outcomes(log_probs: np.ndarray, m: int) -> np.ndarray:
        upto = np.cumsum(np.exp(log_probs), axis=1)
        u = rng.uniform(size=(chosen.size, m)) * upto[:, -1:]
        return np.array(
            [np.searchsorted(c, v, side="right") for c, v in zip(upto, u, strict=True)]
        )

    ours, theirs = outcomes(log_q, sizes[0]), outcomes(log_p, sizes[1])
    policy = Draws.from_blocks(
        tuple(range(chosen.size)),
        np.arange(chosen.size + 1) * sizes[0],
        rewards[rows, ours].ravel(),
        {
            "log_prob_policy": log_q[rows, ours].ravel(),
            "log_prob_reference": log_p[rows, ours].ravel(),
        },
    )
    return policy, Draws.from_matrix(rewards[rows, theirs])


@dataclass(slots=True)
class Tally:
    """How often the truth lay within."""

    runs: int = 0
    borne: int = 0
    held: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NUMBERS, 0))

    def take(self, other: "Tally") -> None:
        self.runs += other.runs
        self.borne += other.borne
        for name in NUMBERS:
            self.held[name] += other.held[name]

    def add(self, found: Audit, truth: dict[str, float]) -> None:
        self.runs += 1
        if not (found.supported and found.excess_supported):
            return
        self.borne += 1
        for name in NUMBERS:
            estimate = getattr(found, name)
            self.held[name] += estimate.low <= truth[name] <= estimate.high

    @property
    def share(self) -> str:
        """Runs that were supported."""
        return f"{self.borne / self.runs:.0%}"

    @property
    def shares(self) -> list[str]:
        """Coverage of each number."""
        if not self.borne:
            return ["-"] * len(NUMBERS)
        return [f"{self.held[name] / self.borne:.1%}" for name in NUMBERS]


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One policy at one size of data: prompts, draws of the policy, draws of the reference."""

    law: str
    kind: str
    truth: Truth
    shape: tuple[int, ...]
    prompts: str
    seed: int


def cells(asked: argparse.Namespace) -> Iterator[Cell]:
    seed = 0
    for law in asked.laws.split(","):
        log_p, rewards = laws(law, np.random.default_rng(7))
        for kind, log_q in policies(log_p, rewards):
            for text in asked.shapes.split(","):
                for prompts in asked.prompts.split(","):
                    seed += 1
                    shape = tuple(int(size) for size in text.split("x"))
                    truth = Truth(log_p, rewards, log_q)
                    if kind in asked.only.split(","):
                        yield Cell(law, kind, truth, shape, prompts, seed)


def study(cell: Cell, *, runs: int) -> Tally:
    """Coverage of one cell."""
    tally, rng = Tally(), np.random.default_rng(cell.seed)
    exact = cell.truth.numbers(EVERYONE)
    for _ in range(runs):
        chosen = rng.integers(POPULATION, size=cell.shape[0])
        policy, reference = drawn(cell.truth, chosen, cell.shape[1:], rng)
        found = audit(policy, reference=reference, prompts=cell.prompts)
        tally.add(found, exact if cell.prompts == "sampled" else cell.truth.numbers(chosen))
    return tally


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--laws", default="gaussian,skewed,judge,pass-fail")
    parser.add_argument("--only", default="tilt,mixture,best-of-N,soft best-of-N")
    parser.add_argument("--prompts", default="sampled,fixed")
    parser.add_argument("--shapes", default="20x16x64,100x16x64,100x64x256")
    asked = parser.parse_args([] if arguments is None else arguments)
    pooled: dict[tuple[str, ...], Tally] = {}
    show("rewards", "policy", "KL", "prompts x draws", "intervals", "supported", *NUMBERS)
    show(*["---"] * (6 + len(NUMBERS)))
    for cell in cells(asked):
        tally = study(cell, runs=asked.runs)
        pooled.setdefault((cell.law, cell.kind, cell.prompts), Tally()).take(tally)
        shape = "x".join(map(str, cell.shape))
        kl = f"{cell.truth.numbers(EVERYONE)['kl']:.2f}"
        show(cell.law, cell.kind, kl, shape, cell.prompts, tally.share, *tally.shares)
    print()
    show("rewards", "policy", "intervals", "runs supported", *NUMBERS)
    show(*["---"] * (4 + len(NUMBERS)))
    for (law, kind, prompts), tally in pooled.items():
        show(law, kind, prompts, f"{tally.borne} of {tally.runs}", *tally.shares)


def show(*texts: str) -> None:
    print("|", " | ".join(texts), "|", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

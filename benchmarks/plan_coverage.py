"""Do the intervals of `plan` cover what its settings really give?

Eight kinds of prompts a law; draws of some of them are planned with, and each prediction is
compared with the exact law at the setting that was chosen. Prompts are sampled from the eight
(the truth is the mean over the eight) or fixed (the mean over the prompts drawn).
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from klimit import (
    BestOfNLaw,
    Draws,
    Estimate,
    FiniteModel,
    PlanOption,
    RandomBestOfNLaw,
    SoftBestOfNLaw,
    Tilt,
    best_of_n,
    geometric,
    one_plus_poisson,
    plan,
    random_best_of_n,
    soft_best_of_n,
    tilt,
    zero_truncated_poisson,
)

KINDS = 8
LEVELS, GRID = 200, 1001


@dataclass(frozen=True)
class Law:
    """A reward for each of eight kinds of prompts, as a function of a uniform number."""

    name: str
    quantile: Callable[[int, np.ndarray], np.ndarray]

    def model(self, kind: int) -> FiniteModel:
        """A finite law, finest at both ends, that stands for it."""
        depth = np.linspace(0.0, 16.0, LEVELS)
        low = 0.5 * np.exp(-depth)
        edges = np.unique(np.concatenate([[0.0, 1.0], low, 1 - low, np.linspace(0, 1, GRID)]))
        middle = (edges[1:] + edges[:-1]) / 2
        return FiniteModel.from_probs(np.diff(edges), self.quantile(kind, middle))


def five_levels(kind: int, u: np.ndarray) -> np.ndarray:
    edges = np.cumsum(np.array([0.2, 0.3, 0.25, 0.15]) * (0.6 + 0.05 * kind))
    return np.searchsorted(edges, u).astype(float)


def bimodal(_: int, u: np.ndarray) -> np.ndarray:
    low, high = 0.4 * ndtri(u / 0.6), 3.0 + 0.4 * ndtri((u - 0.6) / 0.4)
    return np.where(u < 0.6, low, high)


LAWS = [
    Law("Gaussian", lambda _, u: ndtri(u)),
    Law("means and spreads differ", lambda k, u: 0.3 * k + (0.5 + 0.15 * k) * ndtri(u)),
    Law("exponential", lambda k, u: -(1 + 0.05 * k) * np.log1p(-u)),
    Law("bounded", lambda k, u: u ** (0.5 + 0.2 * k)),
    Law("bimodal", bimodal),
    Law("pass or fail", lambda k, u: (u > 0.9 - 0.08 * k).astype(float)),
    Law("five levels", five_levels),
]


def truth(
    option: PlanOption, law: Law, models: list[FiniteModel]
) -> tuple[float, float, float]:
    """Reward, KL and draws of an option's setting, by its exact law."""
    named = {parameter.name: parameter.value for parameter in option.setting}
    if option.method == "rejection":
        return rejected(law, named["threshold"])
    cost = named.get("n", 1.0)
    laws: Sequence[BestOfNLaw | SoftBestOfNLaw | RandomBestOfNLaw | Tilt]
    if option.method == "best-of-n":
        laws = [best_of_n(model, n=int(named["n"])) for model in models]
    elif option.method == "soft-best-of-n":
        laws = [
            soft_best_of_n(model, n=int(named["n"]), beta=named["beta"]) for model in models
        ]
    elif option.method == "train-to-beta":
        laws = [tilt(model, beta=named["beta"]) for model in models]
    else:
        make = {"geometric": geometric, "one-plus-poisson": one_plus_poisson}
        count = make.get(option.method, zero_truncated_poisson)(option.setting[0].value)
        cost = count.mean
        laws = [random_best_of_n(model, pgf=count) for model in models]
    return (
        float(np.mean([law.mean_reward for law in laws])),
        float(np.mean([law.kl for law in laws])),
        cost,
    )


def rejected(law: Law, threshold: float) -> tuple[float, float, float]:
    u = (np.arange(100_000) + 0.5) / 100_000
    rewards = np.concatenate([law.quantile(kind, u)[None] for kind in range(KINDS)])
    passes = rewards >= threshold
    share = passes.mean(axis=1)
    kept = np.where(passes, rewards, 0.0).mean(axis=1) / share
    return float(kept.mean()), float(-np.log(share).mean()), float((1 / share).mean())


def covers(estimate: Estimate, value: float) -> bool:
    slack = 2e-4 + 2e-4 * abs(value)  # the models stand for continuous laws to this accuracy
    return estimate.low - slack <= value <= estimate.high + slack


def runs(
    law: Law, asked: argparse.Namespace, *, prompts: str
) -> Iterator[tuple[str, str, bool]]:
    rng = np.random.default_rng(asked.seed)
    models = [law.model(kind) for kind in range(KINDS)]
    target = {"kl": asked.kl}
    if prompts == "fixed":  # the other target, for a change
        kept = [best_of_n(model, log_n=asked.kl + 1).mean_reward for model in models]
        target = {"reward": float(np.mean(kept))}
    for _ in range(asked.runs):
        kinds = np.arange(asked.prompts) % KINDS
        if prompts == "sampled":
            kinds = rng.integers(KINDS, size=asked.prompts)
        rows = [law.quantile(int(kind), rng.random(asked.draws)) for kind in kinds]
        found = plan(Draws.from_matrix(np.array(rows)), prompts=prompts, **target)
        for option in found.options:
            if not (option.supported and option.reached):
                yield option.method, "left out", True
                continue
            reward, spent, cost = truth(option, law, models)
            yield option.method, "reward", covers(option.reward, reward)
            yield option.method, "kl", covers(option.kl, spent)
            if option.method == "rejection":
                yield option.method, "draws", covers(option.draws, cost)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--prompts", type=int, default=48)
    parser.add_argument("--draws", type=int, default=64)
    parser.add_argument("--kl", type=float, default=0.5)
    parser.add_argument("--law", action="append", help="one of these alone; may be repeated")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args([] if arguments is None else arguments)
    print("| law | prompts | method | runs | reward | KL | draws |")
    print("|---|---|---|---|---|---|---|")
    for law in (law for law in LAWS if law.name in (asked.law or [law.name])):
        for prompts in ("sampled", "fixed"):
            report(law, prompts, list(runs(law, asked, prompts=prompts)))


def report(law: Law, prompts: str, seen: list[tuple[str, str, bool]]) -> None:
    for method in dict.fromkeys(method for method, _, _ in seen):
        held = {
            what: [hit for name, kind, hit in seen if (name, kind) == (method, what)]
            for what in ("reward", "kl", "draws")
        }
        cells = [f"{100 * np.mean(hits):.0f}" if hits else "" for hits in held.values()]
        row = [law.name, prompts, method, str(len(held["reward"])), *cells]
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Do the intervals of `sequence_kl` cover? Log ratios whose mean is known, by simulation.

    python benchmarks/kl_coverage.py [--runs 1000] [--shapes 16x4,16x64,40x9,100x4,100x64]

Beside the intervals it gives stand Student's, and those of a mean that the control variate
``p / pi - 1`` steadies (its coefficient fitted on other draws): shorter where the two policies
are close, and wrong wherever the policy all but leaves out what the reference says.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log

import numpy as np
from jaxtyping import Float64

from klimit import Draws, Estimate, sequence_kl
from klimit.estimate.paired import prompt_means
from klimit.estimate.uncertainty import mean_over_prompts

Generator = np.random.Generator
Array = np.ndarray


@dataclass(frozen=True)
class Law:
    """A law of the log ratio.

    Attributes:
        ratio: Log ratios of ``m`` draws at prompts of given KLs, shape ``(p, m)``.
        kl: KLs of that many prompts, shape ``(p,)``.
        mean: Their mean over the population.
    """

    ratio: Callable[[Generator, Array, int], Array]
    kl: Callable[[Generator, int], Array]
    mean: float


def alike(ratio: Callable[[Generator, Array, int], Array], kl: float) -> Law:
    """Prompts that do not differ."""
    return Law(ratio, lambda _, p: np.full(p, kl), kl)


def normal(rng: Generator, kl: Array, m: int) -> Array:
    return kl[:, None] + np.sqrt(2 * kl)[:, None] * rng.normal(size=(kl.size, m))


def best_of(n: int) -> Law:
    """Best-of-N: ``p / pi`` has no variance."""
    return alike(
        lambda rng, kl, m: log(n) + (n - 1) / n * np.log(rng.random((kl.size, m))),
        log(n) - (n - 1) / n,
    )


def exponential(rate: float) -> Law:
    """An exponential law of this rate from one of rate 1."""
    return alike(
        lambda rng, kl, m: (
            log(rate) + (1 - rate) * rng.exponential(1 / rate, size=(kl.size, m))
        ),
        log(rate) - 1 + 1 / rate,
    )


def two(share: float, boost: float) -> Law:
    """Some responses made likelier by a factor, all others rarer."""
    rest = log((1 - share) / (1 - share * exp(-boost)))
    return alike(
        lambda rng, kl, m: np.where(rng.random((kl.size, m)) < share, boost, rest),
        share * boost + (1 - share) * rest,
    )


def left(share: float, rare: float, kl: float) -> Law:
    """A policy that all but leaves a mode of the reference, and differs a little elsewhere."""
    rest = log((1 - rare) / (1 - share))

    def ratio(rng: Generator, kls: Array, m: int) -> Array:
        other = rest + normal(rng, np.full(kls.size, kl), m)
        return np.where(rng.random((kls.size, m)) < rare, log(rare / share), other)

    return alike(ratio, (1 - rare) * (rest + kl) + rare * log(rare / share))


LAWS = {
    "normal, 0.02 nats": alike(normal, 0.02),
    "normal, 0.5 nats": alike(normal, 0.5),
    "normal, 2 nats": alike(normal, 2.0),
    "normal, prompts differ": Law(normal, lambda rng, p: rng.gamma(2.0, 0.5, size=p), 1.0),
    "normal, prompts log-normal": Law(normal, lambda rng, p: rng.lognormal(-0.5, 1, p), 1.0),
    "normal, prompts log-normal, 1.5": Law(
        normal, lambda rng, p: rng.lognormal(-1.125, 1.5, p), 1.0
    ),
    "best-of-2": best_of(2),
    "best-of-8": best_of(8),
    "skewed up (exponential)": exponential(0.2),
    "skewed down (exponential)": exponential(3.0),
    "a tenth 150 times likelier": two(0.1, 5.0),
    "a mode of 3 % left": left(0.03, 1e-5, 0.05),
}
WAYS = ("ours", "Student", "steadied")


def main(argv: list[str] | None = None) -> dict[str, list[float]]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--shapes", default="16x4,16x64,40x9,100x4,100x64")
    asked = parser.parse_args([] if argv is None else argv)
    print("| log ratios | prompts x draws |" + "".join(f" {way} |" for way in WAYS) * 2)
    print("|---|---|" + "---|" * 2 * len(WAYS))
    found = {}
    for name, law in LAWS.items():
        for text in asked.shapes.split(","):
            p, m = (int(size) for size in text.split("x"))
            shares = coverage(law, p=p, m=m, runs=asked.runs)
            found[f"{name}, {text}"] = list(shares)
            row = " | ".join(f"{100 * share:.1f}" for share in shares)
            print(f"| {name} | {text} | {row} |", flush=True)
    return found


def coverage(law: Law, *, p: int, m: int, runs: int) -> Float64[np.ndarray, " w"]:
    """Shares of intervals that hold the truth: each way for sampled, then for fixed prompts."""
    rng = np.random.default_rng(1)
    held = np.zeros((2, len(WAYS)))
    for _ in range(runs):
        kl = law.kl(rng, p)
        draws = scored(law.ratio(rng, kl, m))
        for i, (prompts, truth) in enumerate((("sampled", law.mean), ("fixed", kl.mean()))):
            plain = prompt_means(draws, draws.columns["log_prob_policy"])
            found: list[Estimate] = [
                sequence_kl(draws, prompts=prompts),
                mean_over_prompts(plain.mean, plain.variance, prompts=prompts, level=0.95),
                sequence_kl(draws, prompts=prompts, control_variate=True),
            ]
            held[i] += [each.low <= truth <= each.high for each in found]
    return held.ravel() / runs


def scored(ratio: Float64[np.ndarray, "p m"]) -> Draws:
    """Draws of a policy with these log ratios."""
    p, m = ratio.shape
    columns = {"log_prob_policy": ratio.ravel(), "log_prob_reference": np.zeros(p * m)}
    return Draws.from_blocks(tuple(range(p)), np.arange(p + 1) * m, np.zeros(p * m), columns)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])

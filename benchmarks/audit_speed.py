"""Time and memory of audits, over-optimisation and allocation, a million draws in a table.

Each case runs in a process of its own, so that its peak memory is its own: what the process
holds at most beyond its start, the table included, in sizes of the table's numbers.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from time import perf_counter, process_time

import numpy as np
from benchmarks.memory import resident

from klimit import Draws, audit, overoptimisation_of_each
from klimit.estimate.plan.allocation import allocate_draws

GOLDS = 20


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock and of the processor, and memory in tables."""

    seconds: float
    processor: float
    memory: float


def main(arguments: list[str] | None = None) -> dict[str, Cost]:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.audit_speed", description=__doc__
    )
    parser.add_argument("--draws", type=int, default=1_000_000, help="of a table")
    parser.add_argument("--prompts", type=int, nargs="+", default=[1_000, 10_000])
    asked = parser.parse_args([] if arguments is None else arguments)
    costs = {}
    for prompts in asked.prompts:
        print(f"{prompts:,} prompts x {asked.draws // prompts:,} draws:")
        for name in CASES:
            cost = in_own_process(name, prompts, asked.draws // prompts)
            costs[f"{name}, {prompts} prompts"] = cost
            print(
                f"  {name:34s} {cost.seconds:6.2f} s, processor {cost.processor:6.2f} s, "
                f"memory {cost.memory:5.2f} tables",
                flush=True,
            )
    return costs


def in_own_process(name: str, prompts: int, draws: int) -> Cost:
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(measured, (name, prompts, draws))


def measured(name: str, prompts: int, draws: int) -> Cost:
    tables, case = CASES[name]
    case(*tables(3, 40))  # imports and the first calls are not what is asked
    before = resident()
    made = tables(prompts, draws)
    wall, processor = perf_counter(), process_time()
    case(*made)
    wall, processor = perf_counter() - wall, process_time() - processor
    size = sum(table.rewards.nbytes * (1 + len(table.columns)) for table in made)
    return Cost(wall, processor, (resident() - before) / size)


def audited(prompts: int, draws: int) -> list[Draws]:
    """A tilt of N(0, 1) and the reference, as many draws each, means differing by prompt."""
    offsets, names = np.arange(prompts + 1) * draws, tuple(range(prompts))
    rng = np.random.default_rng(0)
    x = rng.normal(size=prompts * draws)
    policy = np.square(x)
    policy *= -0.5
    x += 0.7
    reference = np.square(x)
    reference *= -0.5
    columns = {"log_prob_policy": policy, "log_prob_reference": reference}
    return [
        Draws.from_blocks(names, offsets, x, columns),
        Draws.from_blocks(names, offsets, rng.normal(size=prompts * draws)),
    ]


def proxied(prompts: int, draws: int) -> list[Draws]:
    """A proxy and 20 gold rewards that part from it at different places."""
    offsets, rng = np.arange(prompts + 1) * draws, np.random.default_rng(0)
    x, golds = rng.normal(size=prompts * draws), {}
    for i in range(GOLDS):
        gold = rng.normal(size=x.size)
        gold += x
        gold -= i / GOLDS * x**2
        golds[f"gold_{i}"] = gold
    return [Draws.from_blocks(tuple(range(prompts)), offsets, x, golds)]


def spread(prompts: int, draws: int) -> list[Draws]:
    """Rewards whose spread differs by prompt, so that some gain more from further draws."""
    offsets, rng = np.arange(prompts + 1) * draws, np.random.default_rng(0)
    rewards = rng.normal(size=(prompts, draws))
    rewards *= rng.uniform(0.1, 2.0, size=(prompts, 1))
    return [Draws.from_blocks(tuple(range(prompts)), offsets, rewards.ravel())]


def audit_sampled(policy: Draws, reference: Draws) -> None:
    audit(policy, reference=reference)


def audit_fixed(policy: Draws, reference: Draws) -> None:
    audit(policy, reference=reference, prompts="fixed")


def many_golds(draws: Draws) -> None:
    overoptimisation_of_each(draws, golds=list(draws.columns))


def many_golds_fixed(draws: Draws) -> None:
    overoptimisation_of_each(draws, golds=list(draws.columns), prompts="fixed")


def allocation(draws: Draws) -> None:
    allocate_draws(draws, total=8 * len(draws.prompts))


CASES: dict[str, tuple[Callable[[int, int], list[Draws]], Callable[..., None]]] = {
    "audit, prompts sampled": (audited, audit_sampled),
    "audit, prompts fixed": (audited, audit_fixed),
    f"over-optimisation, {GOLDS} gold columns": (proxied, many_golds),
    "the same, prompts fixed": (proxied, many_golds_fixed),
    "allocation of 8 draws a prompt": (spread, allocation),
}


if __name__ == "__main__":
    main(sys.argv[1:])

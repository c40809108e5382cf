"""Do the frontier's 95 % intervals hold the truth wherever a point is supported?

Simulates reward laws of known frontier (`benchmarks.laws`), estimates the frontier from their
draws and counts. Without options a sample of a minute; docs/coverage.md quotes a longer run.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.laws import LAWS, Law, Verifier

from klimit import Draws, estimate_frontier

BUDGETS = (0.1, 0.5, 1.0, 2.0)
RAGGED = 0  # stands for 16 to 1,024 draws, different for each prompt


@dataclass
class Tally:
    """Runs of one law at one budget: how many, supported, and covered where supported."""

    law: str
    prompts: int
    draws: int
    pooling: str
    scope: str
    kl: float
    runs: int = 0
    supported: int = 0
    covered: int = 0
    held: int = 0

    def add(self, *, supported: bool, covered: bool) -> None:
        self.runs += 1
        self.supported += supported
        self.covered += supported and covered
        self.held += covered


def main(arguments: list[str] | None = None) -> dict[str, object]:
    options = parsed(arguments)
    laws = [law for law in LAWS if any(name in law.name for name in options.laws)]
    tallies: list[Tally] = []
    for law in laws:
        for p in options.prompts:
            for m in options.draws:
                tallies += study(law, p, m, options)
                if options.verbose:
                    show(tallies[-2 * len(options.poolings) * len(options.kl) :])
    text = "\n".join(tables(tallies))
    print(text)
    if options.out:
        Path(options.out).write_text(text + "\n")
    supported = sum(tally.supported for tally in tallies)
    covered = sum(tally.covered for tally in tallies)
    return {"coverage": covered / max(supported, 1), "supported": supported}


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--prompts", type=int, nargs="+", default=[100])
    parser.add_argument(
        "--draws", type=int, nargs="+", default=[16, 64], help="0 for ragged, 16 to 1,024"
    )
    parser.add_argument("--laws", nargs="+", default=[""], help="parts of their names")
    parser.add_argument("--poolings", nargs="+", default=["pooled", "per-prompt"])
    parser.add_argument("--kl", type=float, nargs="+", default=list(BUDGETS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", help="a Markdown file for the tables")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args([] if arguments is None else arguments)


def study(law: Law | Verifier, p: int, m: int, options: argparse.Namespace) -> list[Tally]:
    rng = np.random.default_rng([options.seed, p, m, LAWS.index(law)])
    population = law.population()
    tallies = {
        (pooling, scope, kl): Tally(law.name, p, m, pooling, scope, kl)
        for pooling in options.poolings
        for scope in ("sampled", "fixed")
        for kl in options.kl
    }
    truth = {
        (pooling, kl): law.frontier(population, kl=kl, pooled=pooling == "pooled")
        for pooling in options.poolings
        for kl in options.kl
    }
    alike = all(np.ptp(parameter) == 0 for parameter in population)
    for _ in range(options.runs):
        prompts = law.prompt(rng, p)
        draws = grouped(list(drawn(law, rng, prompts, m)))
        for pooling in options.poolings:
            for scope in ("sampled", "fixed"):
                found = estimate_frontier(draws, kl=options.kl, pooling=pooling, prompts=scope)
                for point in found.points:
                    true = truth[pooling, point.kl]
                    if scope == "fixed" and not alike:
                        true = law.frontier(prompts, kl=point.kl, pooled=pooling == "pooled")
                    slack = 1e-12 * abs(true)
                    low, high = point.reward.low - slack, point.reward.high + slack
                    tallies[pooling, scope, point.kl].add(
                        supported=point.supported, covered=low <= true <= high
                    )
    return list(tallies.values())


def drawn(
    law: Law | Verifier,
    rng: np.random.Generator,
    prompts: tuple[np.ndarray, np.ndarray],
    m: int,
) -> Iterator[np.ndarray]:
    p = prompts[0].size
    if m != RAGGED:
        yield from law.rewards(rng, prompts, m)
        return
    counts = np.exp2(rng.uniform(4, 10, p)).astype(int)
    for row, count in zip(law.rewards(rng, prompts, int(counts.max())), counts, strict=True):
        yield row[:count]


def grouped(rows: list[np.ndarray]) -> Draws:
    offsets = np.concatenate([[0], np.cumsum([row.size for row in rows])])
    return Draws.from_blocks(tuple(range(len(rows))), offsets, np.concatenate(rows))


def show(tallies: list[Tally]) -> None:
    for t in tallies:
        share, rate = t.supported / t.runs, t.covered / max(t.supported, 1)
        low = t.supported and rate < 0.93 - 2 * (0.05 * 0.95 / t.supported) ** 0.5
        print(
            f"{t.law:26s} {t.prompts:4d} {t.draws:5d} {t.pooling:10s} {t.scope:8s} {t.kl:5.3g} "
            f"supported {share:4.2f} covered {rate:5.3f} all {t.held / t.runs:5.3f}"
            + (" LOW" if low else ""),
            flush=True,
        )


def tables(tallies: list[Tally]) -> Iterator[str]:
    """A table a pooling: a row a law, a column a number of draws."""
    draws = sorted({tally.draws for tally in tallies}, key=lambda m: m or 9999)
    for pooling in dict.fromkeys(tally.pooling for tally in tallies):
        mine = [tally for tally in tallies if tally.pooling == pooling]
        yield f"**{pooling}**\n"
        heads = ["ragged" if m == RAGGED else f"{m} draws" for m in draws]
        yield "| law | " + " | ".join(heads) + " |"
        yield "|---|" + "---|" * len(draws)
        for law in dict.fromkeys(tally.law for tally in mine):
            cells = [cell([t for t in mine if t.law == law and t.draws == m]) for m in draws]
            yield f"| {law} | " + " | ".join(cells) + " |"
        yield ""
        supported, covered = (
            sum(getattr(t, x) for t in mine) for x in ("supported", "covered")
        )
        rate = 100 * covered / max(supported, 1)
        yield f"All supported points: {rate:.1f} % of {supported:,}.\n"


def cell(tallies: list[Tally]) -> str:
    """The coverage of all supported points, and the largest budget supported in most runs."""
    supported = sum(tally.supported for tally in tallies)
    if supported == 0:
        return "none"
    rate = 100 * sum(tally.covered for tally in tallies) / supported
    reached = [
        kl
        for kl in sorted({tally.kl for tally in tallies})
        if sum(t.supported - t.runs / 2 for t in tallies if t.kl == kl) > 0
    ]
    return f"{rate:.1f} % to KL {reached[-1]:g}" if reached else f"{rate:.1f} % of few"


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])

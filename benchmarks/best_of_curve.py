"""Best-of-N curve of one prompt's draws: klimit against the bootstrap with replacement.

Two forms of the bootstrap: the loop over resamples that trainers run (1,000 of them for each N)
and the same without a loop. Answers first: both must agree with their own limit, which lies
below the truth, and klimit with the truth.
"""

import platform
from collections.abc import Callable
from time import perf_counter

import numpy as np
from scipy.stats import norm

from klimit import unbiased_best_of_n

DRAWS = 4096
SIZES = [2**k for k in range(13)]
RESAMPLES = 1000
ROUNDS = 30


def main() -> dict[str, object]:
    rewards = np.random.default_rng(0).normal(size=DRAWS)
    curve = unbiased_best_of_n(rewards, n=SIZES)
    check_answers(rewards, curve)
    seconds = {
        "klimit": least(lambda: unbiased_best_of_n(rewards, n=SIZES), ROUNDS),
        "bootstrap, a loop": least(lambda: bootstrap_loop(rewards), 1),
        "bootstrap, no loop": least(lambda: bootstrap_vectorised(rewards), 3),
        "one sort": least(lambda: np.sort(rewards), ROUNDS),
    }
    bias = pool_bias()
    print(
        f"best-of-N of {DRAWS} draws at {len(SIZES)} N up to {SIZES[-1]}, "
        f"{platform.machine()}, numpy {np.__version__}:"
    )
    for name, time in seconds.items():
        print(f"  {name:20s} {time * 1e3:10.3f} ms {time / seconds['klimit']:10.2f} x klimit")
    print(
        "bias at N = 16 from 16 draws, in the mean of 20,000 prompts: "
        f"klimit {bias['klimit']:+.3f}, bootstrap {bias['bootstrap']:+.3f}"
    )
    return {"seconds": seconds, "bias": bias}


def bootstrap_loop(rewards: np.ndarray) -> np.ndarray:
    """One resample at a time, the largest of each, then their mean."""
    rng = np.random.default_rng(1)
    means = []
    for size in SIZES:
        picks = rng.choice(rewards.size, size=(RESAMPLES, size), replace=True)
        means.append(np.mean([np.max(rewards[pick]) for pick in picks]))
    return np.array(means)


def bootstrap_vectorised(rewards: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.array(
        [
            rewards[rng.integers(rewards.size, size=(RESAMPLES, size))].max(axis=1).mean()
            for size in SIZES
        ]
    )


def check_answers(rewards: np.ndarray, curve: np.ndarray) -> None:
    ranked = np.sort(rewards)
    share = np.arange(DRAWS + 1) / DRAWS
    limit = np.array([ranked @ np.diff(share**size) for size in SIZES])
    for answer in (bootstrap_loop(rewards), bootstrap_vectorised(rewards)):
        np.testing.assert_allclose(answer, limit, atol=0.15)  # 1,000 resamples
    few = slice(0, 7)  # where the pool is large against N, drawing again hardly matters
    np.testing.assert_allclose(curve[few], limit[few], atol=0.02)
    assert (limit <= curve + 1e-12).all()


def pool_bias() -> dict[str, float]:
    """Both from 16 draws, the most they can say about best-of-16."""
    quantile = (np.arange(100_000) + 0.5) / 100_000
    truth = float(norm.ppf(quantile ** (1 / 16)).mean())
    pools = np.sort(np.random.default_rng(2).normal(size=(20_000, 16)), axis=1)
    share = np.diff((np.arange(17) / 16) ** 16)
    unbiased = [unbiased_best_of_n(pool, n=16)[0] for pool in pools]
    return {
        "klimit": float(np.mean(unbiased)) - truth,
        "bootstrap": float((pools @ share).mean()) - truth,
    }


def least(case: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = perf_counter()
        case()
        times.append(perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()

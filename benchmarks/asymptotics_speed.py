"""Laws of summed rewards: tails against plain convolution, best-of-N at 10^6, chains."""

import tracemalloc
from collections.abc import Callable
from functools import partial
from time import perf_counter

import mpmath as mp
import numpy as np
from scipy.signal import fftconvolve

from klimit import FiniteModel, Markov, Memoryless, best_of_n, divergence, frontier, tilt

WEIGHTS = [40503, 17011, 5501, 1801, 601, 97, 21, 1]  # of 65,536, for rewards 0 to 7
LENGTH = 256
LENGTHS = [10**2, 10**3, 10**4, 10**5, 10**6]
RATE = 0.1
STATES, STEPS, SHORT = 50, 10_000, 100


def main() -> dict[str, object]:
    return {"tails": tails(), "lengths": lengths(), "chain": chain()}


def tails() -> dict[str, dict[str, float]]:
    """Log-tails of a sum of 256 symbols: relative errors by depth, and time."""
    probs = np.array(WEIGHTS) / sum(WEIGHTS)
    model = FiniteModel.from_probs(probs, np.arange(8.0))
    cases: dict[str, Callable[[], np.ndarray]] = {
        "klimit": lambda: Memoryless(model).total(LENGTH).log_probs,
        "fftconvolve": lambda: fft_power(probs),
    }
    start = perf_counter()
    exact = exact_power()
    seconds = {"exact integers": perf_counter() - start}
    answers = {name: case() for name, case in cases.items()}
    for name, case in cases.items():
        seconds[name] = timed(case, rounds=5)
    # where plain convolution still has digits all agree
    likely = np.array([float(x) for x in exact]) > -20.0
    for name, answer in answers.items():
        np.testing.assert_allclose(
            answer[likely], np.array(exact, float)[likely], rtol=1e-6, err_msg=name
        )
    np.testing.assert_allclose(answers["klimit"], np.array(exact, float), rtol=1e-12)
    print(
        f"log-probabilities of a sum of {LENGTH} symbols, worst relative error down to a depth:"
    )
    found = {"seconds": seconds}
    for depth in (20.0, 30.0, 40.0, 100.0, 2800.0):
        deep = np.flatnonzero(np.array(exact, float) > -depth)
        errors = {name: worst(answer, exact, deep) for name, answer in answers.items()}
        found[f"to -{depth:g}"] = errors
        print(f"  to {-depth:6g} nats  " + "  ".join(map(shown, errors.items())))
    for name, least in seconds.items():
        print(f"  {name:15s} {least * 1e3:9.2f} ms {least / seconds['klimit']:9.2f} x klimit")
    return found


def shown(item: tuple[str, float]) -> str:
    name, error = item
    return f"{name} {error:8.1e}" if error < 1 else f"{name} all digits lost"


def worst(answer: np.ndarray, exact: list[mp.mpf], where: np.ndarray) -> float:
    return max(abs(float((mp.mpf(float(answer[i])) - exact[i]) / exact[i])) for i in where)


def fft_power(probs: np.ndarray) -> np.ndarray:
    law = probs
    for _ in range(int(np.log2(LENGTH))):
        law = fftconvolve(law, law)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(law > 0, np.log(law), -np.inf)


def exact_power() -> list[mp.mpf]:
    """All coefficients at once, as digits of one large integer."""
    bits = 16 * LENGTH + 8
    packed = sum(w << (bits * j) for j, w in enumerate(WEIGHTS)) ** LENGTH
    whole = packed.to_bytes((bits * (7 * LENGTH + 1) + 7) // 8, "little")
    size = bits // 8
    digits = [whole[i : i + size] for i in range(0, len(whole), size)]
    with mp.workdps(40):
        rest = LENGTH * mp.log(sum(WEIGHTS))
        return [mp.log(int.from_bytes(x, "little")) - rest for x in digits]


def lengths() -> dict[int, dict[str, float]]:
    """Best-of-N and its divergence from the optimum: time and memory by length."""
    model = FiniteModel.from_probs([0.5, 0.3, 0.2], [0.0, 1.0, 2.0])
    beta = frontier(model).at_kl(RATE).beta
    found = {}
    print(f"best-of-N at log N = {RATE} a symbol, three symbols on a lattice:")
    for length in LENGTHS:
        seconds = timed(partial(distance, model, length, beta), rounds=1)
        tracemalloc.start()
        nats = distance(model, length, beta)
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        found[length] = {"seconds": seconds, "megabytes": peak, "divergence": nats}
        print(
            f"  length {length:8d}  {seconds:8.3f} s  {peak:8.1f} MB  divergence {nats:.9f}, "
            f"{nats / length:.2e} a symbol"
        )
    return found


def distance(model: FiniteModel, length: int, beta: float) -> float:
    law = Memoryless(model).total(length)
    return divergence(best_of_n(law, log_n=RATE * length), tilt(law, beta=beta))


def chain() -> dict[str, float]:
    """A chain of 50 states: against adding up at a short length, and at 10,000 steps."""
    rng = np.random.default_rng(3)
    steps = rng.dirichlet(np.ones(STATES), size=STATES)
    rewards = rng.integers(0, 3, size=(STATES, STATES))
    model = Markov(np.log(steps), rewards, start=0)
    start = perf_counter()
    ours = model.total(SHORT)
    short = perf_counter() - start
    start = perf_counter()
    plain = added_up(steps, rewards)
    direct = perf_counter() - start
    likely = plain > 1e-12
    np.testing.assert_allclose(np.exp(ours.log_probs)[likely], plain[likely], rtol=1e-9)
    start = perf_counter()
    law = model.total(STEPS)
    long = perf_counter() - start
    optimum = frontier(law).at_kl(1000.0)
    tilted = model.tilt(STEPS, beta=optimum.beta)
    np.testing.assert_allclose(tilted.kl, 1000.0, rtol=1e-11)
    work = (STEPS / SHORT) ** 2
    print(f"chain of {STATES} states:")
    print(f"  {SHORT} steps: klimit {short:.2f} s, adding up {direct:.2f} s, equal answers")
    print(
        f"  {STEPS} steps: klimit {long:.2f} s, {len(law)} totals; adding up would take about"
    )
    print(f"  {direct * work:.0f} s, {direct * work / long:.0f} x klimit; h-transform agrees")
    return {"short": short, "adding_up_short": direct, "long": long}


def added_up(steps: np.ndarray, rewards: np.ndarray) -> np.ndarray:
    """State by state and step by step, in floats."""
    top = int(rewards.max())
    law = np.zeros((STATES, top * SHORT + 1))
    law[0, 0] = 1.0
    for _ in range(SHORT):
        after = np.zeros_like(law)
        for step in range(top + 1):
            moved = (steps * (rewards == step)).T @ law
            after[:, step:] += moved[:, : law.shape[1] - step]
        law = after
    return np.asarray(law.sum(axis=0))


def timed(case: Callable[[], object], *, rounds: int) -> float:
    least = np.inf
    for _ in range(rounds):
        start = perf_counter()
        case()
        least = min(least, perf_counter() - start)
    return least


if __name__ == "__main__":
    main()

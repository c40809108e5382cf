"""KL of 2,000 outcomes: klimit, scipy and, where it is installed, dit."""

import importlib
import importlib.util
from collections.abc import Callable
from time import perf_counter

import numpy as np
from scipy.special import rel_entr

from klimit import FiniteModel, divergence, tilt

OUTCOMES = 2000
ROUNDS = 50


def main() -> dict[str, object]:
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(OUTCOMES)), rng.dirichlet(np.ones(OUTCOMES))
    log_p, log_q = np.log(p), np.log(q)
    cases: dict[str, Callable[[], float]] = {
        "klimit": lambda: divergence(log_p, log_q),
        "scipy": lambda: float(rel_entr(p, q).sum()),
    }
    if importlib.util.find_spec("dit"):
        cases["dit"] = dit_case(p, q)
    answers = {name: case() for name, case in cases.items()}
    for name, answer in answers.items():
        np.testing.assert_allclose(answer, answers["klimit"], rtol=1e-9, err_msg=name)
    seconds = interleaved(cases)
    nearby = digits_nearby()
    print(f"KL of {OUTCOMES} outcomes, equal answers, minimum of {ROUNDS}:")
    for name, least in seconds.items():
        print(f"  {name:8s} {least * 1e3:10.4f} ms  {least / seconds['klimit']:10.2f} x klimit")
    print("relative error for a tilt of KL 1e-18:")
    for name, error in nearby.items():
        print(f"  {name:8s} {error:10.1e}")
    return {"seconds": seconds, "nearby": nearby}


def dit_case(p: np.ndarray, q: np.ndarray) -> Callable[[], float]:
    dit = importlib.import_module("dit")
    names = [str(i) for i in range(p.size)]
    one, other = (dit.ScalarDistribution(names, x.tolist()) for x in (p, q))
    return lambda: float(dit.divergences.kullback_leibler_divergence(one, other) * np.log(2))


def interleaved(cases: dict[str, Callable[[], float]]) -> dict[str, float]:
    least = dict.fromkeys(cases, np.inf)
    for turn in range(ROUNDS):
        for name, case in cases.items():
            if name == "dit" and turn > 0:
                continue  # seconds a call
            start = perf_counter()
            case()
            least[name] = min(least[name], perf_counter() - start)
    return least


def digits_nearby() -> dict[str, float]:
    """The relative error for a weak tilt, whose divergence is known to be ``beta**2 / 8``."""
    model = FiniteModel.from_probs(np.full(OUTCOMES, 1 / OUTCOMES), np.arange(OUTCOMES) % 2)
    weak = tilt(model, beta=np.sqrt(8e-18))
    assert weak.log_probs is not None
    p, q = np.exp(weak.log_probs), np.exp(model.log_probs)
    return {
        "klimit": abs(divergence(weak, model) / 1e-18 - 1),
        "scipy": abs(float(rel_entr(p, q).sum()) / 1e-18 - 1),
        "entropy": abs(float(p @ np.log(p) - p @ np.log(q)) / 1e-18 - 1),
    }


if __name__ == "__main__":
    main()

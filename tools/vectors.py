"""Write ``tests/vectors/exact.json``: the single-shot theory in fifty digits, by mpmath.

    python tools/vectors.py

Formulas stand here as in a textbook; sixty digits, seven hundred where a case needs them,
pay for their cancellations. Inputs are floats, taken as the exact binary numbers they are.
"""

import json
from math import inf
from pathlib import Path

from mpmath import mp, mpf

DIGITS = 60
OUT = Path(__file__).parents[1] / "tests" / "vectors" / "exact.json"
NIL = mpf("-inf")

# name, probabilities or log-probabilities, rewards
MODELS = {
    "coin": ("probs", [0.5, 0.5], [0.0, 1.0]),
    "four": ("probs", [0.4, 0.3, 0.2, 0.1], [-1.0, 0.25, 1.5, 2.0]),
    "ties": ("probs", [0.125, 0.25, 0.125, 0.25, 0.25], [0.0, 1.0, 1.0, 2.0, 2.0]),
    "zeros": ("probs", [0.5, 0.0, 0.25, 0.0, 0.25], [0.0, 9.0, 1.0, -9.0, 3.0]),
    "void": ("probs", [0.25, 0.5, 0.125, 0.125], [-inf, 0.0, 1.0, 4.0]),
    "rare void": ("probs", [1e-30, 0.75, 0.25], [-inf, -1.0, 2.0]),
    "common void": ("probs", [1 - 2.0**-40, 2.0**-41, 2.0**-41], [-inf, 0.0, 1.0]),
    "rare best": ("probs", [0.75, 0.25, 1e-300], [0.0, 1.0, 2.0]),
    "rare worst": ("probs", [1e-300, 0.25, 0.75], [-5.0, 1.0, 2.0]),
    "rare middle": ("probs", [0.5, 1e-18, 0.5], [0.0, 0.5, 1.0]),
    "nearly sure": ("probs", [1 - 2.0**-50, 2.0**-50], [0.0, 1.0]),
    "nearly sure of the best": ("probs", [2.0**-50, 1 - 2.0**-50], [0.0, 1.0]),
    "log": ("log_probs", [0.0, -1e5], [0.0, 1.0]),
    "logs": ("log_probs", [0.0, -1e3, -1e4, -1e5], [0.0, 1.0, 2.0, 3.0]),
    "offset": ("probs", [0.5, 0.25, 0.25], [1e9, 1e9 + 1.0, 1e9 + 3.0]),
    "negative offset": ("probs", [0.5, 0.25, 0.25], [-1e9 - 3.0, -1e9, -1e9 + 0.5]),
    "tiny scale": ("probs", [0.5, 0.25, 0.25], [0.0, 1e-9, 3e-9]),
    "huge scale": ("probs", [0.5, 0.25, 0.25], [-1e9, 0.0, 3e9]),
    "subnormal": ("probs", [0.5, 0.25, 0.25], [0.0, 1e-310, 3e-310]),
    "clustered best": ("probs", [0.5, 0.25, 0.25], [0.0, 1.0, 1.0 + 2.0**-40]),
    "outlier": ("probs", [0.5, 0.5 - 1e-12, 1e-12], [-1.0, 1.0, 1e6]),
    "symmetric": ("probs", [0.25, 0.5, 0.25], [-1.0, 0.0, 1.0]),
    "negative": ("probs", [0.25, 0.5, 0.25], [-7.0, -3.0, -1.0]),
    "geometric": (
        "log_probs",
        [-0.6931471805599453 * (i + 1) for i in range(60)] + [-0.6931471805599453 * 60],
        [float(i) for i in range(61)],
    ),
}
BETAS = [0.0, 1e-9, -1e-9, 1e-3, 0.5, -0.5, 3.0, -20.0, 1e3, inf]
BUDGETS = [1e-20, 1e-12, 1e-4, 0.05, 0.3, 0.6, 0.95, 0.9999]  # two absolute, the others shares
GAINS = [1e-12, 1e-6, 0.1, 0.7, 0.999, -1e-6, -0.4, -0.99]  # shares of the way to an extreme
LOG_NS = [0.0, 1e-9, 0.1, 0.6931471805599453, 5.0, 40.0, 700.0, 1e4, 99998.0, 1e6]


def masses(kind, values, rewards):
    raw = [mpf(v) if kind == "probs" else mp.exp(mpf(v)) for v in values]
    total = mp.fsum(raw)
    return [(p / total, mpf(r)) for p, r in zip(raw, rewards, strict=True) if p > 0]


def finite_part(model):
    return [(p, r) for p, r in model if r != NIL]


def tilted(model, beta):
    """Mean, variance, cgf and KL of the tilt; ``beta`` nonzero wherever a reward is -inf."""
    alive = finite_part(model) if beta else model
    if abs(beta) == mp.inf:
        best = (max if beta > 0 else min)(r for _, r in alive)
        mass = mp.fsum(p for p, r in alive if r == best)
        return best, mpf(0), None, -mp.log(mass)
    shift = max(beta * r for _, r in alive)
    weights = [p * mp.exp(beta * r - shift) for p, r in alive]
    z = mp.fsum(weights)
    q = [w / z for w in weights]
    mean = mp.fsum(a * r for a, (_, r) in zip(q, alive, strict=True))
    variance = mp.fsum(a * (r - mean) ** 2 for a, (_, r) in zip(q, alive, strict=True))
    cgf = mp.log(z) + shift
    return mean, variance, cgf, beta * mean - cgf


def bisect(function, target):
    """The positive root of an increasing function."""
    high = mpf(1)
    while function(high) < target:
        high *= 4
    low = high / 4
    while function(low) > target:
        low /= 16
    for _ in range(200):
        middle = mp.sqrt(low * high)
        low, high = (middle, high) if function(middle) < target else (low, middle)
    return (low + high) / 2


def base(model):
    return mp.fsum(p * r for p, r in finite_part(model)) / mp.fsum(
        p for p, _ in finite_part(model)
    )


def limits(model):
    alive = finite_part(model)
    best = max(r for _, r in alive)
    floor = -mp.log(mp.fsum(p for p, _ in alive))
    return floor, -mp.log(mp.fsum(p for p, r in alive if r == best)), best


def best_of(model, log_n):
    n = mp.exp(mpf(log_n))
    levels = sorted({r for _, r in model})
    mass = {v: mp.fsum(p for p, r in model if r == v) for v in levels}
    kl = shortfall = win = mpf(0)
    below = mpf(0)
    mean = mpf(0)
    for v in levels:
        above = mp.fsum(mass[w] for w in levels if w > v)
        upto = 1 - above
        share = power(above, n) - (power(above + mass[v], n) if v != levels[0] else 0)
        if share > 0:
            kl += share * mp.log(share / mass[v]) if log_n else 0
            mean += share * v
            shortfall += share * (levels[-1] - v)
        win += share * (upto + below) / 2
        below = upto
    if levels[0] == NIL:  # however unlikely, a mean over -inf is -inf
        mean, shortfall = NIL, -NIL
    return {"mean_reward": mean, "shortfall": shortfall, "kl": kl, "win_rate": win}


def power(tail, n):
    """``(1 - tail)**n``."""
    if tail >= 1:
        return mpf(0)
    exponent = n * mp.log1p(-tail)
    return mp.exp(exponent) if exponent > -(10**7) else mpf(0)


def number(x):
    """Twenty-five digits; what no float can hold is 0."""
    return "0" if abs(x) < mpf("1e-318") else mp.nstr(x, 25)


def record(model, beta):
    mean, variance, cgf, kl = tilted(model, beta)
    found = {"mean_reward": mean, "variance": variance, "kl": kl}
    if cgf is not None:
        found["cgf"] = cgf
    if len(finite_part(model)) == len(model):
        found["gain"] = mean - base(model)
    return found


def tilts(model):
    void = len(finite_part(model)) < len(model)
    for beta in BETAS:
        if not (void and beta <= 0):
            yield {"beta": beta}, record(model, mpf(beta)), {}


def blurred(solve, target):
    """The answer, and how much of each number one part in 2**50 of the target moves."""
    found, moved = solve(mpf(target)), solve(mpf(target) * (1 + mpf(2) ** -50))
    return found, {k: float(abs(moved[k] / v - 1)) if v else 0.0 for k, v in found.items()}


def at_budgets(model):
    floor, ceiling, _ = limits(model)

    def solve(kl):
        beta = bisect(lambda b: tilted(model, b)[3], kl)
        return {"beta": beta} | record(model, beta)

    for share in BUDGETS:
        kl = float(floor) + (share if share < 1e-10 else float(ceiling - floor) * share)
        if floor < kl * (1 - 2.0**-48) and kl * (1 + 2.0**-48) < ceiling:
            yield {"kl": kl}, *blurred(solve, kl)


def at_rewards(model):
    void = len(finite_part(model)) < len(model)
    center = base(model)
    low, high = (extreme(r for _, r in finite_part(model)) for extreme in (min, max))

    def solve(reward):
        sign = 1 if reward > center else -1
        beta = sign * bisect(lambda b: sign * tilted(model, sign * b)[0], sign * reward)
        return {"beta": beta} | record(model, beta)

    for share in GAINS:
        if void and share < 0:
            continue
        reward = float(center + share * (high - center if share > 0 else center - low))
        around = [mpf(reward) * (1 + i * mpf(2) ** -48) for i in (-1, 1)]
        if all(low < x < high and (x - center) * share > 0 for x in around):
            yield {"reward": reward}, *blurred(solve, reward)


def best_ofs(model):
    for log_n in LOG_NS:
        yield {"log_n": log_n}, best_of(model, log_n), {}


def plain(found):
    return {name: number(value) for name, value in found.items()}


def main():
    cases = []
    for name, (kind, values, given) in MODELS.items():
        smallest = min(v for v in values if v or kind == "log_probs")
        unusual = smallest < (-500 if kind == "log_probs" else 1e-200) or name == "subnormal"
        mp.dps = 720 if unusual else DIGITS
        model = masses(kind, values, given)
        floor, ceiling, best = limits(model)
        case = {"name": name, kind: values, "rewards": given}
        case["limits"] = plain(
            {"floor_kl": floor, "ceiling_kl": ceiling, "ceiling_reward": best}
        )
        for query in (tilts, at_budgets, at_rewards, best_ofs):
            case[query.__name__] = [
                {"at": at, "is": plain(found), "blur": blur} for at, found, blur in query(model)
            ]
        cases.append(case)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(cases, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

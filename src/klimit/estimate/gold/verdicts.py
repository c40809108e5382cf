"""What a gold reward does, in words."""

from collections.abc import Sequence

from klimit.estimate.gold.peaks import Trend
from klimit.estimate.gold.points import GoldAtKL, GoldAtN, PeakRange

__all__ = ["peak_of", "verdict"]

Points = Sequence[GoldAtN] | Sequence[GoldAtKL]


def peak_of(points: Points, trend: Trend) -> tuple[GoldAtN | GoldAtKL, PeakRange] | None:
    """The point of a peak and the range that it may lie in.

    Args:
        points: The curve, by rising KL.
        trend: What is established of it.

    Returns:
        Both, or ``None`` where there is no peak.
    """
    if trend.peak is None:
        return None
    low, high = points[trend.low], points[trend.high]
    sizes = (low.n, high.n) if isinstance(low, GoldAtN) and isinstance(high, GoldAtN) else None
    n_low, n_high = sizes or (None, None)
    return points[trend.peak], PeakRange(n_low, n_high, _kl(low), _kl(high))


def verdict(name: str, best_of_n: Sequence[GoldAtN], trend: Trend, *, frontier: str) -> str:
    """One sentence on best-of-N, and on the frontier where that says another thing.

    Args:
        name: Name of the gold reward.
        best_of_n: The curve, by rising N.
        trend: What is established of it.
        frontier: Shape of the curve along the frontier.

    Returns:
        The sentence.
    """
    last = f"N = {best_of_n[-1].n}"
    found = peak_of(best_of_n, trend)
    if found is not None:
        point, between = found
        where = f"between N = {between.n_low} and {between.n_high}"
        spent = f"KL {_kl(point):.2f} nats ({between.kl_low:.2f} to {between.kl_high:.2f})"
        if trend.shape == "falls":
            return f"{name} falls from the start: at N = {between.n_high} it is below N = 1"
        return f"{name} peaks near N = {best_of_n[trend.peak or 0].n} ({where}), {spent}"
    said = {
        "rises": f"{name} is still rising at the edge of the data, {last}",
        "flattens": f"{name} rises, then flattens: no fall is established up to {last}",
        "unknown": f"no change of {name} is established up to {last}",
    }[trend.shape]
    if frontier in {"peaks", "falls"}:
        return f"{said}; along the frontier it {frontier}"
    return said


def _kl(point: GoldAtN | GoldAtKL) -> float:
    return point.kl.value if isinstance(point, GoldAtN) else point.kl

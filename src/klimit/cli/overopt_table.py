"""The table of ``klimit overopt``, for people and for machines."""

from typing import TYPE_CHECKING

import klimit
from klimit.cli.format import Cell
from klimit.core.digits import interval, measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klimit import GoldAtKL, GoldAtN, OverOptimisation

__all__ = ["footer", "header", "lines", "rows"]


def header(proxy: str, results: "Sequence[OverOptimisation]") -> tuple[str, ...]:
    """Column heads for people.

    Args:
        proxy: Name of the proxy.
        results: One a gold reward; a single one needs no column for its name.

    Returns:
        The heads.
    """
    level, gold = results[0].level, results[0].gold
    inside = f"{100 * level:g}% interval"
    one = len(results) == 1
    names = () if one else ("gold",)
    return (*names, "by", "KL", proxy, gold if one else "mean", inside, "correlation", "")


def footer(result: "OverOptimisation") -> str:
    """Version, data and method in a line.

    Args:
        result: Any of the results.

    Returns:
        The line.
    """
    return (
        f"klimit {klimit.__version__} · {result.draw_count} draws of {result.prompt_count} "
        f"prompts · {result.prompts} prompts · {100 * result.level:g}% intervals, bands and "
        f"comparisons: {result.best_of_n[0].gold.method}"
    )


def lines(results: "Sequence[OverOptimisation]") -> list[tuple[str, ...]]:
    """Cells for people: for each gold reward best-of-N first, then the frontier.

    Args:
        results: One a gold reward.

    Returns:
        A tuple of cells a point.
    """
    found: list[tuple[str, ...]] = []
    for result in results:
        names = () if len(results) == 1 else (result.gold,)
        found += [
            (*names, f"N={x.n}", f"{x.kl.value:.2f}", *_cells(x)) for x in result.best_of_n
        ]
        found += [
            (*names, f"beta={x.beta:.3g}", f"{x.kl:.2f}", *_cells(x)) for x in result.frontier
        ]
    return found


def _cells(point: "GoldAtN | GoldAtKL") -> tuple[str, ...]:
    correlation = getattr(point, "correlation", None)
    return (
        f"{point.proxy.value:.3g}",
        measured(point.gold),
        interval(point.gold),
        "" if correlation is None else measured(correlation),
        "" if getattr(point, "supported", True) else "!",
    )


def rows(result: "OverOptimisation") -> list[dict[str, Cell]]:
    """The same points for machines.

    Args:
        result: One gold reward.

    Returns:
        A row a point.
    """
    at_n = [_row(result.gold, x, n=x.n, kl=x.kl.value, beta=None) for x in result.best_of_n]
    at_kl = [_row(result.gold, x, n=None, kl=x.kl, beta=x.beta) for x in result.frontier]
    return at_n + at_kl


def _row(
    gold: str, point: "GoldAtN | GoldAtKL", *, n: int | None, kl: float, beta: float | None
) -> dict[str, Cell]:
    correlation = getattr(point, "correlation", None)
    return {
        "gold": gold,
        "n": n,
        "kl": kl,
        "beta": beta,
        "proxy": point.proxy.value,
        "proxy_low": point.proxy.low,
        "proxy_high": point.proxy.high,
        "gold_reward": point.gold.value,
        "gold_standard_error": point.gold.standard_error,
        "gold_low": point.gold.low,
        "gold_high": point.gold.high,
        "gold_band_low": point.band_low,
        "gold_band_high": point.band_high,
        "correlation": None if correlation is None else correlation.value,
        "supported": getattr(point, "supported", True),
        "reason": getattr(point, "reason", ""),
    }

"""The table of ``klimit overopt``, for people and for machines."""

from dataclasses import replace
from typing import TYPE_CHECKING

import klimit
from klimit.cli.format import Cell
from klimit.core.digits import interval, measured

if TYPE_CHECKING:
    from klimit import GoldAtKL, GoldAtN, OverOptimisation

__all__ = ["footer", "header", "lines", "rows"]


def header(proxy: str, level: float) -> tuple[str, ...]:
    """Column heads for people.

    Args:
        proxy: Name of the proxy.
        level: Nominal coverage.

    Returns:
        The heads.
    """
    inside = f"{100 * level:g}% interval"
    return ("gold", "by", "KL", proxy, "mean gold", inside, "all together", "correlation", "")


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


def lines(result: "OverOptimisation") -> list[tuple[str, ...]]:
    """Cells for people, best-of-N first, then the frontier.

    Args:
        result: One gold reward.

    Returns:
        A tuple of cells a point.
    """
    return [
        *(
            _cells(result.gold, f"best of {x.n}", f"{x.kl.value:.3f}", x)
            for x in result.best_of_n
        ),
        *(_cells(result.gold, f"tilt {x.beta:.3g}", f"{x.kl:.3f}", x) for x in result.frontier),
    ]


def _cells(gold: str, by: str, kl: str, point: "GoldAtN | GoldAtKL") -> tuple[str, ...]:
    together = replace(point.gold, low=point.band_low, high=point.band_high)
    correlation = getattr(point, "correlation", None)
    return (
        gold,
        by,
        kl,
        measured(point.proxy),
        measured(point.gold),
        interval(point.gold),
        interval(together),
        "" if correlation is None else measured(correlation),
        "" if getattr(point, "supported", True) else "UNSUPPORTED",
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

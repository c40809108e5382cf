"""``klimit overopt``."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import klimit
from klimit.cli.format import Cell
from klimit.cli.options import (
    DrawsPath,
    Names,
    Numbers,
    OutputOptions,
    StatisticsOptions,
    TableOptions,
    WholeNumbers,
)
from klimit.cli.output import Presentation, prepare, publish
from klimit.cli.requirements import GoldRequirements, Requirement, Verdict
from klimit.core.digits import interval, measured
from klimit.core.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from klimit import Draws, GoldAtKL, GoldAtN, OverOptimisation

__all__ = ["overopt"]


def overopt(
    draws: DrawsPath,
    /,
    *,
    gold: Names,
    n: WholeNumbers | None = None,
    kl: Numbers | None = None,
    proxies: Names = (),
    ensemble: Literal["mean", "worst", "penalised"] = "mean",
    penalty: float = 1.0,
    require: GoldRequirements = (),
    table: TableOptions = TableOptions(),  # noqa: B008  (frozen)
    statistics: StatisticsOptions = StatisticsOptions(),  # noqa: B008
    output: OutputOptions = OutputOptions(),  # noqa: B008
) -> int:
    """See whether a gain is real: a gold reward while the reward is optimised as its proxy.

    Gold under best-of-N is free of bias, ties included; under the tilts of the frontier it is
    reweighted. A peak is named only where the fall behind it is established.

    Args:
        draws: Table with one row a draw: Parquet, Arrow, JSON lines or CSV; - for standard
            input.
        gold: Columns with the gold rewards, as a,b or repeated; length is that of the response
            in characters where the table has no such column.
        n: Numbers of draws of which the best is kept; half octaves up to half the draws of a
            prompt if not given.
        kl: Budgets in nats; those of best-of-N if not given.
        proxies: Several columns to optimise together in place of the reward.
        ensemble: How they are put together: their mean, the worst of them, or the mean less
            their variance; each is first brought to mean 0 and variance 1.
        penalty: Weight of the variance.
        require: Exit with 1 unless proved: "gold>=0.4@n=8" compares the lower end of the
            interval, "gold<=1@n=4" the upper end; with several gold columns all must meet it.
            May be repeated.
        table: How to read the table.
        statistics: For whom the intervals hold.
        output: Where results go.

    Returns:
        The exit code.
    """
    prepare(output, source=draws)
    data = _read(draws, [*gold, *(x for x in proxies if x != table.reward)], table)
    name = table.reward
    if proxies:
        members = ["reward" if each == table.reward else each for each in proxies]
        data = klimit.combine_rewards(data, columns=members, how=ensemble, penalty=penalty)
        name = f"{ensemble} of {', '.join(proxies)}"
    asked = None if n is None else dict.fromkeys([*n, *(int(item.at) for item in require)])
    results = klimit.overoptimisation_of_each(
        data,
        golds=gold,
        n=None if asked is None else tuple(asked),
        kl=kl,
        prompts=statistics.prompts,
        level=statistics.level,
    )
    return publish(
        Presentation(
            source=draws,
            title=f"Gold while {name} is optimised: {draws}",
            header=_header(name, statistics.level),
            lines=[line for result in results for line in _lines(result)],
            objections=_objections(results),
            notes=[result.verdict for result in results],
            footer=_footer(results[0]),
            rows=[row for result in results for row in _rows(result)],
            values={
                "command": "overopt",
                "proxy": name,
                "results": [result.to_dict() for result in results],
            },
            verdicts=[_judge(item, result) for item in require for result in results],
            figure=lambda: _figure(results),
        ),
        output,
    )


def _read(path: str, names: Sequence[str], table: TableOptions) -> "Draws":
    """The draws with these columns; lengths are counted where the table has none."""
    columns = tuple(dict.fromkeys(name for name in names if name != "reward"))
    try:
        return table.read(path, columns=columns)
    except InputError:
        if "length" not in columns or path == "-":
            raise
    others = tuple(name for name in columns if name != "length")
    data = table.read(path, columns=others, texts="response")
    if data.texts is None:
        raise InputError(f"{path}: needed a column 'length' or 'response' for the length")
    import numpy as np

    length = np.array([float(len(text)) for text in data.texts])
    return klimit.Draws.from_blocks(
        data.prompts, data.offsets, data.rewards, {**data.columns, "length": length}
    )


def _judge(item: Requirement, result: "OverOptimisation") -> Verdict:
    point = next(point for point in result.best_of_n if point.n == int(item.at))
    estimate = {"gold": point.gold, "proxy": point.proxy, "kl": point.kl}[item.quantity]
    verdict = item.judge(estimate)
    return replace(verdict, line=f"{result.gold}: {verdict.line}")


def _objections(results: "Sequence[OverOptimisation]") -> list[str]:
    points = results[0].frontier
    beyond = [
        f"KL {x.kl:.3g}: the data do not support it, {x.reason}" for x in points if x.reason
    ]
    return [*filter(None, [results[0].reason]), *beyond]


def _header(proxy: str, level: float) -> tuple[str, ...]:
    inside = f"{100 * level:g}% interval"
    return ("gold", "by", "KL", proxy, "mean gold", inside, "all together", "correlation", "")


def _footer(result: "OverOptimisation") -> str:
    return (
        f"klimit {klimit.__version__} · {result.draw_count} draws of {result.prompt_count} "
        f"prompts · {result.prompts} prompts · {100 * result.level:g}% intervals, bands and "
        f"comparisons: {result.best_of_n[0].gold.method}"
    )


def _lines(result: "OverOptimisation") -> list[tuple[str, ...]]:
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


def _rows(result: "OverOptimisation") -> list[dict[str, Cell]]:
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


def _figure(results: "Sequence[OverOptimisation]") -> "Figure":
    from klimit.plot import overoptimisation_figure

    return overoptimisation_figure(results)

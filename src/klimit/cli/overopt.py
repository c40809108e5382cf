"""``klimit overopt``."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

import klimit
from klimit.cli.context import about
from klimit.cli.options import (
    Budgets,
    DrawsPath,
    Names,
    Nonnegative,
    OutputOptions,
    StatisticsOptions,
    TableOptions,
    WholeNumbers,
)
from klimit.cli.output import Presentation, prepare, publish
from klimit.cli.overopt_table import footer, header, lines, rows
from klimit.cli.requirements import GoldRequirements, Requirement, Verdict
from klimit.core.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from klimit import Draws, OverOptimisation

__all__ = ["overopt", "present_overopt", "read_with_length"]


def overopt(
    draws: DrawsPath,
    /,
    *,
    gold: Names,
    n: Annotated[WholeNumbers, Parameter(show_default=False)] = (),
    kl: Annotated[Budgets, Parameter(show_default=False)] = (),
    proxies: Names = (),
    ensemble: Literal["mean", "worst", "penalised"] = "mean",
    penalty: Nonnegative = 1.0,
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
    if proxies:
        table = replace(table, reward=proxies[0])
    data = read_with_length(draws, [*gold, *proxies[1:]], table)
    name = table.reward
    if proxies:
        members = ("reward", *proxies[1:])
        data = klimit.combine_rewards(data, columns=members, how=ensemble, penalty=penalty)
        name = f"{ensemble} of {', '.join(proxies)}"
    required = [int(item.at) for item in require]
    with about(draws):
        asked = dict.fromkeys([*n, *required]) if n else _usual(data, required)
        results = klimit.overoptimisation_of_each(
            data,
            golds=gold,
            n=tuple(asked) or None,
            kl=kl or None,
            prompts=statistics.prompts,
            level=statistics.level,
        )
    return publish(present_overopt(results, draws, name=name, require=require), output)


def present_overopt(
    results: "Sequence[OverOptimisation]",
    source: str,
    *,
    name: str,
    require: GoldRequirements = (),
) -> Presentation:
    """Gold rewards along the optimisation of a proxy, for people and machines.

    Args:
        results: One a gold reward, at least one.
        source: The table they come from.
        name: What the proxy is called.
        require: Conditions to judge.

    Returns:
        The presentation.
    """
    return Presentation(
        source=source,
        title=f"Gold while {name} is optimised: {source}",
        header=header(name, results),
        lines=lines(results),
        objections=_objections(results),
        notes=[result.verdict for result in results],
        footer=footer(results[0]),
        rows=[row for result in results for row in rows(result)],
        values={
            "command": "overopt",
            "proxy": name,
            "results": [result.to_dict() for result in results],
        },
        verdicts=[_judge(item, result) for item in require for result in results],
        figure=lambda width: _figure(results, width),
    )


def read_with_length(
    path: str, names: Sequence[str], table: TableOptions, *, texts: str | None = None
) -> "Draws":
    """Read draws with these columns; lengths are counted where the table has none.

    Args:
        path: The table.
        names: Names of the columns.
        table: How to read it.
        texts: Column with the responses, if they are to be kept.

    Returns:
        The draws.
    """
    columns = tuple(dict.fromkeys(names))
    try:
        return table.read(path, columns=columns, texts=texts)
    except InputError:
        if "length" not in columns or path == "-":
            raise
    others = tuple(name for name in columns if name != "length")
    data = table.read(path, columns=others, texts=texts or "response")
    if data.texts is None:
        raise InputError(f"{path}: needed a column 'length' or 'response' for the length")
    import numpy as np

    length = np.array([float(len(text)) for text in data.texts])
    return klimit.Draws.from_blocks(
        data.prompts, data.offsets, data.rewards, {**data.columns, "length": length}
    )


def _usual(data: "Draws", required: Sequence[int]) -> Sequence[int]:
    """The sizes taken where none are asked for, the required ones among them; none if none."""
    from klimit.estimate.gold.levels import levels_for

    if not required:
        return ()
    return sorted({*levels_for(data, n=None, kl=None).n.tolist(), *required})


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


def _figure(results: "Sequence[OverOptimisation]", width: float) -> "Figure":
    from klimit.plot import overoptimisation_figure

    return overoptimisation_figure(results, width=width)

"""``klimit plan``."""

import klimit
from klimit.cli.context import about
from klimit.cli.options import DrawsPath, Nonnegative, OutputOptions, Share, StatisticsOptions
from klimit.cli.output import prepare, publish
from klimit.cli.plan_allocation import AllocationOptions, allocated
from klimit.cli.plan_options import (
    PlanTable,
    PriceOptions,
    RewardWords,
    reward_word,
)
from klimit.cli.plan_requirements import PlanRequirements
from klimit.cli.plan_shown import PlanAsked, present_plan
from klimit.core.errors import InputError

__all__ = ["plan"]


def plan(
    draws: DrawsPath,
    /,
    *,
    kl: Nonnegative | None = None,
    reward: RewardWords = (),
    share: Share | None = None,
    require: PlanRequirements = (),
    prices: PriceOptions = PriceOptions(),  # noqa: B008  (frozen)
    spread: AllocationOptions = AllocationOptions(),  # noqa: B008
    table: PlanTable = PlanTable(),  # noqa: B008
    statistics: StatisticsOptions = StatisticsOptions(),  # noqa: B008
    output: OutputOptions = OutputOptions(),  # noqa: B008
) -> int:
    """Say which setting of each method reaches a target, and what it costs.

    Methods: best-of-n, soft best-of-n, the best of a random number of draws (Poisson without
    0, 1 + Poisson, geometric), rejection below a threshold, and a policy trained to beta. What
    is out of reach of the draws is said to be, with the nearest setting that is not.

    Args:
        draws: Table with one row a draw: Parquet, Arrow, JSON lines or CSV; - for standard
            input.
        kl: Target: a KL budget in nats.
        reward: Target: a mean reward, as --reward 0.8; or the column with the reward, as
            --reward sentiment. Both may be given.
        share: Target: a share of the way from the mean reward to the best draws seen, as 0.9.
        require: Exit with 1 unless proved of a method that reaches the target:
            "draws<=8@method=best-of-n"; also of reward, kl, tokens, price, seconds. The end of
            the interval that is against it is compared. May be repeated.
        prices: What tokens cost.
        spread: How to spread a number of draws over the prompts.
        table: How to read the table.
        statistics: For whom the intervals hold.
        output: Where results go.

    Returns:
        The exit code.
    """
    prepare(output, source=draws)
    word = reward_word(reward)
    _one_target(**{"--kl": kl, "--reward": word.target, "--share": share})
    data = table.read(draws, reward=word.column)
    with about(draws):
        result = klimit.plan(
            data,
            kl=kl,
            reward=word.target,
            share=share,
            tokens=table.mean_tokens,
            price_per_million_tokens=prices.price_per_million_tokens,
            tokens_per_second=prices.tokens_per_second,
            prompts=statistics.prompts,
            level=statistics.level,
        )
    with about(draws):
        allocation = allocated(data, spread, level=statistics.level)
    asked = PlanAsked(draws, word.column, require)
    return publish(present_plan(asked, result, data, allocation), output)


def _one_target(**targets: float | None) -> None:
    given = [option for option, target in targets.items() if target is not None]
    if len(given) != 1:
        raise InputError(
            "a plan needs one target, --kl, --reward with a number or --share, got "
            f"{' and '.join(given) or 'none'}"
        )
